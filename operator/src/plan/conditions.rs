//! The conditions of a TrendJob by its state: the table in `operator/README.md`. Ready, Reconciling
//! and Stalled are those of kstatus, so that generic tools understand a TrendJob.

use trendjob::{Condition, ConditionStatus, Shards};

use super::state::{self, Holder, State};
use crate::condition_types::{
    COMPLETE, FAILED, PLANNED, PUBLISHED, READY, RECONCILING, SHARDS_COMPLETE, STALLED, SUSPENDED,
};
use crate::reasons;

/// The progress of a run, whatever its state is now.
#[derive(Debug, Clone, Default)]
pub struct Progress {
    /// True if it has a plan.
    pub is_planned: bool,
    /// Its shards.
    pub shards: Option<Shards>,
    /// True if no shard is left to be counted.
    pub shards_complete: bool,
    /// True if some shards failed for good.
    pub has_gaps: bool,
}

/// A condition without its times, before it is compared with the last one.
pub(super) struct Draft {
    kind: &'static str,
    is_true: bool,
    reason: String,
    message: String,
}

fn draft(kind: &'static str, is_true: bool, reason: &str, message: impl Into<String>) -> Draft {
    Draft { kind, is_true, reason: reason.to_owned(), message: message.into() }
}

/// The conditions of a TrendJob in this state.
pub fn conditions(
    before: &[Condition],
    generation: Option<i64>,
    state: &State,
    progress: &Progress,
    now: &str,
) -> Vec<Condition> {
    let mut drafts = Vec::from(kstatus(state));
    drafts.push(suspended(state));
    drafts.push(if progress.is_planned {
        draft(PLANNED, true, reasons::PLANNED, "the input is listed and cut")
    } else {
        draft(PLANNED, false, reasons::PENDING, "the input is not listed yet")
    });
    drafts.push(shards(progress));
    drafts.extend(ends(state));
    drafts.into_iter().map(|draft| settled(before, generation, draft, now)).collect()
}

/// Returns true if the conditions report a spec that can't be read.
pub(super) fn are_invalid(conditions: &[Condition]) -> bool {
    conditions.iter().any(|one| one.reason == reasons::INVALID_SPEC)
}

/// Returns these conditions of kstatus, and the other conditions of `before` unchanged.
pub(super) fn with_kstatus(
    before: &[Condition],
    generation: Option<i64>,
    drafts: [Draft; 3],
    now: &str,
) -> Vec<Condition> {
    let others = before.iter().filter(|one| !drafts.iter().any(|draft| draft.kind == one.kind));
    let others: Vec<_> = others.cloned().collect();
    let settled = drafts.into_iter().map(|draft| settled(before, generation, draft, now));
    settled.chain(others).collect()
}

/// The condition of a draft: its time moves only when its status changes.
fn settled(before: &[Condition], generation: Option<i64>, draft: Draft, now: &str) -> Condition {
    let status = if draft.is_true { ConditionStatus::True } else { ConditionStatus::False };
    let unchanged = before.iter().find(|one| one.kind == draft.kind && one.status == status);
    let since = unchanged.map_or(now, |one| &one.last_transition_time);
    Condition {
        kind: draft.kind.to_owned(),
        status,
        observed_generation: generation,
        last_transition_time: since.to_owned(),
        reason: draft.reason,
        message: state::shortened(draft.message, state::MESSAGE),
    }
}

/// The conditions of kstatus for a spec that can't be read.
pub(super) fn unreadable(why: &str) -> [Draft; 3] {
    three(Some(STALLED), reasons::INVALID_SPEC, why)
}

/// The conditions of kstatus, of which at most this one is true.
fn three(is_true: Option<&str>, reason: &str, message: &str) -> [Draft; 3] {
    [READY, RECONCILING, STALLED].map(|kind| draft(kind, is_true == Some(kind), reason, message))
}

