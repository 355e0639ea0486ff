//! The status of a run, from the observed Jobs and pods and the state of the run. Keeps a status
//! small, and changes a time in it only when the fact it belongs to changes.

use std::borrow::Cow;

use k8s_openapi::jiff::Timestamp;
use trendjob::{LastFailure, Shards, TrendJobStatus};

use super::decision::Subject;
use super::state::{self, Failure, State};
use super::{clock, conditions, restart};
use crate::indexes;
use crate::names::Stage;
use crate::observed::{ClusterState, End};
use crate::pass::Pass;
use crate::times::rfc3339;
use crate::validate::CheckedTrendJob;

/// The status of a TrendJob whose spec can't be read.
pub(super) fn invalid(
    before: &TrendJobStatus,
    generation: Option<i64>,
    why: &str,
    now: Timestamp,
) -> TrendJobStatus {
    let drafts = conditions::unreadable(why);
    let conditions =
        conditions::with_kstatus(&before.conditions, generation, drafts, &rfc3339(now));
    TrendJobStatus { observed_generation: generation, conditions, ..before.clone() }
}

/// Returns the TrendJob with a status about this run: its last status if that is about this run,
/// else a new status that holds only the start of the run.
pub(super) fn about<'a>(pass: &Pass<'a>, run: Subject) -> Cow<'a, CheckedTrendJob> {
    let trendjob = pass.trendjob;
    let (run, restart, annotation, began) = match (run, &pass.observed.run) {
        (Subject::Observed, None) => return Cow::Borrowed(trendjob),
        (Subject::Observed, Some(run)) => {
            (run.config.run(), run.config.restart, &run.restart, run.created)
        }
        (Subject::Unpinned(restart) | Subject::New(restart), _) => {
            (trendjob.run_name(restart).run(), restart, &trendjob.restart, pass.now)
        }
    };
    if trendjob.status.run_uid.as_ref() == Some(&run) {
        return Cow::Borrowed(trendjob);
    }
    Cow::Owned(trendjob.with_status(TrendJobStatus {
        run_uid: Some(run),
        restarts: Some(restart),
        observed_restart: restart::observed_restart(annotation.as_deref()),
        start_time: Some(rfc3339(began)),
        last_failure: trendjob.status.last_failure.clone(),
        conditions: trendjob.status.conditions.clone(),
        ..TrendJobStatus::default()
    }))
}

/// The status of the run that the last status is about.
pub(super) fn status(pass: &Pass<'_>, state: &State) -> TrendJobStatus {
    let Pass { trendjob, observed, now, .. } = *pass;
    let before = &trendjob.status;
    let mut status = before.clone();
    status.observed_generation = trendjob.generation;
    status.stage = Some(state.column().to_owned());
    note_plan(&mut status, pass);
    note_shards(&mut status, observed, state);
    // According to the last status the clock ran until now, even if this state stops it.
    if !matches!(state, State::Running { .. } | State::Restarting(_)) {
        let active = clock::active_seconds(before, trendjob.times, now);
        status.active_seconds = status.start_time.as_ref().map(|_| active);
    }
    match state {
        State::Failed(failure) | State::Restarting(failure) => {
            // A failure that is in the status already keeps its time, even if the run was held in
            // between. An equal failure of an earlier run is a new failure.
            let noted = [state::RESTARTING, state::FAILED, state::PENDING];
            if before.stage.as_deref().is_none_or(|stage| !noted.contains(&stage)) {
                status.last_failure = None;
            }
            note_failure(&mut status, failure, now);
        }
        State::Running { finding: Some(finding), .. } if finding.exit_code.is_some() => {
            note_failure(&mut status, &Failure::from(finding), now);
        }
        State::Complete { result, records, .. } => {
            status.result = Some(result.clone());
            status.records = *records;
        }
        _ => {}
    }
    if state.is_final() && status.completion_time.is_none() {
        status.completion_time = Some(rfc3339(now));
    }
    let progress = progress(&status, observed, state);
    status.conditions = conditions::conditions(
        &before.conditions,
        trendjob.generation,
        state,
        &progress,
        &rfc3339(now),
    );
    status
}

