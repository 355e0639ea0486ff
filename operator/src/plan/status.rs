//! What is said of a run: the status, from what was seen and where the run is. Owns that it stays
//! small, and that no time in it moves unless what it is the time of does.

use k8s_openapi::jiff::{Timestamp, Unit};
use trendjob::{LastFailure, Shards, TrendJobStatus};

use super::state::{Failure, State};
use super::{clock, conditions, finished, step};
use crate::names::{RunName, Stage};
use crate::observed::{End, Observed, Valid};

/// The most of a list of failed indexes, in bytes.
const INDEXES: usize = 1_000;

/// A time as the API server writes it: whole seconds.
pub(crate) fn rfc3339(time: Timestamp) -> String {
    time.round(Unit::Second).unwrap_or(time).to_string()
}

/// The status of a TrendJob whose spec can't be followed.
pub fn invalid(
    before: &TrendJobStatus,
    generation: Option<i64>,
    why: &str,
    now: Timestamp,
) -> TrendJobStatus {
    let mut status = before.clone();
    status.observed_generation = generation;
    status.conditions = conditions::invalid(&before.conditions, generation, why, &rfc3339(now));
    status
}

/// The status of a run.
pub(super) fn status(
    job: &Valid,
    observed: &Observed,
    state: &State,
    now: Timestamp,
) -> TrendJobStatus {
    let mut status = baseline(job, observed);
    status.observed_generation = job.generation;
    status.stage = Some(state.stage());
    note_plan(&mut status, job, observed);
    note_shards(&mut status, observed, state);
    // The clock as it stood before this pass, which may be what stops it.
    if !state.is_active() {
        let active = clock::active_seconds(&status, now);
        status.active_seconds = status.start_time.as_ref().map(|_| active);
    }
    match state {
        State::Failed(failure) | State::Restarting(failure) => {
            // What an earlier run failed of, too, is another failure; what was noted when this one was held
            // is the same.
            let is_noted =
                matches!(job.status.stage.as_deref(), Some("Restarting" | "Failed" | "Pending"));
            if !is_noted || job.status.run_uid != status.run_uid {
                status.last_failure = None;
            }
            note_failure(&mut status, failure, now);
        }
        State::Running { finding: Some(finding), .. } if finding.exit_code.is_some() => {
            note_failure(&mut status, &Failure::from(finding), now);
        }
        State::Complete { result, records } => {
            status.result = Some(result.clone());
            status.records = *records;
        }
        _ => {}
    }
    if state.is_final() && status.completion_time.is_none() {
        status.completion_time = Some(rfc3339(now));
    }
    let facts = facts(&status, observed, state);
    let before = &job.status.conditions;
    status.conditions =
        conditions::conditions(before, job.generation, state, &facts, &rfc3339(now));
    status
}

/// The last status if it is about the current run, else one of which nothing is known yet.
fn baseline(job: &Valid, observed: &Observed) -> TrendJobStatus {
    let Some(run) = &observed.run else { return job.status.clone() };
    if job.status.run_uid.as_deref() == Some(&run.config.run()) {
        return job.status.clone();
    }
    let asked = finished::asked_for(run.restart.as_deref());
    fresh(&job.status, run.config.run(), run.config.restart, asked, run.created)
}

/// A TrendJob whose status is about this run: as it is, or begun now where nothing of it was noted.
pub(super) fn about(job: &Valid, run: &RunName<'_>, now: Timestamp) -> Valid {
    let mut current = job.clone();
    if job.status.run_uid.as_deref() != Some(&run.run()) {
        let asked = finished::asked_for(job.restart.as_deref());
        current.status = fresh(&job.status, run.run(), run.restart, asked, now);
    }
    current
}

/// The status of a run of which nothing is known yet but when it began.
fn fresh(
    before: &TrendJobStatus,
    run: String,
    restart: u32,
    asked: Option<String>,
    began: Timestamp,
) -> TrendJobStatus {
    TrendJobStatus {
        run_uid: Some(run),
        restarts: Some(restart),
        observed_restart: asked,
        start_time: Some(rfc3339(began)),
        last_failure: before.last_failure.clone(),
        conditions: before.conditions.clone(),
        ..TrendJobStatus::default()
    }
}

fn note_plan(status: &mut TrendJobStatus, job: &Valid, observed: &Observed) {
    status.plan_hash = step::plan_hash(job, observed);
    let told = observed.messages.get(&Stage::Plan).and_then(|message| message.plan.as_ref());
    if let Some(plan) = told {
        status.start_number = Some(plan.start_number);
        status.bytes = Some(plan.bytes);
        let shards = status.shards.get_or_insert_default();
        shards.total = plan.shards;
    }
}

fn note_shards(status: &mut TrendJobStatus, observed: &Observed, state: &State) {
    let Some(shards) = &mut status.shards else { return };
    if let Some(etl) = observed.jobs.get(&Stage::Etl) {
        let failed = etl.status.failed_indexes.as_deref().unwrap_or_default();
        *shards = Shards {
            total: etl.completions,
            active: etl.status.active,
            succeeded: etl.status.succeeded,
            failed: step::count(failed),
            summary: String::new(),
            failed_indexes: (!failed.is_empty()).then(|| cut(failed)),
        };
    } else if matches!(state, State::Complete { .. }) && shards.failed == 0 {
        // The plan pod did all of a small run.
        shards.succeeded = shards.total;
    }
    if state.is_final() {
        shards.active = 0;
    }
    shards.summary = format!("{}/{}", shards.succeeded, shards.total);
}

/// The beginning of a list of indexes, ending with one.
pub(super) fn cut(indexes: &str) -> String {
    if indexes.len() <= INDEXES {
        return indexes.to_owned();
    }
    let end = indexes[..INDEXES].rfind(',').unwrap_or(0);
    format!("{},...", &indexes[..end])
}

/// Notes what went wrong last; the same again keeps its time.
pub(super) fn note_failure(status: &mut TrendJobStatus, failure: &Failure, now: Timestamp) {
    let Failure { stage, index, exit_code, reason, message } = failure.clone();
    let message = conditions::shortened(message);
    let noted = LastFailure {
        stage: stage.name().to_owned(),
        index,
        exit_code,
        reason,
        message,
        time: None,
    };
    let is_same = |before: &LastFailure| LastFailure { time: None, ..before.clone() } == noted;
    if !status.last_failure.as_ref().is_some_and(is_same) {
        status.last_failure = Some(LastFailure { time: Some(rfc3339(now)), ..noted });
    }
}

/// What a run has reached, whatever its state is now.
fn facts(status: &TrendJobStatus, observed: &Observed, state: &State) -> conditions::Facts {
    let is_complete = matches!(state, State::Complete { .. });
    let etl = observed.jobs.get(&Stage::Etl);
    let is_later = observed.jobs.keys().any(|stage| *stage > Stage::Etl)
        || state.at().is_some_and(|stage| stage > Stage::Etl);
    let failed = status.shards.as_ref().map_or(0, |shards| shards.failed);
    conditions::Facts {
        is_planned: status.plan_hash.is_some(),
        shards: status.shards.clone(),
        shards_complete: is_complete
            || is_later
            || etl.is_some_and(|etl| etl.end == Some(End::Complete)),
        has_gaps: failed > 0,
    }
}
