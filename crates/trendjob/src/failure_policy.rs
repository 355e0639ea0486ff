//! How much may go wrong before a run fails. Owns these numbers; refuses to know how Jobs count.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What is tried again, and which gaps are borne.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct FailurePolicy {
    /// How often the pod of one shard is tried again.
    #[schemars(range(min = 0, max = 100))]
    pub backoff_limit_per_shard: u32,
    /// How many shards may fail; the result is then published as incomplete.
    #[schemars(range(min = 0, max = 10_000))]
    pub max_failed_shards: u32,
    /// How often a failed run is started again as a new run.
    #[schemars(range(min = 0, max = 100))]
    pub restart_limit: u32,
}

impl Default for FailurePolicy {
    fn default() -> Self {
        Self { backoff_limit_per_shard: 3, max_failed_shards: 0, restart_limit: 0 }
    }
}
