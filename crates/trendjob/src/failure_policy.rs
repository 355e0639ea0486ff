//! The retries of a run and the failures it survives. Owns these limits; doesn't know how a Job
//! counts its failures.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The retries of a run and the failures it survives.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct FailurePolicy {
    /// Number of times that the pod of one shard is retried.
    #[schemars(range(min = 0, max = 100))]
    pub backoff_limit_per_shard: u32,
    /// Number of shards that may fail. The result is then published as incomplete.
    #[schemars(range(min = 0, max = 10_000))]
    pub max_failed_shards: u32,
    /// Number of times that a failed run is started again as a new run.
    #[schemars(range(min = 0, max = 100))]
    pub restart_limit: u32,
}

impl Default for FailurePolicy {
    fn default() -> Self {
        Self { backoff_limit_per_shard: 3, max_failed_shards: 0, restart_limit: 0 }
    }
}