fn note_plan(status: &mut TrendJobStatus, pass: &Pass<'_>) {
    status.plan_hash = pass.plan_hash();
    if let Some(plan) = pass.observed.reported_plan() {
        status.start_number = Some(plan.start_number);
        status.bytes = Some(plan.bytes);
        status.shards.get_or_insert_default().total = plan.shards;
    }
}

fn note_shards(status: &mut TrendJobStatus, observed: &ClusterState, state: &State) {
    let Some(shards) = &mut status.shards else { return };
    if let Some(etl) = observed.jobs.get(&Stage::Etl) {
        let failed = etl.status.failed_indexes.as_deref().unwrap_or_default();
        *shards = Shards {
            total: etl.completions,
            active: etl.status.active,
            succeeded: etl.status.succeeded,
            failed: indexes::count(failed),
            summary: String::new(),
            failed_indexes: (!failed.is_empty()).then(|| indexes::shortened(failed)),
        };
    } else if matches!(state, State::Complete { .. }) && shards.failed == 0 {
        // The plan pod carried a small run through all stages.
        shards.succeeded = shards.total;
    }
    if state.is_final() {
        shards.active = 0;
    }
    shards.summary = format!("{}/{}", shards.succeeded, shards.total);
}

/// Notes the last failure; an equal one keeps its time.
pub(super) fn note_failure(status: &mut TrendJobStatus, failure: &Failure, now: Timestamp) {
    let Failure { stage, index, exit_code, reason, message } = failure.clone();
    let failure = LastFailure {
        stage: stage.name().to_owned(),
        index,
        exit_code,
        reason,
        message: state::shortened(message, state::MESSAGE),
        time: None,
    };
    let is_equal = |noted: &LastFailure| LastFailure { time: None, ..noted.clone() } == failure;
    if !status.last_failure.as_ref().is_some_and(is_equal) {
        status.last_failure = Some(LastFailure { time: Some(rfc3339(now)), ..failure });
    }
}

/// The progress of a run, whatever its state is now.
fn progress(
    status: &TrendJobStatus,
    observed: &ClusterState,
    state: &State,
) -> conditions::Progress {
    let is_complete = matches!(state, State::Complete { .. });
    let etl = observed.jobs.get(&Stage::Etl);
    let current = match state {
        State::Running { stage, .. } | State::Held { stage, .. } => Some(stage),
        _ => None,
    };
    let is_later = observed.jobs.keys().chain(current).any(|stage| *stage > Stage::Etl);
    let failed = status.shards.as_ref().map_or(0, |shards| shards.failed);
    conditions::Progress {
        is_planned: status.plan_hash.is_some(),
        shards: status.shards.clone(),
        shards_complete: is_complete
            || is_later
            || etl.is_some_and(|etl| etl.end == Some(End::Complete)),
        has_gaps: failed > 0,
    }
}

/// The status of a run that ended before, for the present generation of the spec.
pub(super) fn ended(trendjob: &CheckedTrendJob, now: Timestamp) -> TrendJobStatus {
    let mut status = trendjob.status.clone();
    status.observed_generation = trendjob.generation;
    if conditions::are_invalid(&status.conditions) {
        // The spec was unreadable in between: to an older operator, or before the user fixed it.
        let (drafts, time) = (conditions::kstatus(&end_of(&status)), rfc3339(now));
        status.conditions =
            conditions::with_kstatus(&status.conditions, trendjob.generation, drafts, &time);
    }
    // `kubectl wait` ignores a condition of an earlier generation.
    for condition in &mut status.conditions {
        condition.observed_generation = trendjob.generation;
    }
    status
}

/// The state that a status shows as the end of its run.
fn end_of(status: &TrendJobStatus) -> State {
    match (&status.result, &status.last_failure) {
        (Some(result), _) => {
            let (result, records) = (result.clone(), status.records);
            State::Complete { result, records, warning: String::new() }
        }
        (None, Some(failure)) if status.stage.as_deref() == Some(state::FAILED) => {
            let LastFailure { stage, index, exit_code, reason, message, .. } = failure.clone();
            let stage = Stage::ALL.into_iter().find(|one| one.name() == stage);
            let stage = stage.unwrap_or(Stage::Plan);
            State::Failed(Failure { stage, index, exit_code, reason, message })
        }
        _ => State::Superseded,
    }
}
