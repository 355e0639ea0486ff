//! The status of a TrendJob, as the operator reports it. Owns the fields and their caps, so that a
//! status stays small; doesn't know when a condition holds.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The progress of a TrendJob.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct TrendJobStatus {
    /// The generation of the spec that this status is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub observed_generation: Option<i64>,
    /// The current stage of the run.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 32))]
    pub stage: Option<String>,
    /// The run, named by the uid of the TrendJob and the number of the restart.
    #[serde(rename = "runUID", skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 128))]
    pub run_uid: Option<String>,
    /// The place of the run in the order of runs of its source.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub start_number: Option<u64>,
    /// The hash of the run's plan. A pod with another plan refuses to work.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 128))]
    pub plan_hash: Option<String>,
    /// Number of times that the run was started again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub restarts: Option<u32>,
    /// The value of the annotation trendjob.dev/restart when the run was started, cut to 256
    /// characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 256))]
    pub observed_restart: Option<String>,
    /// The time when the run started (RFC 3339).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 64), extend("format" = "date-time"))]
    pub start_time: Option<String>,
    /// The time when the run ended (RFC 3339).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 64), extend("format" = "date-time"))]
    pub completion_time: Option<String>,
    /// Seconds in which the run was not suspended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub active_seconds: Option<u64>,
    /// The shards of the run by their state.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shards: Option<Shards>,
    /// The records of the run by outcome.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub records: Option<Records>,
    /// Bytes of the input, as stored.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bytes: Option<u64>,
    /// The published result.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub result: Option<ResultSummary>,
    /// The last failure.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_failure: Option<LastFailure>,
    /// The conditions: Ready, Reconciling, Stalled, Suspended, Planned, `ShardsComplete`,
    /// Published, Complete and Failed.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 16), extend(
        "x-kubernetes-list-type" = "map",
        "x-kubernetes-list-map-keys" = ["type"]
    ))]
    pub conditions: Vec<Condition>,
}

/// The shards of a run by their state.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct Shards {
    /// Number of shards in the plan.
    pub total: u32,
    /// Number of shards with a pod now.
    pub active: u32,
    /// Number of shards that are done.
    pub succeeded: u32,
    /// Number of shards that failed for good.
    pub failed: u32,
    /// Succeeded shards of all shards, such as 40/50.
    #[schemars(length(max = 32))]
    pub summary: String,
    /// The indexes of the failed shards, such as 3,17; cut to 1,024 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 1_024))]
    pub failed_indexes: Option<String>,
}

/// The records of a run by outcome: read = counted + empty + malformed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct Records {
    /// Number of all records.
    pub read: u64,
    /// Number of counted records.
    pub counted: u64,
    /// Number of records without text.
    pub empty: u64,
    /// Number of malformed lines.
    pub malformed: u64,
}

/// A published result.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct ResultSummary {
    /// The database with the result.
    #[schemars(length(max = 63))]
    pub database: String,
    /// The generation: the number of the result among those of its source.
    pub generation: u64,
    /// The digest of the result.
    #[schemars(length(max = 128))]
    pub digest: String,
    /// Number of topics in the result.
    pub topics: u64,
    /// True if shards are missing from the result.
    pub incomplete: bool,
}

/// The last failure of a run.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct LastFailure {
    /// The stage of the failure.
    #[schemars(length(max = 32))]
    pub stage: String,
    /// The shard or partition of the pod.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub index: Option<u32>,
    /// The exit code of the worker.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exit_code: Option<i32>,
    /// The reason, in one word.
    #[schemars(length(max = 128))]
    pub reason: String,
    /// The reason, in a sentence.
    #[schemars(length(max = 4_096))]
    pub message: String,
    /// The time of the failure (RFC 3339).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 64), extend("format" = "date-time"))]
    pub time: Option<String>,
}

/// A condition, as Kubernetes uses the word.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Condition {
    /// The name of the condition.
    #[serde(rename = "type")]
    #[schemars(length(min = 1, max = 64))]
    pub kind: String,
    /// The status of the condition: True, False or Unknown.
    pub status: ConditionStatus,
    /// The generation of the spec that the condition is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub observed_generation: Option<i64>,
    /// The time of the last change of its status (RFC 3339).
    #[schemars(length(max = 64), extend("format" = "date-time"))]
    pub last_transition_time: String,
    /// The reason, in one word.
    #[schemars(length(max = 128))]
    pub reason: String,
    /// The reason, in a sentence.
    #[schemars(length(max = 2_048))]
    pub message: String,
}

/// The state of a condition.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub enum ConditionStatus {
    /// It holds.
    True,
    /// It doesn't hold.
    False,
    /// It is unknown.
    Unknown,
}
