//! Watched TrendJobs and Jobs, reduced to the fields that the operator reads: it keeps thousands of
//! finished ones in memory. Owns which fields those are; refuses to judge a TrendJob or a Job.

use k8s_openapi::api::batch::v1::Job;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{OwnerReference, Time};
use kube::Resource;
use kube::core::ObjectMeta;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use trendjob::{TrendJobResource, TrendJobStatus};

use crate::condition_types::job::{COMPLETE, FAILED};
use crate::names::{
    PLAN_ANNOTATION, POD_SETTINGS_ANNOTATION, QUEUE_LABEL, TRENDJOB_LABEL, WITHOUT_ANNOTATION,
};

/// A watched TrendJob. It can be read whatever its spec and status hold: one unreadable TrendJob
/// would fail the list of all.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Resource)]
#[resource(inherit = TrendJobResource)]
pub struct TrendJobObject {
    /// The metadata.
    pub metadata: ObjectMeta,
    /// The spec, which a pass parses.
    pub spec: SpecText,
    /// The last status; `None` if this version can't read it.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "readable")]
    pub status: Option<TrendJobStatus>,
}

/// A watched Job.
#[derive(Debug, Clone, Serialize, Deserialize, Resource)]
#[resource(inherit = Job)]
pub struct JobObject {
    /// The metadata.
    pub metadata: ObjectMeta,
    /// The spec.
    #[serde(default)]
    pub spec: JobSpec,
    /// The status.
    pub status: Option<JobStatus>,
    /// Facts from the parts that pruning drops.
    #[serde(skip)]
    pub notes: JobNotes,
}

/// Facts from the parts of a Job that pruning drops.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct JobNotes {
    /// True if the condition Complete is true.
    pub is_complete: bool,
    /// The shards that failed and are not in the result.
    pub without: Option<Box<str>>,
    /// The hash of the run's plan.
    pub plan_hash: Option<Box<str>>,
    /// The hash of the pod settings that it was made with.
    pub pod_settings: Option<Box<str>>,
}

/// Reads a status; one that this version can't read counts as absent.
fn readable<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<TrendJobStatus>, D::Error> {
    let tree = serde_json::Value::deserialize(deserializer)?;
    if tree.is_null() {
        return Ok(None);
    }
    Ok(TrendJobStatus::deserialize(tree)
        .inspect_err(|error| tracing::warn!(%error, "a status can't be read by this version"))
        .ok())
}

/// A spec as JSON text, which takes a quarter of the memory of a tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SpecText(pub Box<str>);

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

/// The fields of a Job's spec that the operator reads.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct JobSpec {
    /// True if the Job is suspended.
    pub suspend: bool,
    /// The number of pods that may run at once.
    pub parallelism: u32,
    /// The number of indexes.
    pub completions: u32,
}

/// The fields of a Job's status that the operator reads.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct JobStatus {
    /// The number of pods that are pending or running.
    pub active: u32,
    /// The number of pods that are ready.
    pub ready: u32,
    /// The number of pods or indexes that succeeded.
    pub succeeded: u32,
    /// The number of pods that failed.
    pub failed: u32,
    /// The number of pods that are being deleted.
    pub terminating: u32,
    /// The indexes that failed for good, like `3,17-19`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failed_indexes: Option<String>,
    /// The time at which the Job controller started the Job.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub start_time: Option<Time>,
    /// The condition Failed; pruning drops the others.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub conditions: Vec<JobCondition>,
}

/// A condition of a Job.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct JobCondition {
    /// The type of the condition.
    #[serde(rename = "type")]
    pub kind: String,
    /// `True`, `False` or `Unknown`.
    pub status: String,
    /// Its reason, one word.
    pub reason: String,
    /// Its message, for people.
    pub message: String,
}

/// Drops the parts of a TrendJob that the operator does not read.
pub fn prune_trendjob(object: &mut TrendJobObject) {
    let metadata = &mut object.metadata;
    metadata.managed_fields = None;
    if let Some(annotations) = &mut metadata.annotations {
        annotations.remove("kubectl.kubernetes.io/last-applied-configuration");
    }
    metadata.annotations.take_if(|annotations| annotations.is_empty());
    // serde grows the vector to 16; there are 9.
    if let Some(status) = &mut object.status {
        status.conditions.shrink_to_fit();
    }
}

/// Drops the parts of a Job that the operator does not read, and the labels that repeat its name or
/// its owner. A map with one entry takes 600 bytes; most Jobs end up without any.
pub fn prune_job(object: &mut JobObject) {
    let metadata = &mut object.metadata;
    metadata.managed_fields = None;
    // The store finds a Job by its name.
    (metadata.uid, metadata.resource_version) = (None, None);
    if let Some(mut annotations) = metadata.annotations.take() {
        let mut note = |name: &str| annotations.remove(name).map(String::into_boxed_str);
        object.notes = JobNotes {
            is_complete: object.notes.is_complete,
            without: note(WITHOUT_ANNOTATION),
            plan_hash: note(PLAN_ANNOTATION),
            pod_settings: note(POD_SETTINGS_ANNOTATION),
        };
    }
    if let Some(owners) = &mut metadata.owner_references {
        owners.shrink_to_fit();
    }
    let owner = sole_owner(metadata).map(|owner| owner.name.clone());
    if let Some(labels) = &mut metadata.labels {
        labels.retain(|name, value| {
            name == QUEUE_LABEL || name == TRENDJOB_LABEL && owner.as_ref() != Some(value)
        });
    }
    metadata.labels.take_if(|labels| labels.is_empty());
    if let Some(status) = &mut object.status {
        let is_complete = |one: &JobCondition| one.kind == COMPLETE && one.status == "True";
        // The reason and the message of a success are of no use.
        object.notes.is_complete = status.conditions.iter().any(is_complete);
        status.conditions.retain(|one| one.kind == FAILED);
        status.conditions.shrink_to_fit();
    }
}

