//! What is told to people when something changes: an event for each transition, none for what
//! stays. Owns their words; each warning says what to do.

use trendjob::{ConditionStatus, TrendJobStatus};

use super::conditions::place;
use super::state::{Holder, State};
use crate::names::Stage;
use crate::observed::{Observed, Valid};

/// An event about a TrendJob.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// Whether somebody should look.
    pub is_warning: bool,
    /// One word for it.
    pub reason: String,
    /// What the operator did or would do.
    pub action: &'static str,
    /// What happened, and what to do.
    pub note: String,
}

/// The longest note an event may have, in bytes.
const NOTE: usize = 1_000;

fn notice(is_warning: bool, reason: &str, action: &'static str, note: String) -> Notice {
    let mut note = note;
    if note.len() > NOTE {
        let mut end = NOTE;
        while !note.is_char_boundary(end) {
            end -= 1;
        }
        note.truncate(end);
        note.push('…');
    }
    Notice { is_warning, reason: reason.to_owned(), action, note }
}

/// What to tell when the status changes to this one.
pub(super) fn notices(
    job: &Valid,
    observed: &Observed,
    status: &TrendJobStatus,
    state: &State,
) -> Vec<Notice> {
    let before = &job.status;
    let began = status.run_uid.is_some() && before.run_uid != status.run_uid;
    let became = |kind: &str| holds(status, kind) && (began || !holds(before, kind));
    let mut notices = Vec::new();
    if began {
        let run = status.run_uid.as_deref().unwrap_or_default();
        notices.push(notice(false, "RunStarted", "Plan", format!("run {run} has begun")));
    }
    if became("Planned") {
        notices.push(notice(false, "Planned", "Plan", planned(status, observed)));
    }
    if became("ShardsComplete") && status.shards.as_ref().is_some_and(|shards| shards.failed > 0) {
        notices.push(notice(true, "Gaps", "Aggregate", gaps(status)));
    } else if became("ShardsComplete") {
        let note = format!("{} counted", shards(status));
        notices.push(notice(false, "ShardsComplete", "Aggregate", note));
    }
    if became("Suspended") {
        notices.push(held(state));
    } else if !began && holds(before, "Suspended") && !holds(status, "Suspended") {
        notices.push(notice(false, "Resumed", "Resume", "the run goes on".to_owned()));
    }
    notices.extend(of_state(job, status, state));
    notices
}

/// The event of a spec that can't be followed.
pub(crate) fn invalid(before: &TrendJobStatus, why: &str) -> Option<Notice> {
    let is_known = before.conditions.iter().any(|one| {
        one.kind == "Stalled" && one.status == ConditionStatus::True && one.message == why
    });
    (!is_known).then(|| notice(true, "InvalidSpec", "Validate", why.to_owned()))
}

fn holds(status: &TrendJobStatus, kind: &str) -> bool {
    status.conditions.iter().any(|one| one.kind == kind && one.status == ConditionStatus::True)
}

fn planned(status: &TrendJobStatus, observed: &Observed) -> String {
    let what = format!("{} bytes of input in {}", status.bytes.unwrap_or(0), shards(status));
    let told = observed.messages.get(&Stage::Plan).and_then(|message| message.plan.as_ref());
    match told {
        Some(plan) if plan.compressed > 0 => format!(
            "{what}; {} of {} objects are compressed: each of them is read by one pod, from its beginning to \
             its end",
            plan.compressed, plan.objects
        ),
        _ => what,
    }
}

/// How many shards there are, in words.
fn shards(status: &TrendJobStatus) -> String {
    match status.shards.as_ref().map_or(0, |shards| shards.total) {
        1 => "1 shard".to_owned(),
        total => format!("{total} shards"),
    }
}

fn gaps(status: &TrendJobStatus) -> String {
    let failed = status.shards.as_ref().and_then(|shards| shards.failed_indexes.clone());
    format!(
        "shards {} failed for good and are left out: the result will be incomplete, as \
         failurePolicy.maxFailedShards allows",
        failed.unwrap_or_default()
    )
}

fn held(state: &State) -> Notice {
    if let State::Held { by: Holder::Queue, .. } = state {
        return notice(false, "Queued", "Suspend", "the Job waits in its queue".to_owned());
    }
    let note = "the run is held: set spec.suspend to false to go on".to_owned();
    notice(false, "Suspended", "Suspend", note)
}

/// A value of the restart annotation that it doesn't have yet.
fn next_restart(job: &Valid, status: &TrendJobStatus) -> u64 {
    let now = job.restart.as_ref().and_then(|value| value.parse().ok());
    now.unwrap_or_else(|| u64::from(status.restarts.unwrap_or(0))).saturating_add(1)
}

fn of_state(job: &Valid, status: &TrendJobStatus, state: &State) -> Option<Notice> {
    let before = &job.status;
    let entered = before.stage != status.stage || before.run_uid != status.run_uid;
    match state {
        State::Running { finding: Some(finding), .. } => {
            let ready = before.conditions.iter().find(|one| one.kind == "Ready");
            let is_known = ready.is_some_and(|ready| ready.reason == finding.reason);
            let what =
                format!("{}: {}", place(finding.stage.name(), finding.index), finding.message);
            (!is_known).then(|| notice(true, &finding.reason, "Inspect", what))
        }
        State::Restarting(failure) if entered => {
            let what = format!(
                "{}: {}. Another run begins by itself, as failurePolicy.restartLimit allows",
                place(failure.stage.name(), failure.index),
                failure.message
            );
            Some(notice(true, &failure.reason, "Restart", what))
        }
        State::Failed(failure) if entered => {
            let what = format!(
                "{}: {}. When it is mended: kubectl annotate tj {} trendjob.dev/restart={} --overwrite",
                place(failure.stage.name(), failure.index),
                failure.message,
                job.name,
                next_restart(job, status),
            );
            Some(notice(true, &failure.reason, "Fail", what))
        }
        State::Complete { result, .. } if entered => {
            let what = format!(
                "generation {} of source {} is published: {} topics, digest {}",
                result.generation, job.spec.source, result.topics, result.digest
            );
            Some(notice(false, "Published", "Publish", what))
        }
        State::Superseded if entered => {
            let what = format!("a later run of source {} was published first", job.spec.source);
            Some(notice(false, "Superseded", "Publish", what))
        }
        _ => None,
    }
}
