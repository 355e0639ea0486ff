//! The arguments of `trendjob-operator`. Owns their names, defaults and limits.

use std::net::SocketAddr;
use std::time::Duration;

use clap::{Args as ClapArgs, Parser, Subcommand, ValueEnum};

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

/// The moments when images are pulled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "PascalCase")]
pub enum PullPolicy {
    /// For each pod.
    Always,
    /// If the node lacks the image.
    IfNotPresent,
    /// Never: the node must have the image.
    Never,
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
    /// Image of the workers.
    #[arg(
        long,
        env = "TRENDJOB_WORKER_IMAGE",
        default_value = concat!("docker.io/trendjob/worker:", env!("CARGO_PKG_VERSION")),
        value_name = "IMAGE"
    )]
    pub worker_image: String,
    /// When nodes pull the image of the workers.
    #[arg(long, env = "TRENDJOB_IMAGE_PULL_POLICY", value_enum, default_value = "IfNotPresent")]
    pub image_pull_policy: PullPolicy,
    /// Secrets to pull the image with, repeated or separated by commas.
    #[arg(
        long = "image-pull-secret",
        env = "TRENDJOB_IMAGE_PULL_SECRETS",
        value_delimiter = ',',
        value_name = "NAME"
    )]
    pub image_pull_secrets: Vec<String>,
    /// CPU request of workers whose TrendJob names no resources.
    #[arg(long, env = "TRENDJOB_WORKER_CPU", default_value = "250m", value_name = "QUANTITY")]
    pub worker_cpu: String,
    /// Memory request of workers whose TrendJob names no resources.
    #[arg(long, env = "TRENDJOB_WORKER_MEMORY", default_value = "256Mi", value_name = "QUANTITY")]
    pub worker_memory: String,
    /// Memory limit of workers whose TrendJob names no resources.
    #[arg(
        long,
        env = "TRENDJOB_WORKER_MEMORY_LIMIT",
        default_value = "1Gi",
        value_name = "QUANTITY"
    )]
    pub worker_memory_limit: String,
    /// Largest size of the volume that workers sort on.
    #[arg(long, env = "TRENDJOB_SPILL_SIZE", default_value = "10Gi", value_name = "QUANTITY")]
    pub spill_size: String,
    /// Longest time that a deleted TrendJob waits for the removal of its results.
    #[arg(long, env = "TRENDJOB_PURGE_PATIENCE", default_value = "10m", value_name = "DURATION")]
    pub purge_patience: trendjob::Duration,
    /// Time after a pod's grace period until its node counts as lost and the pod is deleted by
    /// force.
    #[arg(long, env = "TRENDJOB_LOST_PATIENCE", default_value = "2m", value_name = "DURATION")]
    pub lost_patience: trendjob::Duration,
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
    /// Namespace of the Lease whose holder, one of several operators, works [default: the
    /// operator's own].
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

impl RunArgs {
    /// The settings that every pass needs.
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
