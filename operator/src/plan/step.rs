//! What comes next in a run, from the Jobs there are: the order of the stages, gaps, and messages
//! that were lost. A Job that somebody deleted is made again, unless a later stage has begun.

use trendjob::{Outcome, TerminationMessage};

use super::state::{Failure, State};
use crate::names::Stage;
use crate::observed::{End, Observed, ObservedJob, Valid};

/// How often a Job is repeated whose pod succeeded without its message being seen.
pub(crate) const REPEATS: u32 = 3;

/// The reason of a Job of which only some indexes failed.
const FAILED_INDEXES: &str = "FailedIndexes";

/// What comes next.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Step {
    /// A stage is at work.
    Wait(Stage),
    /// A stage can begin.
    Create {
        /// Which one.
        stage: Stage,
        /// How many of its Jobs there were.
        number: u32,
        /// The shards it goes on without.
        without: String,
    },
    /// Nothing.
    Ended(State),
}

impl Step {
    /// The stage it is about; of an ended run, the last.
    pub(super) const fn stage(&self) -> Stage {
        match self {
            Self::Wait(stage) | Self::Create { stage, .. } => *stage,
            Self::Ended(_) => Stage::Publish,
        }
    }

    fn create(stage: Stage, without: &str) -> Self {
        Self::Create { stage, number: 0, without: without.to_owned() }
    }
}

/// What comes next.
pub(super) fn step(job: &Valid, observed: &Observed) -> Step {
    let Some((stage, last)) = observed.jobs.last_key_value() else {
        let is_planned = plan_hash(job, observed).is_some();
        return Step::create(if is_planned { Stage::Etl } else { Stage::Plan }, "");
    };
    if last.is_deleted {
        return Step::Wait(*stage);
    }
    match &last.end {
        None => Step::Wait(*stage),
        Some(End::Failed { reason, message }) => match gaps(job, last, reason) {
            Some(failed) => Step::create(Stage::Aggregate, failed),
            None => Step::Ended(State::Failed(failure(observed, last, reason, message))),
        },
        Some(End::Complete) => match stage {
            Stage::Plan | Stage::Publish => reported(observed, *stage),
            Stage::Etl => Step::create(Stage::Aggregate, ""),
            Stage::Aggregate => Step::create(after_merging(observed), &last.without),
            Stage::Score => Step::create(Stage::Publish, &last.without),
        },
    }
}

/// What follows when all partitions are merged, by what the run was pinned to: an older release began some
/// whose workers score when they publish.
fn after_merging(observed: &Observed) -> Stage {
    let is_scored = observed.run.as_ref().is_some_and(|run| run.config.score_stage);
    if is_scored { Stage::Score } else { Stage::Publish }
}

/// The hash of the plan of the current run, once it is known.
pub(crate) fn plan_hash(job: &Valid, observed: &Observed) -> Option<String> {
    let told = observed.messages.get(&Stage::Plan).and_then(|message| message.plan.as_ref());
    let run = observed.run.as_ref().map(|run| run.config.run());
    let noted = || job.status.plan_hash.clone().filter(|_| job.status.run_uid == run);
    // A Job whose creation was not noted any more says it, too.
    let given = || observed.jobs.values().find_map(|job| job.plan_hash.clone());
    told.map(|plan| plan.hash.clone()).or_else(noted).or_else(given)
}

/// The shards that failed, if the run may go on without them.
fn gaps<'a>(job: &Valid, etl: &'a ObservedJob, reason: &str) -> Option<&'a str> {
    let failed = etl.status.failed_indexes.as_deref()?;
    let count = count(failed);
    let is_borne = etl.stage == Stage::Etl
        && reason == FAILED_INDEXES
        && count <= job.spec.failure_policy.max_failed_shards
        && count < etl.completions;
    is_borne.then_some(failed)
}

/// The indexes that a text like `3,17-19` names.
pub(crate) fn indexes(text: &str) -> impl Iterator<Item = u32> {
    let parts = text.split(',').filter(|part| !part.is_empty());
    parts.flat_map(|part| {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        match (first.parse::<u32>(), last.parse::<u32>()) {
            (Ok(first), Ok(last)) => first..last.saturating_add(1),
            _ => 0..0,
        }
    })
}

/// How many those are.
pub(super) fn count(text: &str) -> u32 {
    u32::try_from(indexes(text).count()).unwrap_or(u32::MAX)
}

fn failure(observed: &Observed, job: &ObservedJob, reason: &str, message: &str) -> Failure {
    let of_stage = |finding: &&crate::diagnosis::Finding| finding.stage == job.stage;
    if let Some(finding) = observed.finding.as_ref().filter(of_stage) {
        return Failure::from(finding);
    }
    let failed = job.status.failed_indexes.as_deref().unwrap_or_default();
    let indexes = if failed.is_empty() {
        String::new()
    } else {
        format!(", indexes {}", super::status::cut(failed))
    };
    Failure::of(job.stage, reason, format!("Job {}{indexes}: {message}", job.name))
}

/// What follows from the message of a plan or publish pod that succeeded.
fn reported(observed: &Observed, stage: Stage) -> Step {
    let Some(message) = observed.messages.get(&stage) else {
        let number = observed.repeated.get(&stage).copied().unwrap_or(1);
        if number < REPEATS {
            // Whatever the pod did is in the store: the next one only reports it.
            let without = observed.jobs.get(&stage).map(|job| job.without.clone());
            return Step::Create { stage, number, without: without.unwrap_or_default() };
        }
        let message = format!(
            "the {stage} pod ended well {REPEATS} times, but its termination message could not be read: \
             something removes pods before the operator sees them"
        );
        return Step::Ended(State::Failed(Failure::of(stage, "MessageLost", message)));
    };
    match message {
        TerminationMessage { outcome: Outcome::Superseded, .. } => Step::Ended(State::Superseded),
        TerminationMessage { result: Some(result), records, .. } => {
            Step::Ended(State::Complete { result: result.clone(), records: *records })
        }
        TerminationMessage { plan: Some(_), .. } => Step::create(Stage::Etl, ""),
        _ => {
            let message = format!("the {stage} pod reported neither a plan nor a result");
            Step::Ended(State::Failed(Failure::of(stage, "InvalidMessage", message)))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn indexes_are_counted_as_kubernetes_writes_them() {
        for (text, expected) in [("", 0), ("3", 1), ("3,17-19", 4), ("0-9999", 10_000)] {
            assert_eq!(count(text), expected, "{text}");
        }
        assert_eq!(indexes("3,17-19").collect::<Vec<_>>(), [3, 17, 18, 19]);
        // Nothing that Kubernetes writes; nothing that counts.
        for text in ["x", "5-3", "3-", "-"] {
            assert_eq!(count(text), 0, "{text}");
        }
    }
}
