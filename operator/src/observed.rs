//! The state of the cluster that one pass over one TrendJob depends on: values, no clients.

use std::collections::BTreeMap;

use k8s_openapi::jiff::Timestamp;
use trendjob::{PlanSummary, RunConfig, TerminationMessage};

use crate::condition_types;
use crate::diagnosis::Finding;
use crate::names::{QUEUE_LABEL, Stage};
use crate::object::{JobCondition, JobObject, JobStatus};

/// A run that has begun, from its `ConfigMap`.
#[derive(Debug, Clone, PartialEq)]
pub struct StartedRun {
    /// The configuration of its pods.
    pub config: RunConfig,
    /// The restart annotation of the TrendJob when the run began.
    pub restart: Option<String>,
    /// The number of runs since a user last started one, this one included; at least 1.
    pub tries: u32,
    /// The time at which it began.
    pub created: Timestamp,
}

/// A Job of the current run.
#[derive(Debug, Clone, PartialEq)]
pub struct ObservedJob {
    /// Its name.
    pub name: String,
    /// Its stage.
    pub stage: Stage,
    /// True if it is being deleted.
    pub is_deleted: bool,
    /// True if it is suspended.
    pub is_suspended: bool,
    /// True if a queue decides when its pods run: the Job itself has the label, which the queue
    /// reads.
    pub is_queued: bool,
    /// The number of pods that may run at once.
    pub parallelism: u32,
    /// The number of its indexes.
    pub completions: u32,
    /// The shards that failed and are not in the result, like `3,17-19`.
    pub without: String,
    /// The hash of the run's plan.
    pub plan_hash: Option<String>,
    /// The hash of the pod settings that it was made with; `None` on a Job of an earlier release.
    pub pod_settings: Option<String>,
    /// The time of its creation.
    pub created: Option<Timestamp>,
    /// The numbers of its pods.
    pub status: JobStatus,
    /// Its end, if it has ended.
    pub end: Option<End>,
}

/// The end of a Job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum End {
    /// All its pods or indexes succeeded.
    Complete,
    /// It failed.
    Failed {
        /// Kubernetes' reason.
        reason: String,
        /// Kubernetes' message.
        message: String,
    },
}

impl ObservedJob {
    /// The state of a watched Job, which was pruned.
    pub fn of(stage: Stage, job: &JobObject) -> Self {
        let status = job.status.clone().unwrap_or_default();
        let metadata = &job.metadata;
        let note = |text: Option<&Box<str>>| text.map(ToString::to_string);
        let failed = || {
            let is_failed = |one: &&JobCondition| {
                one.kind == condition_types::job::FAILED && one.status == "True"
            };
            let failed = status.conditions.iter().find(is_failed)?;
            Some(End::Failed { reason: failed.reason.clone(), message: failed.message.clone() })
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
            pod_settings: note(job.notes.pod_settings.as_ref()),
            created: metadata.creation_timestamp.as_ref().map(|time| time.0),
            status,
            end,
        }
    }

    /// Returns true if the Job has fewer pods than it should: they can't be created, are not
    /// created yet, or failed and wait for another attempt.
    pub fn lacks_pods(&self) -> bool {
        let left = self.completions.saturating_sub(self.status.succeeded);
        self.status.active < self.parallelism.min(left)
    }

    /// Returns true if its pods may be running.
    pub fn is_running(&self) -> bool {
        self.end.is_none() && !self.is_deleted && !self.is_suspended
    }
}

/// The state of the cluster around one TrendJob.
#[derive(Debug, Clone, Default)]
pub struct ClusterState {
    /// The current run.
    pub run: Option<StartedRun>,
    /// Its Jobs by stage; the last one of a stage that was repeated.
    pub jobs: BTreeMap<Stage, ObservedJob>,
    /// The number of Jobs of each stage, more than 1 if it was repeated.
    pub repeated: BTreeMap<Stage, u32>,
    /// The names of Jobs that are left from the previous run.
    pub previous: Vec<String>,
    /// The termination messages of finished plan and publish pods.
    pub messages: BTreeMap<Stage, TerminationMessage>,
    /// The cause for pods that fail or don't come up.
    pub finding: Option<Finding>,
    /// The Job or `ConfigMap` of the next step that the API server refuses to create, and the
    /// reason.
    pub refusal: Option<String>,
    /// The number of the run whose `ConfigMap` can't be read, and the reason.
    pub unreadable: Option<(u32, String)>,
    /// Pods whose deletion does not end, by name and uid.
    pub stuck_pods: Vec<(String, String)>,
    /// True if pods still have time to come up or to end, so the next look is soon.
    pub look_again: bool,
    /// True if the namespace is being deleted and waits for pods, which wait for their Jobs.
    pub is_namespace_terminating: bool,
    /// True if the claim of the input can be mounted on one node at a time.
    pub is_single_node: bool,
    /// The remains of a TrendJob that is being deleted.
    pub deletion: Deletion,
}

impl ClusterState {
    /// The plan that the plan pod reported.
    pub fn reported_plan(&self) -> Option<&PlanSummary> {
        self.messages.get(&Stage::Plan)?.plan.as_ref()
    }

    /// The Jobs that have not ended and are not being deleted.
    pub fn unfinished_jobs(&self) -> impl Iterator<Item = &ObservedJob> {
        self.jobs.values().filter(|job| job.end.is_none() && !job.is_deleted)
    }
}

/// The remains of a TrendJob that is being deleted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Deletion {
    /// The names of the Jobs of its runs, without those that are being deleted.
    pub jobs: Vec<String>,
    /// True if pods of its runs are left. Not looked up once the Job that removes its results
    /// exists.
    pub has_pods: bool,
    /// The Job that removes its results.
    pub purge: Option<Purge>,
    /// True if its namespace is being deleted, where nothing can be created any more.
    pub is_namespace_terminating: bool,
}

/// The state of the Job that removes results.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Purge {
    /// It is at work.
    Running,
    /// It is done.
    Done,
    /// It failed, for this reason.
    Failed(String),
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_job_lacks_pods_if_fewer_are_active_than_its_work_needs() {
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
        assert!(lacks(10, 40, 9, 0), "the quota allows nine");
        assert!(!lacks(10, 40, 10, 5));
        assert!(!lacks(10, 40, 3, 37), "the last three");
        assert!(!lacks(10, 40, 0, 40) && !lacks(0, 40, 0, 0), "nothing is left to do");
    }
}
