//! The input of one pass: values, no clients. Owns the order in which the plan pod, the status and
//! the Jobs are searched for a fact about a run.

use k8s_openapi::jiff::Timestamp;

use crate::observed::ClusterState;
use crate::settings::Settings;
use crate::validate::CheckedTrendJob;

/// Everything that the policies and the specs of one pass may look at.
#[derive(Debug, Clone, Copy)]
pub struct Pass<'a> {
    /// The TrendJob with its last status.
    pub trendjob: &'a CheckedTrendJob,
    /// The state of the cluster.
    pub observed: &'a ClusterState,
    /// The settings of the operator.
    pub settings: &'a Settings,
    /// The time of the pass.
    pub now: Timestamp,
}

impl Pass<'_> {
    /// Returns the hash of the current run's plan: from the plan pod, the status or an annotation
    /// of a Job. Only the annotation has it if the plan pod was removed before the status was
    /// written.
    pub(crate) fn plan_hash(&self) -> Option<String> {
        let status = &self.trendjob.status;
        let run = self.observed.run.as_ref().map(|run| run.config.run());
        let reported = self.observed.reported_plan().map(|plan| plan.hash.clone());
        let noted = || status.plan_hash.clone().filter(|_| status.run_uid == run);
        let annotated = || self.observed.jobs.values().find_map(|job| job.plan_hash.clone());
        reported.or_else(noted).or_else(annotated)
    }

    /// Returns the number of shards of the plan, at least 1: from the plan pod or the status.
    pub(crate) fn shards(&self) -> Option<u32> {
        let reported = self.observed.reported_plan().map(|plan| plan.shards);
        let noted = || self.trendjob.status.shards.as_ref().map(|shards| shards.total);
        reported.or_else(noted).filter(|shards| *shards > 0)
    }
}
