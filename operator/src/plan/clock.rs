//! The deadline of a run. Its clock is stopped while the run is held. `status.activeSeconds` holds
//! the active time up to the last stop, and changes only when the clock stops or the run ends.

use std::time::Duration;

use k8s_openapi::jiff::Timestamp;
use trendjob::TrendJobStatus;

use super::action::Action;
use super::decision::{Decision, Subject};
use super::state::{Failure, State};
use crate::names::Stage;
use crate::pass::Pass;
use crate::reasons::DEADLINE_EXCEEDED;
use crate::times::{StatusTimes, seconds_between};
use crate::validate::CheckedTrendJob;

/// Returns the number of seconds that the run has been active so far.
pub(super) fn active_seconds(status: &TrendJobStatus, times: StatusTimes, now: Timestamp) -> u64 {
    let running = times.active_since.map_or(0, |since| seconds_between(since, now));
    status.active_seconds.unwrap_or(0) + running
}

/// Returns the time that is left; `None` without a deadline or while the clock is stopped.
pub(super) fn left(
    trendjob: &CheckedTrendJob,
    status: &TrendJobStatus,
    times: StatusTimes,
    now: Timestamp,
) -> Option<Duration> {
    let deadline = u64::from(trendjob.spec.active_deadline_seconds?);
    times.active_since?;
    Some(Duration::from_secs(deadline.saturating_sub(active_seconds(status, times, now))))
}

/// Returns true if no time is left.
pub(super) fn is_over(trendjob: &CheckedTrendJob, now: Timestamp) -> bool {
    left(trendjob, &trendjob.status, trendjob.times, now) == Some(Duration::ZERO)
}

/// Returns the failure of a run that has passed its deadline.
pub(super) fn deadline_exceeded(trendjob: &CheckedTrendJob, stage: Stage) -> Failure {
    let seconds = trendjob.spec.active_deadline_seconds.unwrap_or(0);
    let message = format!(
        "the run was active for {seconds} seconds and did not finish in time: raise activeDeadlineSeconds"
    );
    Failure::of(stage, DEADLINE_EXCEEDED, message)
}

/// Ends a run that has passed its deadline and has no readable `ConfigMap`.
pub(super) fn end(pass: &Pass<'_>, restart: u32, stage: Stage) -> Decision {
    let failed = State::Failed(deadline_exceeded(pass.trendjob, stage));
    let actions = pass.observed.unfinished_jobs().map(Action::delete).collect();
    Decision::about(Subject::Unpinned(restart), failed, actions, None)
}
