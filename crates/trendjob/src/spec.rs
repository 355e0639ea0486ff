//! The spec of a TrendJob. Owns its top level; each part is in a file of its own.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Analysis, FailurePolicy, Input, PodParts, Sharding, Sink, pattern::MANAGER};

/// The API group.
pub const GROUP: &str = "trendjob.dev";
/// The API version.
pub const VERSION: &str = "v1alpha1";
/// The kind.
pub const KIND: &str = "TrendJob";
/// The default manager of a TrendJob.
pub const OPERATOR: &str = "trendjob.dev/operator";

/// The spec of a TrendJob: one analysis of a data set, run once.
#[cfg_attr(
    feature = "crd",
    derive(kube::CustomResource),
    kube(
        group = "trendjob.dev",
        version = "v1alpha1",
        kind = "TrendJob",
        root = "TrendJobResource",
        doc = "A TrendJob as the cluster keeps it.",
        namespaced,
        status = "crate::TrendJobStatus",
        schema = "disabled",
        derive = "PartialEq",
        shortname = "tj",
        category = "trends",
        printcolumn = r#"{"name":"Stage","type":"string","jsonPath":".status.stage"}"#,
        printcolumn = r#"{"name":"Shards","type":"string","jsonPath":".status.shards.summary"}"#,
        printcolumn = r#"{"name":"Failed","type":"integer","jsonPath":".status.shards.failed"}"#,
        printcolumn = r#"{"name":"Complete","type":"string","jsonPath":".status.conditions[?(@.type==\"Complete\")].status"}"#,
        printcolumn = r#"{"name":"Suspended","type":"boolean","jsonPath":".spec.suspend"}"#,
        printcolumn = r#"{"name":"Age","type":"date","jsonPath":".metadata.creationTimestamp"}"#
    )
)]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TrendJobSpec {
    /// The name under which results are published.
    #[schemars(length(min = 1, max = 63))]
    pub source: String,
    /// True to hold the run. May be changed during a run.
    #[serde(default)]
    pub suspend: bool,
    /// The manager of this TrendJob. The operator ignores a TrendJob with another value than its
    /// own.
    #[serde(default = "default_manager")]
    #[schemars(length(min = 3, max = 63), regex(pattern = MANAGER))]
    pub managed_by: String,
    /// The objects to read and the format of their records.
    pub input: Input,
    /// The division of the work into shards and partitions.
    #[serde(default)]
    pub sharding: Sharding,
    /// The terms to count and the scores to compute.
    #[serde(default)]
    pub analysis: Analysis,
    /// The store of the results, and their retention.
    #[serde(default)]
    pub sink: Sink,
    /// The retries of a run and the failures it survives.
    #[serde(default)]
    pub failure_policy: FailurePolicy,
    /// Seconds that the run may take while not suspended. May be changed during a run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 2_147_483_647))]
    pub active_deadline_seconds: Option<u32>,
    /// Seconds after which a finished TrendJob is deleted. Its results stay.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 2_147_483_647))]
    pub ttl_seconds_after_finished: Option<u32>,
    /// Retain keeps the results when the TrendJob is deleted; Delete removes its runs.
    #[serde(default)]
    pub deletion_policy: DeletionPolicy,
    /// Settings of the pods that plan and publish. May be changed while suspended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plan: Option<PodParts>,
    /// Settings of the pods that count. May be changed while suspended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub etl: Option<PodParts>,
    /// Settings of the pods that merge and score. May be changed while suspended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub aggregate: Option<PodParts>,
}

impl TrendJobSpec {
    /// Creates a spec with all defaults.
    pub fn new(source: String, uris: Vec<String>) -> Self {
        Self {
            source,
            suspend: false,
            managed_by: default_manager(),
            input: Input::new(uris),
            sharding: Sharding::default(),
            analysis: Analysis::default(),
            sink: Sink::default(),
            failure_policy: FailurePolicy::default(),
            active_deadline_seconds: None,
            ttl_seconds_after_finished: None,
            deletion_policy: DeletionPolicy::default(),
            plan: None,
            etl: None,
            aggregate: None,
        }
    }
}

fn default_manager() -> String {
    OPERATOR.to_owned()
}

/// The fate of the results when a TrendJob is deleted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub enum DeletionPolicy {
    /// The results stay.
    #[default]
    Retain,
    /// The runs of this TrendJob are removed.
    Delete,
}
