//! The arguments of the operator that every pass needs. Owns the defaults of pods.

use clap::{Args, ValueEnum};

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

/// Settings that don't change while the operator runs.
#[derive(Debug, Clone, Args)]
pub struct Settings {
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
    /// Largest size of the volume that workers spill to.
    #[arg(long, env = "TRENDJOB_SPILL_SIZE", default_value = "10Gi", value_name = "QUANTITY")]
    pub spill_size: String,
    /// Longest time that a deleted TrendJob is kept while its results are removed.
    #[arg(long, env = "TRENDJOB_PURGE_PATIENCE", default_value = "10m", value_name = "DURATION")]
    pub purge_patience: trendjob::Duration,
    /// Time after a pod's grace period until its node counts as lost and the pod is deleted by
    /// force.
    #[arg(long, env = "TRENDJOB_LOST_PATIENCE", default_value = "2m", value_name = "DURATION")]
    pub lost_patience: trendjob::Duration,
}
