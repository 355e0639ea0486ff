//! The arguments of `trendjob-worker`. Owns their names and defaults; the operator writes them into
//! Jobs.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args as ClapArgs, Parser, Subcommand};
use trendjob::{Duration, Size};
use vocabulary::{PURGE, Stage};

/// One attempt at one stage of a TrendJob's run.
///
/// Exit codes: 0 done, 42 failed and a retry can't help, 143 stopped by SIGTERM, 1 anything else.
#[derive(Debug, Parser)]
#[command(version, max_term_width = 100)]
pub(crate) struct Args {
    #[command(subcommand)]
    pub(crate) command: Command,
    #[command(flatten)]
    pub(crate) location: StoreLocation,
    /// Log filter, such as info or store=debug,info.
    #[arg(
        long,
        global = true,
        env = "TRENDJOB_LOG",
        default_value = "info",
        value_name = "FILTER"
    )]
    pub(crate) log: String,
    /// Write log lines for people instead of JSON.
    #[arg(long, global = true)]
    pub(crate) log_plain: bool,
    /// Write the outcome here, as one JSON object of at most 4 KiB.
    #[arg(long, global = true, default_value = "/dev/termination-log", value_name = "FILE")]
    pub(crate) termination_log: PathBuf,
    /// Serve probes and Prometheus metrics here.
    #[arg(long, global = true, value_name = "ADDRESS:PORT")]
    pub(crate) metrics_listen: Option<SocketAddr>,
}

/// The stage, or the removal of runs.
#[derive(Debug, Clone, Subcommand)]
pub(crate) enum Command {
    /// List the input, cut it into shards and store the plan; run all stages if there is only one
    /// small shard.
    Plan(RunArgs),
    /// Count one shard.
    Etl(IndexArgs),
    /// Merge one partition over all shards.
    Aggregate(IndexArgs),
    /// Score one partition, after all are merged.
    Score(IndexArgs),
    /// Assemble the result and make it visible.
    Publish(LaterArgs),
    /// Remove all runs of a TrendJob.
    Purge(PurgeArgs),
}

impl Command {
    /// Returns the name of the stage in messages and logs.
    pub(crate) const fn stage(&self) -> &'static str {
        match self {
            Self::Plan(_) => Stage::Plan.name(),
            Self::Etl(_) => Stage::Etl.name(),
            Self::Aggregate(_) => Stage::Aggregate.name(),
            Self::Score(_) => Stage::Score.name(),
            Self::Publish(_) => Stage::Publish.name(),
            Self::Purge(_) => PURGE,
        }
    }

    /// Returns the shard or partition; 0 for other stages.
    pub(crate) fn index(&self) -> u32 {
        match self {
            Self::Etl(args) | Self::Aggregate(args) | Self::Score(args) => args.index,
            Self::Plan(_) | Self::Publish(_) | Self::Purge(_) => 0,
        }
    }
}

/// The run, and the resources this pod may use.
#[derive(Debug, Clone, ClapArgs)]
pub(crate) struct RunArgs {
    /// The run's configuration, a JSON file from the operator.
    #[arg(long, value_name = "FILE")]
    pub(crate) run_config: PathBuf,
    /// The name of this attempt, usually the pod's UID [default: a new UUID].
    #[arg(long, env = "TRENDJOB_ATTEMPT", value_name = "UID")]
    pub(crate) attempt: Option<String>,
    /// The folder in which the input volume is mounted.
    #[arg(long, default_value = "/data", value_name = "DIR")]
    pub(crate) data: PathBuf,
    /// The folder for sorted runs that don't fit in memory [default: the system's temporary
    /// folder].
    #[arg(long, value_name = "DIR")]
    pub(crate) spill: Option<PathBuf>,
    /// Bearer token for the servers of http input.
    #[arg(long, env = "HTTP_BEARER_TOKEN", hide_env_values = true, value_name = "TOKEN")]
    pub(crate) http_bearer_token: Option<String>,
    /// User name for the servers of http input.
    #[arg(long, env = "HTTP_USERNAME", hide_env_values = true, value_name = "NAME")]
    pub(crate) http_username: Option<String>,
    /// Password of that user.
    #[arg(long, env = "HTTP_PASSWORD", hide_env_values = true, value_name = "PASSWORD")]
    pub(crate) http_password: Option<String>,
    /// Number of threads [default: the cores of the CPU limit].
    #[arg(long, value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub(crate) threads: Option<u16>,
    /// Memory for counting and sorting, such as 512Mi [default: 60 % of the memory limit, at most
    /// 4Gi].
    #[arg(long, value_name = "SIZE")]
    pub(crate) memory: Option<Size>,
    /// Bytes of rows per stored block, before compression. For tests; results don't depend on it.
    #[arg(long, value_name = "SIZE", hide = true)]
    pub(crate) block_size: Option<Size>,
}

