//! The arguments of `trendjob-operator`. Owns their names, defaults and limits.

use std::net::SocketAddr;
use std::time::Duration;

use clap::{Args as ClapArgs, Parser, Subcommand, ValueEnum};

use crate::settings::Settings;

/// Turns TrendJobs into Jobs, and says what is going on.
#[derive(Debug, Parser)]
#[command(name = "trendjob-operator", version, max_term_width = 100)]
pub struct Args {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Work, until told to stop.
    Run(Box<RunArgs>),
    /// Print the `CustomResourceDefinition`.
    Crd,
}

/// When images are pulled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "PascalCase")]
pub enum PullPolicy {
    /// Each time.
    Always,
    /// When the node has none.
    IfNotPresent,
    /// Never: the node has it.
    Never,
}

/// How the operator works. The cluster is that of KUBECONFIG or of the pod it runs in.
#[derive(Debug, ClapArgs)]
pub struct RunArgs {
    /// Namespaces to work in, repeated or separated by commas [default: all].
    #[arg(
        long = "namespace",
        short,
        env = "TRENDJOB_NAMESPACES",
        value_delimiter = ',',
        value_name = "NAME"
    )]
    pub namespaces: Vec<String>,
    /// The image of the workers.
    #[arg(
        long,
        env = "TRENDJOB_WORKER_IMAGE",
        default_value = concat!("docker.io/trendjob/worker:", env!("CARGO_PKG_VERSION")),
        value_name = "IMAGE"
    )]
    pub worker_image: String,
    /// When the image of the workers is pulled.
    #[arg(long, env = "TRENDJOB_IMAGE_PULL_POLICY", value_enum, default_value = "IfNotPresent")]
    pub image_pull_policy: PullPolicy,
    /// Secrets to pull it with.
    #[arg(
        long = "image-pull-secret",
        env = "TRENDJOB_IMAGE_PULL_SECRETS",
        value_delimiter = ',',
        value_name = "NAME"
    )]
    pub image_pull_secrets: Vec<String>,
    /// CPU that workers ask for whose TrendJob doesn't say.
    #[arg(long, env = "TRENDJOB_WORKER_CPU", default_value = "250m", value_name = "QUANTITY")]
    pub worker_cpu: String,
    /// Memory that workers ask for whose TrendJob doesn't say.
    #[arg(long, env = "TRENDJOB_WORKER_MEMORY", default_value = "256Mi", value_name = "QUANTITY")]
    pub worker_memory: String,
    /// The most memory of workers whose TrendJob doesn't say.
    #[arg(
        long,
        env = "TRENDJOB_WORKER_MEMORY_LIMIT",
        default_value = "1Gi",
        value_name = "QUANTITY"
    )]
    pub worker_memory_limit: String,
    /// How large the volume may grow that workers sort on.
    #[arg(long, env = "TRENDJOB_SPILL_SIZE", default_value = "10Gi", value_name = "QUANTITY")]
    pub spill_size: String,
    /// How long removing results may take before a deleted TrendJob goes without it.
    #[arg(long, env = "TRENDJOB_PURGE_PATIENCE", default_value = "10m", value_name = "DURATION")]
    pub purge_patience: trendjob::Duration,
    /// How long after its grace a pod may still be going before it is taken for lost with its node.
    #[arg(long, env = "TRENDJOB_LOST_PATIENCE", default_value = "2m", value_name = "DURATION")]
    pub lost_patience: trendjob::Duration,
    /// How many TrendJobs are worked on at once. Most of them wait for the API server, which is sent 16
    /// requests at once.
    #[arg(long, default_value_t = 128, value_parser = clap::value_parser!(u16).range(1..=1024), value_name = "N")]
    pub concurrency: u16,
    /// Where probes and metrics are served.
    #[arg(long, default_value = "0.0.0.0:9090", value_name = "ADDRESS:PORT")]
    pub metrics_listen: SocketAddr,
    /// Work without asking whether another operator does.
    #[arg(long)]
    pub no_leader_election: bool,
    /// The namespace of the Lease by which one of several operators works [default: the operator's own].
    #[arg(long, env = "POD_NAMESPACE", value_name = "NAME")]
    pub lease_namespace: Option<String>,
    /// The name of the Lease.
    #[arg(long, default_value = "trendjob-operator", value_name = "NAME")]
    pub lease_name: String,
    /// How long a watch may be silent before /livez fails.
    #[arg(long, default_value = "10m", value_name = "DURATION")]
    pub watch_patience: trendjob::Duration,
    /// What is logged, as info or operator=debug,info.
    #[arg(long, env = "TRENDJOB_LOG", default_value = "info", value_name = "FILTER")]
    pub log: String,
    /// Log for people instead of as JSON.
    #[arg(long)]
    pub log_plain: bool,
}

impl RunArgs {
    /// What every run is given.
    pub fn settings(&self) -> Settings {
        Settings {
            worker_image: self.worker_image.clone(),
            image_pull_policy: format!("{:?}", self.image_pull_policy),
            image_pull_secrets: self.image_pull_secrets.clone(),
            spill_size: self.spill_size.clone(),
            cpu_request: self.worker_cpu.clone(),
            memory_request: self.worker_memory.clone(),
            memory_limit: self.worker_memory_limit.clone(),
            purge_patience: Duration::from_secs(self.purge_patience.seconds()),
            lost_patience: Duration::from_secs(self.lost_patience.seconds()),
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_arguments_are_consistent() {
        Args::command().debug_assert();
    }
}
