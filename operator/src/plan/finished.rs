//! What happens after the end of a run: another one, when it is asked for or a failed one may be
//! tried again, and the removal of the TrendJob when its time is over.

use std::time::Duration;

use k8s_openapi::jiff::Timestamp;
use trendjob::{LastFailure, TrendJobStatus};

use super::state::{Failure, State};
use super::{Action, Plan, begin, conditions};
use crate::names::Stage;
use crate::observed::{Observed, Valid};
use crate::settings::Settings;

/// How long the first run after a failed one waits; each further one waits twice as long.
const FIRST_WAIT: u64 = 10;
/// The longest wait between two runs.
const LONGEST_WAIT: u64 = 300;
/// How much of the restart annotation counts, in characters.
const ASKED: usize = 256;

/// The restart annotation, as the status keeps it.
pub(super) fn asked_for(annotation: Option<&str>) -> Option<String> {
    annotation.map(|text| text.chars().take(ASKED).collect())
}

/// Whether another run is asked for than the one this status is about.
fn is_asked(job: &Valid, status: &TrendJobStatus) -> bool {
    let asked = asked_for(job.restart.as_deref());
    asked.is_some() && asked != status.observed_restart && !job.spec.suspend
}

/// Whether another run is to begin, now that the last one has ended. One that is suspended stays as it
/// ended until it is released: what it published is as it was.
pub fn is_restart_asked(job: &Valid) -> bool {
    job.is_finished() && is_asked(job, &job.status)
}

/// When to look at a run again that has just ended; `None` if nothing more happens by itself.
pub(super) fn next(job: &Valid, status: &TrendJobStatus, now: Timestamp) -> Option<Duration> {
    // Asked for while it ran: nobody tells of its own end.
    if is_asked(job, status) { Some(Duration::ZERO) } else { ttl_in(job, status, now) }
}

/// What to do about a run that has ended.
pub(super) fn plan(job: &Valid, observed: &Observed, settings: &Settings, now: Timestamp) -> Plan {
    if is_restart_asked(job) {
        let restart = job.status.restarts.map_or(0, |restarts| restarts + 1);
        return begin::plan(job, observed, settings, restart, 1, now);
    }
    let requeue = ttl_in(job, &job.status, now);
    if requeue == Some(Duration::ZERO) {
        return Plan { actions: vec![Action::DeleteTrendJob], ..Plan::default() };
    }
    let mut status = job.status.clone();
    status.observed_generation = job.generation;
    heal(&mut status, now);
    // `kubectl wait` takes no condition for true that was judged of an earlier generation.
    for condition in &mut status.conditions {
        condition.observed_generation = job.generation;
    }
    Plan { status: Some(status), requeue, ..Plan::default() }
}

/// Says again how the run ended where something else was said since: that the spec can't be followed, by
/// a version that didn't know it or of a spec that was mended.
fn heal(status: &mut TrendJobStatus, now: Timestamp) {
    if !conditions::are_invalid(&status.conditions) {
        return;
    }
    let state = match (&status.result, &status.last_failure) {
        (Some(result), _) => State::Complete { result: result.clone(), records: status.records },
        (None, Some(failure)) if status.stage.as_deref() == Some("Failed") => {
            let LastFailure { stage, index, exit_code, reason, message, .. } = failure.clone();
            let stage = Stage::ALL.into_iter().find(|one| one.name() == stage);
            let stage = stage.unwrap_or(Stage::Plan);
            State::Failed(Failure { stage, index, exit_code, reason, message })
        }
        _ => State::Superseded,
    };
    let generation = status.observed_generation;
    let time = super::rfc3339(now);
    status.conditions = conditions::of_end(&status.conditions, generation, &state, &time);
}

/// When a finished TrendJob goes; `None` if it stays.
fn ttl_in(job: &Valid, status: &TrendJobStatus, now: Timestamp) -> Option<Duration> {
    let ttl = i64::from(job.spec.ttl_seconds_after_finished?);
    let ended: Timestamp = status.completion_time.as_deref()?.parse().ok()?;
    let left = ended.as_second().saturating_add(ttl).saturating_sub(now.as_second());
    Some(Duration::from_secs(u64::try_from(left).unwrap_or(0)))
}

/// How long until the next run of one that failed; `None` if there is none.
pub(super) fn restart_in(
    job: &Valid,
    observed: &Observed,
    failure: &Failure,
    now: Timestamp,
) -> Option<Duration> {
    let tries = observed.run.as_ref()?.tries;
    if tries > job.spec.failure_policy.restart_limit || failure.reason == "DeadlineExceeded" {
        return None;
    }
    let wait = (FIRST_WAIT << (tries - 1).min(10)).min(LONGEST_WAIT);
    let message = conditions::shortened(failure.message.clone());
    let noted = job.status.last_failure.as_ref().filter(|noted| noted.message == message);
    // Of an earlier run the same may have been noted.
    let failed: Option<Timestamp> = noted
        .filter(|_| job.status.stage.as_deref() == Some("Restarting"))
        .and_then(|noted| noted.time.as_deref()?.parse().ok());
    let gone = failed.map_or(0, |failed| now.as_second() - failed.as_second());
    Some(Duration::from_secs(wait.saturating_sub(u64::try_from(gone).unwrap_or(0))))
}
