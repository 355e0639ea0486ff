//! Watched objects, with nothing in them that is not needed: thousands of finished ones are kept in
//! memory. Owns what is kept of a TrendJob and of a Job; refuses to judge either.

use std::fmt;

use k8s_openapi::api::batch::v1::Job;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use kube::Resource as _;
use kube::core::{ApiResource, Object, ObjectMeta};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use trendjob::{TrendJobResource, TrendJobStatus};

use crate::names::{JOB_LABEL, QUEUE_LABEL};

/// A TrendJob as it is watched: its spec is parsed when it is reconciled, so that one that can't be
/// read stops neither the watch nor any other.
pub type TrendJobObject = Object<SpecText, TrendJobStatus>;

/// A Job as it is watched.
pub type JobObject = Object<JobSpec, JobStatus>;

/// Which resource a [`TrendJobObject`] is.
pub fn trendjobs() -> ApiResource {
    ApiResource::erase::<TrendJobResource>(&())
}

/// Which resource a [`JobObject`] is.
pub fn jobs() -> ApiResource {
    ApiResource::erase::<Job>(&())
}

/// A spec as JSON text: a quarter of the memory of a tree.
#[derive(Clone, PartialEq, Eq)]
pub struct SpecText(pub Box<str>);

impl fmt::Debug for SpecText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for SpecText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let tree = serde_json::Value::deserialize(deserializer)?;
        Ok(Self(tree.to_string().into()))
    }
}

impl Serialize for SpecText {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let tree: serde_json::Value =
            serde_json::from_str(&self.0).map_err(serde::ser::Error::custom)?;
        tree.serialize(serializer)
    }
}

/// What is kept of a Job's spec.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct JobSpec {
    /// Whether its pods are held.
    pub suspend: bool,
    /// How many pods may run.
    pub parallelism: u32,
    /// How many indexes there are.
    pub completions: u32,
}

/// What is kept of a Job's status.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct JobStatus {
    /// Pods that are pending or running.
    pub active: u32,
    /// Pods that are ready.
    pub ready: u32,
    /// Pods, or indexes, that succeeded.
    pub succeeded: u32,
    /// Pods that failed.
    pub failed: u32,
    /// Pods that are going.
    pub terminating: u32,
    /// The indexes that failed for good, like 3,17-19.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failed_indexes: Option<String>,
    /// When the Job controller began with it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub start_time: Option<Time>,
    /// Complete and Failed; others are not kept.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub conditions: Vec<JobCondition>,
}

/// What is kept of a Job's condition.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct JobCondition {
    /// Which one.
    #[serde(rename = "type")]
    pub kind: String,
    /// `True`, `False` or `Unknown`.
    pub status: String,
    /// One word for why.
    pub reason: String,
    /// Why.
    pub message: String,
}

/// Drops of a TrendJob what only others read.
pub fn prune_trendjob(object: &mut TrendJobObject) {
    prune(&mut object.metadata);
    // Of nine conditions a parser leaves room for sixteen.
    if let Some(status) = &mut object.status {
        status.conditions.shrink_to_fit();
    }
}

/// Drops of a Job what only others read; of its labels, what its name says too.
pub fn prune_job(object: &mut JobObject) {
    let metadata = &mut object.metadata;
    prune(metadata);
    if let Some(labels) = &mut metadata.labels {
        labels.retain(|name, _| name == JOB_LABEL || name == QUEUE_LABEL);
    }
    if let Some(owners) = &mut metadata.owner_references {
        owners.shrink_to_fit();
    }
    if let Some(status) = &mut object.status {
        status.conditions.retain(|one| matches!(one.kind.as_str(), "Complete" | "Failed"));
        status.conditions.shrink_to_fit();
    }
}

fn prune(metadata: &mut ObjectMeta) {
    metadata.managed_fields = None;
    if let Some(annotations) = &mut metadata.annotations {
        annotations.remove("kubectl.kubernetes.io/last-applied-configuration");
    }
}

/// Whether an object is a child of the owner with this uid, and of nobody else.
pub fn is_child(metadata: &ObjectMeta, owner: &str) -> bool {
    let owners = metadata.owner_references.as_deref().unwrap_or_default();
    owners.len() == 1 && owners[0].uid == owner && owners[0].kind == TrendJobResource::kind(&())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_spec_that_is_none_stops_no_watch() {
        let text = r#"{"apiVersion":"trendjob.dev/v1alpha1","kind":"TrendJob","metadata":{"name":"x"},"spec":{"surprise":[1]}}"#;
        let object: TrendJobObject = serde_json::from_str(text).unwrap();
        assert_eq!(&*object.spec.0, r#"{"surprise":[1]}"#);
        assert_eq!(serde_json::to_value(&object).unwrap()["spec"]["surprise"][0], 1);
    }
}
