//! The arguments of `trendjob-operator`. Owns their names, defaults and limits.

use std::net::SocketAddr;

use clap::{Args as ClapArgs, Parser, Subcommand};

use crate::settings::Settings;

/// Turns TrendJobs into Jobs and reports their progress.
#[derive(Debug, Parser)]
#[command(name = "trendjob-operator", version, max_term_width = 100)]
pub struct Args {
    /// The command.
    #[command(subcommand)]
    pub command: Command,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run the operator until it is stopped.
    Run(Box<RunArgs>),
    /// Print the `CustomResourceDefinition`.
    Crd,
}

/// The options of the operator. KUBECONFIG names the cluster; in a pod it is the pod's own.
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
    /// The settings that every pass needs.
    #[command(flatten)]
    pub settings: Settings,
    /// Number of TrendJobs that are worked on at once. Most of them wait for the API server, which
    /// gets at most 16 requests at once.
    #[arg(long, default_value_t = 128, value_parser = clap::value_parser!(u16).range(1..=1024), value_name = "N")]
    pub concurrency: u16,
    /// Address of probes and metrics.
    #[arg(long, default_value = "0.0.0.0:9090", value_name = "ADDRESS:PORT")]
    pub metrics_listen: SocketAddr,
    /// Work without a Lease, even if another operator works.
    #[arg(long)]
    pub no_leader_election: bool,
    /// Namespace of the Lease that elects the one operator that works [default: the operator's
    /// own].
    #[arg(long, env = "POD_NAMESPACE", value_name = "NAME")]
    pub lease_namespace: Option<String>,
    /// Name of the Lease.
    #[arg(long, default_value = "trendjob-operator", value_name = "NAME")]
    pub lease_name: String,
    /// Longest silence of a watch before /livez fails.
    #[arg(long, default_value = "10m", value_name = "DURATION")]
    pub watch_patience: trendjob::Duration,
    /// Filter of the log, like info or operator=debug,info.
    #[arg(long, env = "TRENDJOB_LOG", default_value = "info", value_name = "FILTER")]
    pub log: String,
    /// Log plain text instead of JSON.
    #[arg(long)]
    pub log_plain: bool,
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
