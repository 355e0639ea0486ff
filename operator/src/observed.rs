//! What was seen of the cluster about one TrendJob in one pass: values, no clients. Owns their shape.

use std::collections::BTreeMap;

use k8s_openapi::jiff::Timestamp;
use trendjob::{DeletionPolicy, RunConfig, TerminationMessage, TrendJobSpec, TrendJobStatus};

use crate::diagnosis::Finding;
use crate::names::{QUEUE_LABEL, Stage};
use crate::object::{JobObject, JobStatus};

/// A TrendJob whose spec can be followed.
#[derive(Debug, Clone)]
pub struct Valid {
    /// Its name.
    pub name: String,
    /// Its namespace.
    pub namespace: String,
    /// Its uid.
    pub uid: String,
    /// The generation of the spec.
    pub generation: Option<i64>,
    /// What is asked for now; a run's own is in its [`Pinned`].
    pub spec: TrendJobSpec,
    /// What was last said about it.
    pub status: TrendJobStatus,
    /// Labels that its Jobs carry, too.
    pub queue_labels: BTreeMap<String, String>,
    /// The value of its restart annotation.
    pub restart: Option<String>,
    /// Whether it has the finalizer of this operator.
    pub has_finalizer: bool,
    /// Since when it is being deleted.
    pub deleted: Option<Timestamp>,
}

impl Valid {
    /// Whether its results go with it.
    pub fn is_purged(&self) -> bool {
        self.spec.deletion_policy == DeletionPolicy::Delete
    }

    /// Whether a condition holds.
    pub fn holds(&self, kind: &str) -> bool {
        let holds = |condition: &trendjob::Condition| {
            condition.kind == kind && condition.status == trendjob::ConditionStatus::True
        };
        self.status.conditions.iter().any(holds)
    }

    /// Whether its run has ended, well or not.
    pub fn is_finished(&self) -> bool {
        self.holds("Complete") || self.holds("Failed")
    }
}

/// A run that was begun: its `ConfigMap`.
#[derive(Debug, Clone, PartialEq)]
pub struct Pinned {
    /// What its pods are told.
    pub config: RunConfig,
    /// The restart annotation of the TrendJob when it began.
    pub restart: Option<String>,
    /// The runs since a user last started one, this one included, from 1.
    pub tries: u32,
    /// When it was begun.
    pub created: Timestamp,
}

/// A Job of the current run.
#[derive(Debug, Clone, PartialEq)]
pub struct ObservedJob {
    /// Its name.
    pub name: String,
    /// Its stage.
    pub stage: Stage,
    /// Whether it is going.
    pub is_deleted: bool,
    /// Whether its pods are held.
    pub is_suspended: bool,
    /// Whether a queue decides when its pods run: by the Job's own label, as the queue sees it.
    pub is_queued: bool,
    /// How many pods may run.
    pub parallelism: u32,
    /// How many indexes it has.
    pub completions: u32,
    /// The shards its pods go on without.
    pub without: String,
    /// The plan its pods go by.
    pub plan_hash: Option<String>,
    /// What the spec said about its pods.
    pub parts: Option<String>,
    /// When it was made.
    pub created: Option<Timestamp>,
    /// Its counts.
    pub status: JobStatus,
    /// How it ended.
    pub end: Option<End>,
}

/// How a Job ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum End {
    /// All its pods or indexes succeeded.
    Complete,
    /// Not all did.
    Failed {
        /// The reason Kubernetes gives.
        reason: String,
        /// What it says about it.
        message: String,
    },
}

