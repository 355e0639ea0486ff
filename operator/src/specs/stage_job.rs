//! The Job of a stage. Owns which ends of a pod are tried again: what no retry mends ends the index, or
//! the Job; being moved or stopped is nobody's fault and counts as nothing.

use std::collections::BTreeMap;

use k8s_openapi::api::batch::v1::{
    Job, JobSpec, PodFailurePolicy, PodFailurePolicyOnExitCodesRequirement,
    PodFailurePolicyOnPodConditionsPattern, PodFailurePolicyRule,
};
use k8s_openapi::api::core::v1::PodTemplateSpec;
use trendjob::Outcome;

use super::{metadata, pod};
use crate::names::{
    PARTS_ANNOTATION, PLAN_ANNOTATION, QUEUE_LABEL, RunName, STAGE_LABEL, Stage, WITHOUT_ANNOTATION,
};
use crate::observed::{Observed, Valid};
use crate::plan::{parallelism, plan_hash};
use crate::settings::Settings;

/// The Job of a stage; `None` before what it needs is known.
pub(crate) fn stage_job(
    job: &Valid,
    observed: &Observed,
    settings: &Settings,
    stage: Stage,
    number: u32,
    without: &str,
) -> Option<Job> {
    let pinned = observed.run.as_ref()?;
    let run = RunName { name: &job.name, uid: &job.uid, restart: pinned.config.restart };
    let indexes = match stage {
        Stage::Plan | Stage::Publish => None,
        Stage::Etl => Some(shards(job, observed)?),
        Stage::Aggregate | Stage::Score => Some(pinned.config.spec.sharding.partitions),
    };
    let hash = if stage == Stage::Plan { None } else { Some(plan_hash(job, observed)?) };
    let mut metadata = metadata::child(job, &run, run.job(stage, number));
    let mut labels = metadata.labels.take().unwrap_or_default();
    labels.insert(STAGE_LABEL.to_owned(), stage.name().to_owned());
    let pod_labels = labels.clone();
    labels.extend(job.queue_labels.clone());
    metadata.labels = Some(labels);
    let parts = pod::parts_hash(job, stage);
    let mut annotations = BTreeMap::from([(PARTS_ANNOTATION.to_owned(), parts)]);
    if let Some(hash) = &hash {
        annotations.insert(PLAN_ANNOTATION.to_owned(), hash.clone());
    }
    if !without.is_empty() {
        annotations.insert(WITHOUT_ANNOTATION.to_owned(), without.to_owned());
    }
    metadata.annotations = Some(annotations);
    let arguments = arguments(stage, hash.as_deref(), without);
    let template = pod::template(job, pinned, settings, stage, observed.is_single_node, arguments);
    let retries = i32::try_from(job.spec.failure_policy.backoff_limit_per_shard).ok();
    let count = |number: u32| i32::try_from(number).ok();
    // Only etl may have gaps: a partition that is missing would be a wrong result.
    let gaps = if stage == Stage::Etl { job.spec.failure_policy.max_failed_shards } else { 0 };
    let spec = JobSpec {
        completion_mode: Some(if indexes.is_some() { "Indexed" } else { "NonIndexed" }.to_owned()),
        completions: count(indexes.unwrap_or(1)),
        parallelism: count(indexes.map_or(1, |indexes| parallelism(job, indexes))),
        backoff_limit: retries.filter(|_| indexes.is_none()),
        backoff_limit_per_index: retries.filter(|_| indexes.is_some()),
        max_failed_indexes: indexes.and_then(|indexes| count(gaps.min(indexes))),
        pod_failure_policy: Some(failure_policy(indexes.is_some())),
        pod_replacement_policy: Some("Failed".to_owned()),
        suspend: job.queue_labels.contains_key(QUEUE_LABEL).then_some(true),
        template: labelled(template, pod_labels),
        ..JobSpec::default()
    };
    Some(Job { metadata, spec: Some(spec), status: None })
}

/// How many shards the plan has.
fn shards(job: &Valid, observed: &Observed) -> Option<u32> {
    let told = observed.messages.get(&Stage::Plan).and_then(|message| message.plan.as_ref());
    let noted = || job.status.shards.as_ref().map(|shards| shards.total);
    told.map(|plan| plan.shards).or_else(noted).filter(|shards| *shards > 0)
}

fn arguments(stage: Stage, hash: Option<&str>, without: &str) -> Vec<String> {
    let mut arguments = vec![stage.name().to_owned()];
    arguments.extend(hash.map(|hash| format!("--plan-hash={hash}")));
    if !without.is_empty() {
        arguments.push(format!("--without-shards={without}"));
    }
    arguments
}

fn labelled(mut template: PodTemplateSpec, labels: BTreeMap<String, String>) -> PodTemplateSpec {
    let metadata = template.metadata.get_or_insert_default();
    // Ours win: lists and network policies rest on them.
    metadata.labels.get_or_insert_default().extend(labels);
    template
}

/// In this order: the first rule that matches decides.
fn failure_policy(is_indexed: bool) -> PodFailurePolicy {
    let disrupted = PodFailurePolicyRule {
        action: "Ignore".to_owned(),
        on_pod_conditions: Some(vec![PodFailurePolicyOnPodConditionsPattern {
            type_: "DisruptionTarget".to_owned(),
            status: "True".to_owned(),
        }]),
        on_exit_codes: None,
    };
    let for_good = if is_indexed { "FailIndex" } else { "FailJob" };
    PodFailurePolicy {
        rules: vec![
            disrupted,
            on_exit(Outcome::Stopped, "Ignore"),
            on_exit(Outcome::Failed, for_good),
        ],
    }
}

fn on_exit(outcome: Outcome, action: &str) -> PodFailurePolicyRule {
    PodFailurePolicyRule {
        action: action.to_owned(),
        on_exit_codes: Some(PodFailurePolicyOnExitCodesRequirement {
            container_name: None,
            operator: "In".to_owned(),
            values: vec![i32::from(outcome.exit_code())],
        }),
        on_pod_conditions: None,
    }
}
