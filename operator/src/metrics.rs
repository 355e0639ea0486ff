//! The metrics of the operator. Owns their names, labels and buckets.

use std::time::Duration;

use k8s_openapi::api::batch::v1::Job;
use k8s_openapi::jiff::Timestamp;
use trendjob::TrendJobStatus;

use crate::names::{STAGE_LABEL, Stage};
use crate::object::TrendJobObject;
use crate::observed::ClusterState;
use crate::plan::state::STAGES;
use crate::times::StatusTimes;

/// Records a pass that is over, and the reason of its error if it failed.
pub(crate) fn reconciled(took: Duration, error: Option<&'static str>) {
    metrics::histogram!("trendjob_operator_reconcile_seconds").record(took);
    metrics::counter!("trendjob_operator_reconciles_total").increment(1);
    if let Some(reason) = error {
        metrics::counter!("trendjob_operator_reconcile_errors_total", "reason" => reason)
            .increment(1);
    }
}

/// Records a Job that was created; for the first Job of a TrendJob also the time since the API
/// server accepted the TrendJob.
pub(crate) fn job_created(object: &TrendJobObject, job: &Job) {
    let labels = job.metadata.labels.as_ref();
    let stage = labels.and_then(|labels| labels.get(STAGE_LABEL)).cloned().unwrap_or_default();
    let restarts = object.status.as_ref().and_then(|status| status.restarts).unwrap_or(0);
    if stage == Stage::Plan.name()
        && restarts == 0
        && let Some(accepted) = &object.metadata.creation_timestamp
    {
        let seconds = Timestamp::now().duration_since(accepted.0).as_secs_f64();
        metrics::histogram!("trendjob_operator_first_job_seconds").record(seconds);
    }
    metrics::counter!("trendjob_operator_jobs_created_total", "stage" => stage).increment(1);
}

/// Records a status that has changed.
pub(crate) fn progressed(
    before: Option<&TrendJobStatus>,
    status: &TrendJobStatus,
    observed: &ClusterState,
) {
    let is_new = before.is_none_or(|before| before.plan_hash != status.plan_hash);
    if let Some(plan) = observed.reported_plan().filter(|_| is_new) {
        let plain = plan.objects.saturating_sub(plan.compressed);
        for (compressed, count) in [("yes", plan.compressed), ("no", plain)] {
            metrics::counter!("trendjob_operator_input_objects_total", "compressed" => compressed)
                .increment(count);
        }
    }
    let ended_before = before.is_some_and(|before| before.completion_time.is_some());
    let is_same = before.is_some_and(|before| before.run_uid == status.run_uid);
    if status.completion_time.is_none() || (ended_before && is_same) {
        return;
    }
    let outcome = status.stage.clone().unwrap_or_default();
    metrics::counter!("trendjob_operator_runs_total", "outcome" => outcome).increment(1);
    if let Some(shards) = &status.shards {
        let outcomes = [("succeeded", shards.succeeded), ("failed", shards.failed)];
        for (outcome, count) in outcomes {
            metrics::counter!("trendjob_operator_shards_total", "outcome" => outcome)
                .increment(u64::from(count));
        }
    }
    if let Some(seconds) = status.active_seconds {
        metrics::histogram!("trendjob_operator_run_active_seconds").record(seconds as f64);
    }
}

/// The histogram buckets of long times, in seconds: a run may take an hour, and the tail matters.
const LONG: [f64; 14] =
    [0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1_200.0, 1_800.0, 3_600.0];

/// Starts the recording of metrics.
pub(crate) fn init() {
    service::metrics::init_with(&[
        ("trendjob_operator_run_active_seconds", &LONG),
        ("trendjob_operator_first_job_seconds", &LONG),
    ]);
}

/// Records the failure of a watch, which then begins again.
pub(crate) fn watch_failed(resource: &'static str) {
    metrics::counter!("trendjob_operator_watch_errors_total", "resource" => resource).increment(1);
}

/// Records the time since each watch last received anything.
pub(crate) fn watches(ages: &[(String, Duration)]) {
    for (path, age) in ages {
        metrics::gauge!("trendjob_operator_watch_age_seconds", "path" => path.clone())
            .set(age.as_secs_f64());
    }
}

/// Records the number of fields of TrendJobs that this operator knows and the cluster does not.
pub(crate) fn definition(lacking: usize) {
    metrics::gauge!("trendjob_operator_definition_lacking_fields").set(lacking as f64);
}

/// Records the number of TrendJobs that wait for a pass.
pub(crate) fn queue(depth: usize) {
    metrics::gauge!("trendjob_operator_queue_depth").set(depth as f64);
}

/// Records whether this operator holds the Lease.
pub(crate) fn leading(is_leading: bool) {
    metrics::gauge!("trendjob_operator_leading").set(if is_leading { 1.0 } else { 0.0 });
}

/// Records the number of TrendJobs by stage, and the age of the oldest run that has not ended.
pub(crate) fn runs(trendjobs: impl Iterator<Item = std::sync::Arc<TrendJobObject>>) {
    let now = Timestamp::now();
    let mut oldest = 0.0_f64;
    let mut stages: std::collections::BTreeMap<String, u32> =
        STAGES.map(|stage| (stage.to_owned(), 0)).into();
    for object in trendjobs {
        let Some(status) = &object.status else { continue };
        if let Some(stage) = &status.stage {
            *stages.entry(stage.clone()).or_default() += 1;
        }
        let started = StatusTimes::of(status).started;
        if let Some(started) = started.filter(|_| status.completion_time.is_none()) {
            oldest = oldest.max(now.duration_since(started).as_secs_f64());
        }
    }
    for (stage, count) in stages {
        metrics::gauge!("trendjob_operator_trendjobs", "stage" => stage).set(f64::from(count));
    }
    metrics::gauge!("trendjob_operator_oldest_run_seconds").set(oldest);
}
