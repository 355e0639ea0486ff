//! The events about a TrendJob: one for each transition, none for a state that stays. Owns their
//! words; a warning gives the cause, and the remedy or the next step of the operator.

use trendjob::TrendJobStatus;

use super::state::{self, Holder, State};
use crate::condition_types::{PLANNED, READY, SHARDS_COMPLETE, STALLED, SUSPENDED};
use crate::observed::ClusterState;
use crate::reasons;
use crate::validate::{CheckedTrendJob, is_true};

/// An event about a TrendJob.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// True for a fault, which a user may have to fix.
    pub is_warning: bool,
    /// The reason, one word.
    pub reason: String,
    /// The action of the operator.
    pub action: &'static str,
    /// The text, for people.
    pub note: String,
}

/// The longest note of an event, in bytes; the API server allows 1,024.
const NOTE: usize = 1_000;

fn normal(reason: &str, action: &'static str, note: String) -> Notice {
    let note = state::shortened(note, NOTE);
    Notice { is_warning: false, reason: reason.to_owned(), action, note }
}

fn warning(reason: &str, action: &'static str, note: String) -> Notice {
    Notice { is_warning: true, ..normal(reason, action, note) }
}

/// Returns the events of the change from the TrendJob's present status to `status`.
pub(super) fn notices(
    trendjob: &CheckedTrendJob,
    observed: &ClusterState,
    status: &TrendJobStatus,
    state: &State,
) -> Vec<Notice> {
    let before = &trendjob.status;
    let is_new = status.run_uid.is_some() && before.run_uid != status.run_uid;
    let was = |kind: &str| is_true(&before.conditions, kind);
    let is = |kind: &str| is_true(&status.conditions, kind);
    let became = |kind: &str| is(kind) && (is_new || !was(kind));
    let mut notices = Vec::new();
    if is_new {
        let run = status.run_uid.as_deref().unwrap_or_default();
        notices.push(normal("RunStarted", "Plan", format!("run {run} has begun")));
    }
    if became(PLANNED) {
        notices.push(normal(reasons::PLANNED, "Plan", planned(status, observed)));
    }
    if became(SHARDS_COMPLETE) {
        notices.push(counted(status));
    }
    if became(SUSPENDED) {
        notices.push(held(state));
    } else if !is_new && was(SUSPENDED) && !is(SUSPENDED) {
        notices.push(normal("Resumed", "Resume", "the run goes on".to_owned()));
    }
    let is_entered = before.stage != status.stage || is_new;
    notices.extend(of_state(trendjob, status, state));
    if let State::Complete { warning: text, .. } = state
        && is_entered
        && !text.is_empty()
    {
        notices.push(warning("CopiesOutdated", "Publish", text.clone()));
    }
    notices
}

/// Returns the event of a spec that can't be read, unless the status reports it already.
pub(super) fn invalid(before: &TrendJobStatus, why: &str) -> Option<Notice> {
    let stalled = before.conditions.iter().find(|one| one.kind == STALLED);
    let is_known = is_true(&before.conditions, STALLED)
        && stalled.is_some_and(|stalled| stalled.message == why);
    (!is_known).then(|| warning(reasons::INVALID_SPEC, "Validate", why.to_owned()))
}

/// Returns the event of a deleted TrendJob whose results could not be removed.
pub(super) fn purge_abandoned(source: &str, why: &str) -> Notice {
    let note = format!(
        "results of source {source} stay in the database: {why}. A later run of the source removes them \
         when it publishes; trendjob-worker purge removes them at once"
    );
    warning("PurgeAbandoned", "Purge", note)
}

fn planned(status: &TrendJobStatus, observed: &ClusterState) -> String {
    let note = format!("{} bytes of input in {}", status.bytes.unwrap_or(0), shards(status));
    match observed.reported_plan() {
        Some(plan) if plan.compressed > 0 => format!(
            "{note}; {} of {} objects are compressed: one pod reads each of them from its beginning to its end",
            plan.compressed, plan.objects
        ),
        _ => note,
    }
}

/// Returns the number of shards with its noun, such as `1 shard`.
fn shards(status: &TrendJobStatus) -> String {
    match status.shards.as_ref().map_or(0, |shards| shards.total) {
        1 => "1 shard".to_owned(),
        total => format!("{total} shards"),
    }
}

fn counted(status: &TrendJobStatus) -> Notice {
    let Some(shards) = status.shards.as_ref().filter(|shards| shards.failed > 0) else {
        let note = format!("{} counted", shards(status));
        return normal("ShardsComplete", "Aggregate", note);
    };
    let note = format!(
        "shards {} failed for good: the result will lack them, as failurePolicy.maxFailedShards allows",
        shards.failed_indexes.as_deref().unwrap_or_default()
    );
    warning("Gaps", "Aggregate", note)
}

fn held(state: &State) -> Notice {
    if let State::Held { by: Holder::Queue, .. } = state {
        return normal(reasons::QUEUED, "Suspend", "the Job waits in its queue".to_owned());
    }
    let note = "the run is held: set spec.suspend to false to go on".to_owned();
    normal(reasons::SUSPENDED, "Suspend", note)
}

/// Returns a value of the restart annotation that differs from its present value.
fn next_restart(trendjob: &CheckedTrendJob, status: &TrendJobStatus) -> u64 {
    let present = trendjob.restart.as_ref().and_then(|value| value.parse().ok());
    present.unwrap_or_else(|| u64::from(status.restarts.unwrap_or(0))).saturating_add(1)
}

fn of_state(trendjob: &CheckedTrendJob, status: &TrendJobStatus, state: &State) -> Option<Notice> {
    let before = &trendjob.status;
    let is_entered = before.stage != status.stage || before.run_uid != status.run_uid;
    let source = &trendjob.spec.source;
    match state {
        State::Running { finding: Some(finding), .. } => {
            let ready = before.conditions.iter().find(|one| one.kind == READY);
            let is_known = ready.is_some_and(|ready| ready.reason == finding.reason);
            let note = state::sentence(finding.stage, finding.index, &finding.message);
            (!is_known).then(|| warning(&finding.reason, "Inspect", note))
        }
        State::Restarting(failure) if is_entered => {
            let note = format!(
                "{}. Another run begins automatically, as failurePolicy.restartLimit allows",
                failure.sentence()
            );
            Some(warning(&failure.reason, "Restart", note))
        }
        State::Failed(failure) if is_entered => {
            let note = format!(
                "{}. Once the cause is fixed: kubectl annotate tj {} trendjob.dev/restart={} --overwrite",
                failure.sentence(),
                trendjob.name,
                next_restart(trendjob, status),
            );
            Some(warning(&failure.reason, "Fail", note))
        }
        State::Complete { result, .. } if is_entered => {
            let note = format!(
                "generation {} of source {source} is published: {} topics, digest {}",
                result.generation, result.topics, result.digest
            );
            Some(normal(reasons::PUBLISHED, "Publish", note))
        }
        State::Superseded if is_entered => {
            let note = format!("a later run of source {source} was published first");
            Some(normal(reasons::SUPERSEDED, "Publish", note))
        }
        _ => None,
    }
}