/// Returns the name of the TrendJob that a pruned Job belongs to: from its label, or else the name
/// of its owner. The Job that removes results has no owner.
pub fn trendjob_of(job: &ObjectMeta) -> Option<&str> {
    let labelled = job.labels.as_ref().and_then(|labels| labels.get(TRENDJOB_LABEL));
    labelled.or_else(|| Some(&sole_owner(job)?.name)).map(String::as_str)
}

/// Returns the only owner of a Job or `ConfigMap`, if it is a TrendJob.
fn sole_owner(metadata: &ObjectMeta) -> Option<&OwnerReference> {
    match metadata.owner_references.as_deref() {
        Some([owner]) if owner.kind == TrendJobResource::kind(&()) => Some(owner),
        _ => None,
    }
}

/// Returns true if the TrendJob with this uid is the only owner.
pub fn is_child(metadata: &ObjectMeta, owner: &str) -> bool {
    sole_owner(metadata).is_some_and(|sole| sole.uid == owner)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pruned(labels: &serde_json::Value, owner: &serde_json::Value) -> JobObject {
        let conditions = [("SuccessCriteriaMet", "x"), ("Complete", "all pods have succeeded")];
        let conditions = conditions.map(|(kind, message)| {
            serde_json::json!({"type": kind, "status": "True", "reason": "Done", "message": message})
        });
        let mut job: JobObject = serde_json::from_value(serde_json::json!({
            "apiVersion": "batch/v1", "kind": "Job", "spec": {}, "status": {"conditions": conditions},
            "metadata": {
                "name": "x", "uid": "v", "labels": labels, "ownerReferences": [owner],
                "annotations": {PLAN_ANNOTATION: "hash", POD_SETTINGS_ANNOTATION: "settings", "other": "z"},
            },
        }))
        .unwrap();
        prune_job(&mut job);
        job
    }

    #[test]
    fn a_pruned_job_keeps_only_facts_that_its_owner_does_not_repeat() {
        let (kind, job) = ("TrendJob", "job");
        let owner = |kind: &str| serde_json::json!({"apiVersion": "x", "kind": kind, "name": "job", "uid": "u"});
        let labels = serde_json::json!({TRENDJOB_LABEL: job, "other": "y"});
        let ours = pruned(&labels, &owner(kind));
        assert_eq!((ours.metadata.labels.as_ref(), trendjob_of(&ours.metadata)), (None, Some(job)));
        assert!(is_child(&ours.metadata, "u") && !is_child(&ours.metadata, "v"));
        let note = |text: &str| Some(Box::from(text));
        let (plan_hash, pod_settings) = (note("hash"), note("settings"));
        let notes = JobNotes { is_complete: true, without: None, plan_hash, pod_settings };
        assert_eq!((&ours.notes, ours.metadata.annotations.as_ref()), (&notes, None));
        assert_eq!(ours.status.unwrap(), JobStatus::default());
        // An owner of another kind does not name the TrendJob.
        let taken = pruned(&labels, &owner("Pod"));
        assert_eq!(trendjob_of(&taken.metadata), Some(job));
        assert!(!is_child(&taken.metadata, "u"));
        let queued = pruned(&serde_json::json!({QUEUE_LABEL: "team"}), &owner("TrendJob"));
        assert!(queued.metadata.labels.is_some_and(|labels| labels.contains_key(QUEUE_LABEL)));
    }

    #[test]
    fn an_unknown_spec_does_not_stop_the_watch() {
        let text = r#"{"apiVersion":"trendjob.dev/v1alpha1","kind":"TrendJob","metadata":{"name":"x"},"spec":{"surprise":[1]}}"#;
        let object: TrendJobObject = serde_json::from_str(text).unwrap();
        assert_eq!(&*object.spec.0, r#"{"surprise":[1]}"#);
        assert_eq!(serde_json::to_value(&object).unwrap()["spec"]["surprise"][0], 1);
    }

    #[test]
    fn an_unreadable_status_does_not_stop_the_watch_and_counts_as_absent() {
        let of = |status: serde_json::Value| -> Option<TrendJobStatus> {
            let object =
                serde_json::json!({"metadata": {"name": "x"}, "spec": {}, "status": status});
            serde_json::from_value::<TrendJobObject>(object).unwrap().status
        };
        assert_eq!(of(serde_json::json!({"restarts": 2})).unwrap().restarts, Some(2));
        let too_large = u64::from(u32::MAX) + 1;
        for status in [
            serde_json::json!({"restarts": too_large}),
            serde_json::json!({"conditions": "none"}),
            serde_json::json!({"restarts": 1.5}),
            serde_json::json!(null),
        ] {
            assert_eq!(of(status.clone()), None, "{status}");
        }
    }
}
