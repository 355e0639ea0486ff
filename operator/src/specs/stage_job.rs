//! The Job of a stage. Owns the rules for retries: a failure that no retry can fix ends the index
//! or the Job; a pod that was moved or stopped is not at fault, so its end costs no retry.

use std::collections::BTreeMap;

use k8s_openapi::api::batch::v1::{
    Job, JobSpec, PodFailurePolicy, PodFailurePolicyOnExitCodesRequirement,
    PodFailurePolicyOnPodConditionsPattern, PodFailurePolicyRule,
};
use trendjob::ExitStatus;

use super::{metadata, pod};
use crate::condition_types::pod::DISRUPTION_TARGET;
use crate::names::{
    PLAN_ANNOTATION, POD_SETTINGS_ANNOTATION, QUEUE_LABEL, STAGE_LABEL, Stage, WITHOUT_ANNOTATION,
};
use crate::observed::StartedRun;
use crate::pass::Pass;

/// The next Job of a run, with everything that its pods need to know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct NextJob {
    /// Its stage.
    pub(crate) stage: Stage,
    /// The number of Jobs of this stage before it.
    pub(crate) number: u32,
    /// The number of indexes; `None` for a stage of one pod.
    pub(crate) indexes: Option<u32>,
    /// The hash of the plan; `None` for the stage that makes the plan.
    pub(crate) plan_hash: Option<String>,
    /// The shards that failed and are not in the result, like `3,17-19`; often empty.
    pub(crate) without: String,
}

impl NextJob {
    /// The first Job of every run.
    pub(crate) const fn plan() -> Self {
        Self {
            stage: Stage::Plan,
            number: 0,
            indexes: None,
            plan_hash: None,
            without: String::new(),
        }
    }
}

/// The Job of a stage.
pub(crate) fn stage_job(pass: &Pass<'_>, pinned: &StartedRun, next: &NextJob) -> Job {
    let (trendjob, stage) = (pass.trendjob, next.stage);
    let run = trendjob.run_name(pinned.config.restart);
    let mut metadata = metadata::child(trendjob, &run, run.job(stage, next.number));
    let labels = metadata.labels.get_or_insert_default();
    labels.insert(STAGE_LABEL.to_owned(), stage.name().to_owned());
    let template = pod::template(pass, pinned, stage, arguments(next), labels.clone());
    labels.extend(trendjob.queue_labels.clone());
    metadata.annotations = Some(annotations(next, &trendjob.pods(stage).hash));
    let policy = &trendjob.spec.failure_policy;
    let retries = i32::try_from(policy.backoff_limit_per_shard).ok();
    let count = |number: u32| i32::try_from(number).ok();
    // Only shards may be missing: without a partition the result would be wrong.
    let gaps = if stage == Stage::Etl { policy.max_failed_shards } else { 0 };
    let indexes = next.indexes;
    let spec = JobSpec {
        completion_mode: Some(if indexes.is_some() { "Indexed" } else { "NonIndexed" }.to_owned()),
        completions: count(indexes.unwrap_or(1)),
        parallelism: count(indexes.map_or(1, |indexes| trendjob.parallelism(indexes))),
        backoff_limit: retries.filter(|_| indexes.is_none()),
        backoff_limit_per_index: retries.filter(|_| indexes.is_some()),
        max_failed_indexes: indexes.and_then(|indexes| count(gaps.min(indexes))),
        pod_failure_policy: Some(failure_policy(indexes.is_some())),
        pod_replacement_policy: Some("Failed".to_owned()),
        suspend: trendjob.queue_labels.contains_key(QUEUE_LABEL).then_some(true),
        template,
        ..JobSpec::default()
    };
    Job { metadata, spec: Some(spec), status: None }
}

fn annotations(next: &NextJob, pod_settings: &str) -> BTreeMap<String, String> {
    let mut annotations =
        BTreeMap::from([(POD_SETTINGS_ANNOTATION.to_owned(), pod_settings.to_owned())]);
    if let Some(hash) = &next.plan_hash {
        annotations.insert(PLAN_ANNOTATION.to_owned(), hash.clone());
    }
    if !next.without.is_empty() {
        annotations.insert(WITHOUT_ANNOTATION.to_owned(), next.without.clone());
    }
    annotations
}

fn arguments(next: &NextJob) -> Vec<String> {
    let mut arguments = vec![next.stage.name().to_owned()];
    arguments.extend(next.plan_hash.as_ref().map(|hash| format!("--plan-hash={hash}")));
    if !next.without.is_empty() {
        arguments.push(format!("--without-shards={}", next.without));
    }
    arguments
}

/// The rules in order: the first that matches decides.
fn failure_policy(is_indexed: bool) -> PodFailurePolicy {
    let disrupted = PodFailurePolicyRule {
        action: "Ignore".to_owned(),
        on_pod_conditions: Some(vec![PodFailurePolicyOnPodConditionsPattern {
            type_: DISRUPTION_TARGET.to_owned(),
            status: "True".to_owned(),
        }]),
        on_exit_codes: None,
    };
    let for_good = if is_indexed { "FailIndex" } else { "FailJob" };
    PodFailurePolicy {
        rules: vec![
            disrupted,
            on_exit(ExitStatus::Stopped, "Ignore"),
            on_exit(ExitStatus::Failed, for_good),
        ],
    }
}

fn on_exit(status: ExitStatus, action: &str) -> PodFailurePolicyRule {
    PodFailurePolicyRule {
        action: action.to_owned(),
        on_exit_codes: Some(PodFailurePolicyOnExitCodesRequirement {
            container_name: None,
            operator: "In".to_owned(),
            values: vec![i32::from(status.exit_code())],
        }),
        on_pod_conditions: None,
    }
}
