//! The next step of a run, from the Jobs that exist. Owns the order of the stages, and the
//! treatment of failed shards and lost termination messages. A deleted Job is created again, unless
//! a later stage has begun.

use trendjob::ExitStatus;

use super::state::{Failure, State};
use crate::indexes;
use crate::names::Stage;
use crate::observed::{ClusterState, End, ObservedJob, StartedRun};
use crate::pass::Pass;
use crate::reasons::MESSAGE_LOST;
use crate::specs::NextJob;
use crate::validate::CheckedTrendJob;

/// The most Jobs of a stage whose pod succeeded without the operator reading its message.
pub(crate) const REPEATS: u32 = 3;

/// The next step.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Step {
    /// A stage is at work.
    Wait(Stage),
    /// A stage can begin.
    Create(NextJob),
    /// The run has ended.
    Ended(State),
}

impl Step {
    /// Its stage; the last one for an ended run.
    pub(super) const fn stage(&self) -> Stage {
        match self {
            Self::Wait(stage) => *stage,
            Self::Create(next) => next.stage,
            Self::Ended(_) => Stage::Publish,
        }
    }

    fn failed(stage: Stage, reason: &str, message: String) -> Self {
        Self::Ended(State::Failed(Failure::of(stage, reason, message)))
    }
}

/// The next step of a run.
pub(super) fn step(pass: &Pass<'_>, run: &StartedRun) -> Step {
    let Pass { trendjob, observed, .. } = *pass;
    let Some((stage, last)) = observed.jobs.last_key_value() else {
        return etl(pass).map_or_else(|| Step::Create(NextJob::plan()), Step::Create);
    };
    if last.is_deleted {
        return Step::Wait(*stage);
    }
    match &last.end {
        None => Step::Wait(*stage),
        Some(End::Failed { reason, message }) => match gaps(trendjob, last, reason) {
            Some(failed) => later(pass, run, Stage::Aggregate, failed),
            None => Step::Ended(State::Failed(failure(observed, last, reason, message))),
        },
        Some(End::Complete) => match stage {
            Stage::Plan | Stage::Publish => reported(pass, run, last),
            Stage::Etl => later(pass, run, Stage::Aggregate, ""),
            // The pinned configuration decides: workers of an earlier release score when they
            // publish.
            Stage::Aggregate if run.config.score_stage => {
                later(pass, run, Stage::Score, &last.without)
            }
            Stage::Aggregate | Stage::Score => later(pass, run, Stage::Publish, &last.without),
        },
    }
}

/// The Job of etl, once the plan is known.
fn etl(pass: &Pass<'_>) -> Option<NextJob> {
    Some(NextJob {
        stage: Stage::Etl,
        indexes: Some(pass.shards()?),
        plan_hash: Some(pass.plan_hash()?),
        ..NextJob::plan()
    })
}

/// A stage after etl, without these shards.
fn later(pass: &Pass<'_>, run: &StartedRun, stage: Stage, without: &str) -> Step {
    let Some(hash) = pass.plan_hash() else {
        let message =
            "the hash of the plan is lost: neither the status nor a Job holds it any more";
        return Step::failed(stage, MESSAGE_LOST, message.to_owned());
    };
    Step::Create(NextJob {
        stage,
        number: 0,
        indexes: stage.is_indexed().then_some(run.config.spec.sharding.partitions),
        plan_hash: Some(hash),
        without: without.to_owned(),
    })
}

/// The shards that failed, if the run may go on without them.
fn gaps<'a>(trendjob: &CheckedTrendJob, etl: &'a ObservedJob, reason: &str) -> Option<&'a str> {
    let failed = etl.status.failed_indexes.as_deref()?;
    let count = indexes::count(failed);
    let is_allowed = etl.stage == Stage::Etl
        && reason == "FailedIndexes"
        && count <= trendjob.spec.failure_policy.max_failed_shards
        && count < etl.completions;
    is_allowed.then_some(failed)
}

fn failure(observed: &ClusterState, job: &ObservedJob, reason: &str, message: &str) -> Failure {
    let finding = observed.finding.as_ref().filter(|finding| finding.stage == job.stage);
    if let Some(finding) = finding {
        return Failure::from(finding);
    }
    let failed = job.status.failed_indexes.as_deref().unwrap_or_default();
    let indexes = if failed.is_empty() {
        String::new()
    } else {
        format!(", indexes {}", indexes::shortened(failed))
    };
    Failure::of(job.stage, reason, format!("Job {}{indexes}: {message}", job.name))
}

/// The step after a plan or publish pod that succeeded, by its termination message.
fn reported(pass: &Pass<'_>, run: &StartedRun, job: &ObservedJob) -> Step {
    let stage = job.stage;
    let Some(message) = pass.observed.messages.get(&stage) else {
        return repeated(pass, run, job);
    };
    if message.outcome == ExitStatus::Superseded {
        return Step::Ended(State::Superseded);
    }
    if let Some(result) = message.result.clone() {
        let (records, warning) = (message.records, message.warning.clone());
        return Step::Ended(State::Complete { result, records, warning });
    }
    if let Some(next) = etl(pass).filter(|_| message.plan.is_some()) {
        return Step::Create(next);
    }
    let message = format!("the {stage} pod reported neither a plan nor a result");
    Step::failed(stage, "InvalidMessage", message)
}

/// Repeats a Job whose termination message was lost. The work of its pod is in the store; the next
/// pod only reports it.
fn repeated(pass: &Pass<'_>, run: &StartedRun, job: &ObservedJob) -> Step {
    let stage = job.stage;
    let number = pass.observed.repeated.get(&stage).copied().unwrap_or(1);
    if number < REPEATS {
        let mut next = match stage {
            Stage::Plan => Step::Create(NextJob::plan()),
            _ => later(pass, run, stage, &job.without),
        };
        if let Step::Create(next) = &mut next {
            next.number = number;
        }
        return next;
    }
    let message = format!(
        "the {stage} pod succeeded {REPEATS} times, but its termination message could not be read: \
         something removes pods before the operator sees them"
    );
    Step::failed(stage, MESSAGE_LOST, message)
}
