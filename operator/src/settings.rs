//! What the operator was told when it was started and every run needs. Owns the defaults of pods.

use std::time::Duration;

/// Settings that don't change while the operator runs.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The image that runs get which don't name another.
    pub worker_image: String,
    /// When the image is pulled: `Always`, `IfNotPresent` or `Never`.
    pub image_pull_policy: String,
    /// Secrets to pull it with, beside those of the TrendJob.
    pub image_pull_secrets: Vec<String>,
    /// How large the volume for sorted runs may grow, as 10Gi.
    pub spill_size: String,
    /// CPU that pods ask for which don't say.
    pub cpu_request: String,
    /// Memory that pods ask for which don't say.
    pub memory_request: String,
    /// The most memory of pods which don't say.
    pub memory_limit: String,
    /// How long results may take to be removed before a TrendJob goes without it.
    pub purge_patience: Duration,
    /// How long after its grace a pod may still be going before its node is taken for lost.
    pub lost_patience: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            worker_image: String::new(),
            image_pull_policy: "IfNotPresent".to_owned(),
            image_pull_secrets: Vec::new(),
            spill_size: "10Gi".to_owned(),
            cpu_request: "250m".to_owned(),
            memory_request: "256Mi".to_owned(),
            memory_limit: "1Gi".to_owned(),
            purge_patience: Duration::from_secs(600),
            lost_patience: Duration::from_secs(120),
        }
    }
}
