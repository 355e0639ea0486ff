//! Watched objects, with nothing in them that is not needed: thousands of finished ones are kept in
//! memory. Owns what is kept of a TrendJob and of a Job; refuses to judge either.

use std::borrow::Cow;
use std::fmt;

use k8s_openapi::api::batch::v1::Job;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{OwnerReference, Time};
use kube::Resource;
use kube::core::{NamespaceResourceScope, ObjectMeta};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use trendjob::{TrendJobResource, TrendJobStatus};

use crate::names::{JOB_LABEL, PARTS_ANNOTATION, PLAN_ANNOTATION, QUEUE_LABEL, WITHOUT_ANNOTATION};

/// A TrendJob as it is watched. Whatever is in it, it can be read: one that can't would keep all others
/// from being listed.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct TrendJobObject {
    /// What every object has.
    pub metadata: ObjectMeta,
    /// What is asked for; parsed when it is reconciled.
    pub spec: SpecText,
    /// What was last said about it; nothing, if that is no status of this version.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "readable")]
    pub status: Option<TrendJobStatus>,
}

/// A Job as it is watched.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct JobObject {
    /// What every object has.
    pub metadata: ObjectMeta,
    /// What is asked for.
    #[serde(default)]
    pub spec: JobSpec,
    /// What has become of it.
    pub status: Option<JobStatus>,
    /// What else is kept; filled when it is pruned.
    #[serde(skip)]
    pub notes: JobNotes,
}

/// What is kept of what a pruned Job doesn't hold any more.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct JobNotes {
    /// Whether it is complete: the condition, without why.
    pub is_complete: bool,
    /// The shards its pods go on without.
    pub without: Option<Box<str>>,
    /// The plan its pods go by.
    pub plan_hash: Option<Box<str>>,
    /// What the spec said about its pods.
    pub parts: Option<Box<str>>,
}

/// Makes a watched object one of the resource it is part of.
macro_rules! part_of {
    ($part:ty, $whole:ty) => {
        impl Resource for $part {
            type DynamicType = ();
            type Scope = NamespaceResourceScope;

            fn kind((): &()) -> Cow<'_, str> {
                <$whole as Resource>::kind(&())
            }

            fn group((): &()) -> Cow<'_, str> {
                <$whole as Resource>::group(&())
            }

            fn version((): &()) -> Cow<'_, str> {
                <$whole as Resource>::version(&())
            }

            fn plural((): &()) -> Cow<'_, str> {
                <$whole as Resource>::plural(&())
            }

            fn meta(&self) -> &ObjectMeta {
                &self.metadata
            }

            fn meta_mut(&mut self) -> &mut ObjectMeta {
                &mut self.metadata
            }
        }
    };
}
part_of!(TrendJobObject, TrendJobResource);
part_of!(JobObject, Job);

/// A status, or nothing where it can't be read.
fn readable<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<TrendJobStatus>, D::Error> {
    let tree = serde_json::Value::deserialize(deserializer)?;
    if tree.is_null() {
        return Ok(None);
    }
    Ok(TrendJobStatus::deserialize(tree)
        .inspect_err(|error| tracing::warn!(%error, "a status is not one of this version"))
        .ok())
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
    /// Failed; others are not kept.
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
    let metadata = &mut object.metadata;
    metadata.managed_fields = None;
    if let Some(annotations) = &mut metadata.annotations {
        annotations.remove("kubectl.kubernetes.io/last-applied-configuration");
    }
    metadata.annotations.take_if(|annotations| annotations.is_empty());
    // Of nine conditions a parser leaves room for sixteen.
    if let Some(status) = &mut object.status {
        status.conditions.shrink_to_fit();
    }
}

