//! What a user asks for: the spec of a TrendJob. Owns its top level; the parts own themselves.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Analysis, FailurePolicy, Input, PodParts, Sharding, Sink, pattern::MANAGER};

/// The API group.
pub const GROUP: &str = "trendjob.dev";
/// The API version.
pub const VERSION: &str = "v1alpha1";
/// The kind.
pub const KIND: &str = "TrendJob";
/// Who manages a TrendJob when it does not say.
pub const OPERATOR: &str = "trendjob.dev/operator";

/// One analysis of a data set, run once.
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
    /// The name results are published under.
    #[schemars(length(min = 1, max = 63))]
    pub source: String,
    /// Whether the run is held. May be changed during a run.
    #[serde(default)]
    pub suspend: bool,
    /// Who manages this TrendJob; with another value the operator leaves it alone.
    #[serde(default = "default_manager")]
    #[schemars(length(min = 3, max = 63), regex(pattern = MANAGER))]
    pub managed_by: String,
    /// What is read.
    pub input: Input,
    /// How the work is cut.
    #[serde(default)]
    pub sharding: Sharding,
    /// What is counted and scored.
    #[serde(default)]
    pub analysis: Analysis,
    /// Where results go and how long they stay.
    #[serde(default)]
    pub sink: Sink,
    /// How much may go wrong.
    #[serde(default)]
    pub failure_policy: FailurePolicy,
    /// How many seconds the run may take while not suspended. May be changed during a run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 2_147_483_647))]
    pub active_deadline_seconds: Option<u32>,
    /// After how many seconds a finished TrendJob is deleted; its results stay.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 2_147_483_647))]
    pub ttl_seconds_after_finished: Option<u32>,
    /// What happens to the results when the TrendJob is deleted.
    #[serde(default)]
    pub deletion_policy: DeletionPolicy,
    /// The pods that plan and publish. May be changed while suspended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plan: Option<PodParts>,
    /// The pods that count. May be changed while suspended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub etl: Option<PodParts>,
    /// The pods that merge. May be changed while suspended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub aggregate: Option<PodParts>,
}

fn default_manager() -> String {
    OPERATOR.to_owned()
}

/// What happens to the results when a TrendJob is deleted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub enum DeletionPolicy {
    /// They stay.
    #[default]
    Retain,
    /// The runs of this TrendJob are removed.
    Delete,
}
