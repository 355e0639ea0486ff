//! What the operator reports about a TrendJob. Owns the fields and their caps, so that a status
//! stays small; refuses to know when any of it is true.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How far a TrendJob is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct TrendJobStatus {
    /// The generation of the spec this status is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub observed_generation: Option<i64>,
    /// The stage the run is in.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 32))]
    pub stage: Option<String>,
    /// The run: uid and restart.
    #[serde(rename = "runUID", skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 128))]
    pub run_uid: Option<String>,
    /// The place of the run in the order of runs of its source.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub start_number: Option<u64>,
    /// The hash of the plan every pod must have.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 128))]
    pub plan_hash: Option<String>,
    /// How often the run was started again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub restarts: Option<u32>,
    /// The annotation `trendjob.dev/restart` that the run was begun for, cut to 256 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 256))]
    pub observed_restart: Option<String>,
    /// When the run started (RFC 3339).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 64), extend("format" = "date-time"))]
    pub start_time: Option<String>,
    /// When the run ended (RFC 3339).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 64), extend("format" = "date-time"))]
    pub completion_time: Option<String>,
    /// How long the run was not suspended, in seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub active_seconds: Option<u64>,
    /// The shards of the run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shards: Option<Shards>,
    /// The records of the run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub records: Option<Records>,
    /// The bytes of the input.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bytes: Option<u64>,
    /// What was published.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub result: Option<Published>,
    /// What went wrong last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_failure: Option<LastFailure>,
    /// Ready, Reconciling, Stalled, Suspended, Planned, `ShardsComplete`, Published, Complete, Failed.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 16), extend(
        "x-kubernetes-list-type" = "map",
        "x-kubernetes-list-map-keys" = ["type"]
    ))]
    pub conditions: Vec<Condition>,
}

/// The shards of a run.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct Shards {
    /// All shards of the plan.
    pub total: u32,
    /// Those with a pod now.
    pub active: u32,
    /// Those that are done.
    pub succeeded: u32,
    /// Those that failed for good.
    pub failed: u32,
    /// Done of all, like 40/50.
    #[schemars(length(max = 32))]
    pub summary: String,
    /// The indexes that failed, like 3,17; capped.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 1_024))]
    pub failed_indexes: Option<String>,
}

/// The records of a run: read = counted + empty + malformed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct Records {
    /// All lines.
    pub read: u64,
    /// Those that were counted.
    pub counted: u64,
    /// Those without text.
    pub empty: u64,
    /// Those that are no record.
    pub malformed: u64,
}

/// What was published.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct Published {
    /// The database it is in.
    #[schemars(length(max = 63))]
    pub database: String,
    /// Its number among the results of the source.
    pub generation: u64,
    /// The digest of the result.
    #[schemars(length(max = 128))]
    pub digest: String,
    /// How many topics it has.
    pub topics: u64,
    /// Whether shards are missing from it.
    pub incomplete: bool,
}

/// What went wrong last.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct LastFailure {
    /// The stage it happened in.
    #[schemars(length(max = 32))]
    pub stage: String,
    /// The index of the pod.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub index: Option<u32>,
    /// The exit code of the worker.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exit_code: Option<i32>,
    /// One word for it.
    #[schemars(length(max = 128))]
    pub reason: String,
    /// What happened.
    #[schemars(length(max = 4_096))]
    pub message: String,
    /// When (RFC 3339).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 64), extend("format" = "date-time"))]
    pub time: Option<String>,
}

/// One aspect of the state.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Condition {
    /// The aspect.
    #[serde(rename = "type")]
    #[schemars(length(min = 1, max = 64))]
    pub kind: String,
    /// Whether it holds.
    pub status: ConditionStatus,
    /// The generation of the spec it was judged for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub observed_generation: Option<i64>,
    /// When it last changed (RFC 3339).
    #[schemars(length(max = 64), extend("format" = "date-time"))]
    pub last_transition_time: String,
    /// One word for why.
    #[schemars(length(max = 128))]
    pub reason: String,
    /// Why.
    #[schemars(length(max = 2_048))]
    pub message: String,
}

/// Whether a condition holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub enum ConditionStatus {
    /// It holds.
    True,
    /// It does not.
    False,
    /// It is not known.
    Unknown,
}
