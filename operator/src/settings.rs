//! The settings of the operator that every pass needs. Owns the defaults of pods.

use std::time::Duration;

/// Settings that don't change while the operator runs.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The image of runs whose TrendJob names no other.
    pub worker_image: String,
    /// When the image is pulled: `Always`, `IfNotPresent` or `Never`.
    pub image_pull_policy: String,
    /// The Secrets to pull the image with, beside those of the TrendJob.
    pub image_pull_secrets: Vec<String>,
    /// The largest size of the spill volume, like `10Gi`.
    pub spill_size: String,
    /// The CPU request of pods whose TrendJob names no resources.
    pub cpu_request: String,
    /// The memory request of pods whose TrendJob names no resources.
    pub memory_request: String,
    /// The memory limit of pods whose TrendJob names no resources.
    pub memory_limit: String,
    /// The longest time that a deleted TrendJob waits for the removal of its results.
    pub purge_patience: Duration,
    /// The time after a pod's grace period until its node counts as lost.
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
            purge_patience: Duration::from_mins(10),
            lost_patience: Duration::from_mins(2),
        }
    }
}