/// Drops of a Job what only others read; of its labels, what its name or its owner says too. A map with
/// one entry takes 600 bytes, and of most Jobs none is left.
pub fn prune_job(object: &mut JobObject) {
    let metadata = &mut object.metadata;
    metadata.managed_fields = None;
    // It is named by its name.
    (metadata.uid, metadata.resource_version) = (None, None);
    if let Some(mut annotations) = metadata.annotations.take() {
        let mut note = |name: &str| annotations.remove(name).map(String::into_boxed_str);
        object.notes = JobNotes {
            is_complete: object.notes.is_complete,
            without: note(WITHOUT_ANNOTATION),
            plan_hash: note(PLAN_ANNOTATION),
            parts: note(PARTS_ANNOTATION),
        };
    }
    if let Some(owners) = &mut metadata.owner_references {
        owners.shrink_to_fit();
    }
    let owner = sole_owner(metadata).map(|owner| owner.name.clone());
    if let Some(labels) = &mut metadata.labels {
        labels.retain(|name, value| {
            name == QUEUE_LABEL || name == JOB_LABEL && owner.as_ref() != Some(value)
        });
    }
    metadata.labels.take_if(|labels| labels.is_empty());
    if let Some(status) = &mut object.status {
        let is_complete = |one: &JobCondition| one.kind == "Complete" && one.status == "True";
        // Why something went well nobody asks.
        object.notes.is_complete = status.conditions.iter().any(is_complete);
        status.conditions.retain(|one| one.kind == "Failed");
        status.conditions.shrink_to_fit();
    }
}

/// The name of the TrendJob that a pruned Job was made for: its owner's, or its label's, for the Job that
/// removes results has no owner.
pub fn trendjob_of(job: &ObjectMeta) -> Option<&str> {
    let labelled = job.labels.as_ref().and_then(|labels| labels.get(JOB_LABEL));
    labelled.or_else(|| Some(&sole_owner(job)?.name)).map(String::as_str)
}

/// The only owner of an object, if that is a TrendJob.
fn sole_owner(metadata: &ObjectMeta) -> Option<&OwnerReference> {
    match metadata.owner_references.as_deref() {
        Some([owner]) if owner.kind == TrendJobResource::kind(&()) => Some(owner),
        _ => None,
    }
}

/// Whether an object is a child of the owner with this uid, and of nobody else.
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
                "annotations": {PLAN_ANNOTATION: "hash", PARTS_ANNOTATION: "parts", "other": "z"},
            },
        }))
        .unwrap();
        prune_job(&mut job);
        job
    }

    #[test]
    fn of_a_job_only_what_its_owner_does_not_say_is_kept() {
        let (kind, job) = ("TrendJob", "job");
        let owner = |kind: &str| serde_json::json!({"apiVersion": "x", "kind": kind, "name": "job", "uid": "u"});
        let labels = serde_json::json!({JOB_LABEL: job, "other": "y"});
        let ours = pruned(&labels, &owner(kind));
        assert_eq!((ours.metadata.labels.as_ref(), trendjob_of(&ours.metadata)), (None, Some(job)));
        assert!(is_child(&ours.metadata, "u") && !is_child(&ours.metadata, "v"));
        let note = |text: &str| Some(Box::from(text));
        let (plan_hash, parts) = (note("hash"), note("parts"));
        let notes = JobNotes { is_complete: true, without: None, plan_hash, parts };
        assert_eq!((&ours.notes, ours.metadata.annotations.as_ref()), (&notes, None));
        assert_eq!(ours.status.unwrap(), JobStatus::default());
        // Who took it over says nothing of the TrendJob it was made for.
        let taken = pruned(&labels, &owner("Pod"));
        assert_eq!(trendjob_of(&taken.metadata), Some(job));
        assert!(!is_child(&taken.metadata, "u"));
        let queued = pruned(&serde_json::json!({QUEUE_LABEL: "team"}), &owner("TrendJob"));
        assert!(queued.metadata.labels.is_some_and(|labels| labels.contains_key(QUEUE_LABEL)));
    }

    #[test]
    fn a_spec_that_is_none_stops_no_watch() {
        let text = r#"{"apiVersion":"trendjob.dev/v1alpha1","kind":"TrendJob","metadata":{"name":"x"},"spec":{"surprise":[1]}}"#;
        let object: TrendJobObject = serde_json::from_str(text).unwrap();
        assert_eq!(&*object.spec.0, r#"{"surprise":[1]}"#);
        assert_eq!(serde_json::to_value(&object).unwrap()["spec"]["surprise"][0], 1);
    }

    #[test]
    fn a_status_that_is_none_stops_no_watch_and_counts_as_absent() {
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