/// The conditions of kstatus in this state.
pub(super) fn kstatus(state: &State) -> [Draft; 3] {
    match state {
        State::Pending => {
            three(None, reasons::SUSPENDED, "spec.suspend is true: the run has not begun")
        }
        State::Running { stage, finding: None } => {
            three(Some(RECONCILING), "Running", &format!("the {stage} stage is running"))
        }
        State::Running { finding: Some(finding), .. } => {
            let message = state::sentence(finding.stage, finding.index, &finding.message);
            let kind = if finding.needs_help { STALLED } else { RECONCILING };
            three(Some(kind), &finding.reason, &message)
        }
        State::Held { stage, by: Holder::User } => {
            let message = format!("spec.suspend is true: the run is held at the {stage} stage");
            three(None, reasons::SUSPENDED, &message)
        }
        State::Held { stage, by: Holder::Queue } => {
            let message = format!("the Job of the {stage} stage waits in its queue");
            three(Some(RECONCILING), reasons::QUEUED, &message)
        }
        State::Restarting(failure) => {
            let message =
                format!("another run begins soon; the last one failed: {}", failure.message);
            three(Some(RECONCILING), "Restarting", &message)
        }
        State::Complete { result, .. } => {
            let message = format!("generation {} is published", result.generation);
            three(Some(READY), reasons::COMPLETE, &message)
        }
        State::Superseded => three(Some(READY), reasons::SUPERSEDED, OVERTAKEN),
        State::Failed(failure) => three(Some(STALLED), &failure.reason, &failure.sentence()),
    }
}

const OVERTAKEN: &str =
    "a later run of the same source was published first: the result of this one is not needed";

fn suspended(state: &State) -> Draft {
    match state {
        State::Pending | State::Held { by: Holder::User, .. } => {
            draft(SUSPENDED, true, "SuspendedByUser", "spec.suspend is true")
        }
        State::Held { by: Holder::Queue, .. } => {
            draft(SUSPENDED, true, reasons::QUEUED, "the queue has not admitted the Job yet")
        }
        _ => draft(SUSPENDED, false, "NotSuspended", "spec.suspend is false"),
    }
}

fn shards(progress: &Progress) -> Draft {
    if !progress.shards_complete {
        let message = "not all shards are counted yet";
        return draft(SHARDS_COMPLETE, false, reasons::PENDING, message);
    }
    let shards = progress.shards.as_ref();
    let summary = shards.map(|shards| shards.summary.as_str()).unwrap_or_default();
    if progress.has_gaps {
        let failed = shards.and_then(|shards| shards.failed_indexes.as_deref()).unwrap_or_default();
        let message = format!("{summary} shards are counted; without {failed}");
        return draft(SHARDS_COMPLETE, true, "CompleteWithGaps", message);
    }
    draft(SHARDS_COMPLETE, true, reasons::COMPLETE, format!("{summary} shards are counted"))
}

fn ends(state: &State) -> [Draft; 3] {
    match state {
        State::Complete { result, .. } => {
            let gaps = if result.incomplete { ", without the shards that failed" } else { "" };
            let message = format!(
                "generation {} with {} topics, digest {}{gaps}",
                result.generation, result.topics, result.digest
            );
            let reason = if result.incomplete { "Incomplete" } else { reasons::PUBLISHED };
            [
                draft(PUBLISHED, true, reason, message),
                draft(COMPLETE, true, reasons::COMPLETE, "the run is over"),
                draft(FAILED, false, reasons::COMPLETE, "the run has not failed"),
            ]
        }
        State::Superseded => [
            draft(PUBLISHED, false, reasons::SUPERSEDED, OVERTAKEN),
            draft(COMPLETE, true, reasons::SUPERSEDED, OVERTAKEN),
            draft(FAILED, false, reasons::SUPERSEDED, "the run has not failed"),
        ],
        State::Failed(failure) => {
            let message = "nothing was published; the previous result stays visible";
            [
                draft(PUBLISHED, false, reasons::FAILED, message),
                draft(COMPLETE, false, reasons::FAILED, "the run failed"),
                draft(FAILED, true, &failure.reason, failure.message.clone()),
            ]
        }
        _ => [
            draft(PUBLISHED, false, reasons::PENDING, "nothing is published yet"),
            draft(COMPLETE, false, reasons::PENDING, "the run is not over"),
            draft(FAILED, false, reasons::PENDING, "the run has not failed"),
        ],
    }
}