impl ObservedJob {
    /// What is known of a watched Job, which was pruned.
    pub fn of(stage: Stage, job: &JobObject) -> Self {
        let status = job.status.clone().unwrap_or_default();
        let metadata = &job.metadata;
        let note = |text: Option<&Box<str>>| text.map(ToString::to_string);
        let failed = || {
            let held = status
                .conditions
                .iter()
                .find(|one| one.kind == "Failed" && one.status == "True")?;
            Some(End::Failed { reason: held.reason.clone(), message: held.message.clone() })
        };
        let end = job.notes.is_complete.then_some(End::Complete).or_else(failed);
        Self {
            name: metadata.name.clone().unwrap_or_default(),
            stage,
            is_deleted: metadata.deletion_timestamp.is_some(),
            is_suspended: job.spec.suspend,
            is_queued: metadata.labels.as_ref().is_some_and(|all| all.contains_key(QUEUE_LABEL)),
            parallelism: job.spec.parallelism,
            completions: job.spec.completions,
            without: note(job.notes.without.as_ref()).unwrap_or_default(),
            plan_hash: note(job.notes.plan_hash.as_ref()),
            parts: note(job.notes.parts.as_ref()),
            created: metadata.creation_timestamp.as_ref().map(|time| time.0),
            status,
            end,
        }
    }

    /// Whether there are fewer pods than there should be: they can't be made, are not made yet, or failed
    /// and wait to be tried again.
    pub fn lacks_pods(&self) -> bool {
        let left = self.completions.saturating_sub(self.status.succeeded);
        self.status.active < self.parallelism.min(left)
    }

    /// Whether its pods may be running.
    pub fn is_running(&self) -> bool {
        self.end.is_none() && !self.is_deleted && !self.is_suspended
    }
}

/// Everything that was seen.
#[derive(Debug, Clone, Default)]
pub struct Observed {
    /// The current run.
    pub run: Option<Pinned>,
    /// Its Jobs by stage; of a repeated one the last.
    pub jobs: BTreeMap<Stage, ObservedJob>,
    /// How many Jobs of a stage there were, where it was repeated.
    pub repeated: BTreeMap<Stage, u32>,
    /// The names of Jobs that are left of the run before.
    pub previous: Vec<String>,
    /// What the pods of finished plan and publish Jobs reported.
    pub messages: BTreeMap<Stage, TerminationMessage>,
    /// What is wrong with pods.
    pub finding: Option<Finding>,
    /// What of the next step the API server refuses to create, and why.
    pub refusal: Option<String>,
    /// The restart of a run whose `ConfigMap` can't be read, and why.
    pub unreadable: Option<(u32, String)>,
    /// Pods that are going but don't, by name and uid.
    pub stuck_pods: Vec<(String, String)>,
    /// Whether to look again soon at pods that have time left to come up or to go.
    pub look_again: bool,
    /// Whether the namespace is going, and waits for pods that wait for Jobs to go.
    pub is_namespace_going: bool,
    /// Whether the claim of the input is for one node at a time.
    pub is_single_node: bool,
    /// Of a TrendJob that is being deleted.
    pub deletion: Deletion,
}

/// What is left of a TrendJob that is being deleted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Deletion {
    /// Jobs of its runs.
    pub jobs: Vec<String>,
    /// Whether pods of them are left.
    pub has_pods: bool,
    /// The Job that removes its results.
    pub purge: Option<Purge>,
    /// Whether its namespace is going, where nothing can be created any more.
    pub is_namespace_going: bool,
}

/// The Job that removes results.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Purge {
    /// It works, since then.
    Running,
    /// It is done.
    Done,
    /// It gave up.
    Failed(String),
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn pods_are_lacking_where_fewer_are_active_than_there_is_work_for() {
        let lacks = |parallelism: u32, completions: u32, active: u32, succeeded: u32| {
            let job = json!({
                "apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "j"},
                "spec": {"parallelism": parallelism, "completions": completions},
                "status": {"active": active, "succeeded": succeeded},
            });
            ObservedJob::of(Stage::Etl, &serde_json::from_value(job).unwrap()).lacks_pods()
        };
        assert!(lacks(1, 1, 0, 0), "its only pod is refused, or not made yet");
        assert!(!lacks(1, 1, 1, 0));
        assert!(lacks(10, 40, 9, 0), "the quota ends at nine");
        assert!(!lacks(10, 40, 10, 5));
        assert!(!lacks(10, 40, 3, 37), "the last three");
        assert!(!lacks(10, 40, 0, 40) && !lacks(0, 40, 0, 0), "there is nothing to do");
    }
}
