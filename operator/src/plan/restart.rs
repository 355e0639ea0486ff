//! Restarts: those that a user requests with the annotation, and those after a failure.

use std::time::Duration;

use k8s_openapi::jiff::Timestamp;
use trendjob::TrendJobStatus;

use super::state::{self, Failure};
use crate::observed::StartedRun;
use crate::reasons::DEADLINE_EXCEEDED;
use crate::times::seconds_between;
use crate::validate::CheckedTrendJob;

/// The wait before the first run after a failed one, in seconds; each further wait is twice as
/// long.
const FIRST_WAIT: u64 = 10;
/// The longest wait between two runs, in seconds.
const LONGEST_WAIT: u64 = 300;
/// Number of leading characters of the restart annotation that are compared.
const COMPARED: usize = 256;

/// The restart annotation as the status holds it.
pub(super) fn observed_restart(annotation: Option<&str>) -> Option<String> {
    annotation.map(|text| text.chars().take(COMPARED).collect())
}

/// Returns true if the annotation requests another run than the one of this status.
pub(super) fn is_requested(trendjob: &CheckedTrendJob, status: &TrendJobStatus) -> bool {
    let requested = observed_restart(trendjob.restart.as_deref());
    requested.is_some() && requested != status.observed_restart && !trendjob.spec.suspend
}

/// Returns true if the last run has ended and another one is requested. While a finished TrendJob
/// is suspended, no run begins and its result stays published.
pub fn is_restart_requested(trendjob: &CheckedTrendJob) -> bool {
    trendjob.is_finished() && is_requested(trendjob, &trendjob.status)
}

/// Returns the time until the next run after a failed one; `None` if no run follows.
pub(super) fn wait(
    trendjob: &CheckedTrendJob,
    run: &StartedRun,
    failure: &Failure,
    now: Timestamp,
) -> Option<Duration> {
    let is_allowed = run.tries <= trendjob.spec.failure_policy.restart_limit;
    if !is_allowed || failure.reason == DEADLINE_EXCEEDED {
        return None;
    }
    let wait = (FIRST_WAIT << run.tries.saturating_sub(1).min(10)).min(LONGEST_WAIT);
    let status = &trendjob.status;
    let message = state::shortened(failure.message.clone(), state::MESSAGE);
    let is_noted = status.last_failure.as_ref().is_some_and(|noted| noted.message == message)
        // An equal failure of an earlier run may have been noted.
        && status.stage.as_deref() == Some(state::RESTARTING);
    let failed = trendjob.times.failed.filter(|_| is_noted);
    let passed = failed.map_or(0, |failed| seconds_between(failed, now));
    Some(Duration::from_secs(wait.saturating_sub(passed)))
}