/// A stage after the plan.
#[derive(Debug, Clone, ClapArgs)]
pub(crate) struct LaterArgs {
    #[command(flatten)]
    pub(crate) run: RunArgs,
    /// The hash of the plan that this pod works on.
    #[arg(long, value_name = "SHA256")]
    pub(crate) plan_hash: String,
    /// The shards that failed for good and are missing from the result, such as 3,17-19.
    #[arg(long, value_name = "INDEXES", default_value = "", value_parser = indexes)]
    pub(crate) without_shards: Indexes,
}

/// A stage with an index.
#[derive(Debug, Clone, ClapArgs)]
pub(crate) struct IndexArgs {
    #[command(flatten)]
    pub(crate) later: LaterArgs,
    /// The shard or partition.
    #[arg(long, env = "JOB_COMPLETION_INDEX")]
    pub(crate) index: u32,
}

/// The TrendJob whose runs are removed.
#[derive(Debug, Clone, ClapArgs)]
pub(crate) struct PurgeArgs {
    /// The uid of the TrendJob.
    #[arg(long)]
    pub(crate) uid: String,
    /// The source of the TrendJob.
    #[arg(long)]
    pub(crate) source: String,
    /// The database of the results.
    #[arg(long, default_value = "trends")]
    pub(crate) database: String,
    /// Number of plain documents of the result that is visible afterwards.
    #[arg(long, default_value_t = 10_000, value_name = "N")]
    pub(crate) documents: u64,
    /// Remove the records of the runs, too, from the collection that has the source's name.
    #[arg(long)]
    pub(crate) store_records: bool,
}

/// The store of the results.
#[derive(Debug, ClapArgs)]
pub(crate) struct StoreLocation {
    /// URI of the MongoDB, such as `mongodb://user:password@host/`.
    #[arg(long, global = true, env = "MONGODB_URI", hide_env_values = true, value_name = "URI")]
    pub(crate) mongodb_uri: Option<String>,
    /// File that holds the URI instead.
    #[arg(long, global = true, conflicts_with = "mongodb_uri", value_name = "FILE")]
    pub(crate) mongodb_uri_file: Option<PathBuf>,
    /// PEM file of the certificate authorities that sign the certificate of the MongoDB.
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) mongodb_ca_file: Option<PathBuf>,
    /// Time to wait for an unreachable store before the attempt ends.
    #[arg(long, global = true, default_value = "10m", value_name = "DURATION")]
    pub(crate) store_patience: Duration,
    /// Folder that all pods share, instead of a MongoDB.
    #[arg(
        long,
        global = true,
        value_name = "DIR",
        conflicts_with_all = ["mongodb_uri_file", "mongodb_ca_file"]
    )]
    pub(crate) store: Option<PathBuf>,
}

/// A set of shards.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Indexes(pub(crate) BTreeSet<u32>);

/// Parses a list of numbers and ranges, such as `3,17-19`.
fn indexes(text: &str) -> Result<Indexes, String> {
    let mut all = BTreeSet::new();
    for part in text.split(',').filter(|part| !part.is_empty()) {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        let number = |text: &str| {
            text.parse::<u32>()
                .map_err(|_| format!("{part:?} is neither a number nor a range like 17-19"))
        };
        let (first, last) = (number(first)?, number(last)?);
        // Kubernetes allows 100,000 indexes in a Job, so no plan has more shards.
        if last < first || last > 100_000 {
            return Err(format!("{part:?} is not a range of shards: write it as 17-19"));
        }
        all.extend(first..=last);
    }
    Ok(Indexes(all))
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_arguments_are_consistent() {
        Args::command().debug_assert();
    }

    #[test]
    fn lists_of_shards_are_parsed_as_kubernetes_writes_failed_indexes() {
        let read = |text| indexes(text).map(|indexes| indexes.0.into_iter().collect::<Vec<_>>());
        assert_eq!(read(""), Ok(vec![]));
        assert_eq!(read("3,17-19"), Ok(vec![3, 17, 18, 19]));
        for wrong in ["x", "3-", "5-3", "0-4000000000"] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
    }
}
