//! A run that has ended: another run begins if one is requested, and the TrendJob is deleted when
//! its time to live is over.

use std::time::Duration;

use k8s_openapi::jiff::Timestamp;
use trendjob::TrendJobStatus;

use super::action::Action;
use super::decision::{Decision, Report};
use super::{begin, restart};
use crate::pass::Pass;
use crate::times::{StatusTimes, seconds_between};
use crate::validate::CheckedTrendJob;

/// Restarts, deletes or keeps a TrendJob whose run has ended.
pub(super) fn decide(pass: &Pass<'_>) -> Decision {
    let trendjob = pass.trendjob;
    if restart::is_restart_requested(trendjob) {
        let restart = trendjob.status.restarts.map_or(0, |restarts| restarts + 1);
        return begin::decide(pass, restart, 1);
    }
    let look_again = time_to_live(trendjob, trendjob.times, pass.now);
    if look_again == Some(Duration::ZERO) {
        return Decision::leaving(vec![Action::DeleteTrendJob], None);
    }
    Decision { actions: Vec::new(), report: Report::Ended, look_again }
}

/// The time until the next look at a run that has just ended; `None` if nothing more happens by
/// itself.
pub(super) fn look_again(
    pass: &Pass<'_>,
    status: &TrendJobStatus,
    times: StatusTimes,
) -> Option<Duration> {
    // The restart was requested during the run. No later event would start a pass for it.
    if restart::is_requested(pass.trendjob, status) {
        return Some(Duration::ZERO);
    }
    time_to_live(pass.trendjob, times, pass.now)
}

/// The time until a finished TrendJob is deleted; `None` if it stays.
fn time_to_live(
    trendjob: &CheckedTrendJob,
    times: StatusTimes,
    now: Timestamp,
) -> Option<Duration> {
    let ttl = u64::from(trendjob.spec.ttl_seconds_after_finished?);
    Some(Duration::from_secs(ttl.saturating_sub(seconds_between(times.completed?, now))))
}
