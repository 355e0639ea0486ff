//! The deadline of a run. Its clock stops while the run is held; what went by before is in
//! `status.activeSeconds`, which changes only when the clock stops or the run ends.

use std::time::Duration;

use k8s_openapi::jiff::Timestamp;
use trendjob::{ConditionStatus, TrendJobStatus};

use super::state::Failure;
use crate::names::Stage;
use crate::observed::Valid;

/// How long a run was active so far, in seconds.
pub(super) fn active_seconds(status: &TrendJobStatus, now: Timestamp) -> u64 {
    let before = status.active_seconds.unwrap_or(0);
    let Some(since) = running_since(status) else { return before };
    before + u64::try_from(now.as_second() - since.as_second()).unwrap_or(0)
}

/// Since when the clock goes; `None` while it stands.
fn running_since(status: &TrendJobStatus) -> Option<Timestamp> {
    let started: Timestamp = status.start_time.as_deref()?.parse().ok()?;
    if status.completion_time.is_some() {
        return None;
    }
    let suspended = status.conditions.iter().find(|one| one.kind == "Suspended")?;
    if suspended.status == ConditionStatus::True {
        return None;
    }
    let resumed: Timestamp = suspended.last_transition_time.parse().ok()?;
    Some(started.max(resumed))
}

/// How much time is left; `None` without a deadline or while the clock stands.
pub(super) fn left(job: &Valid, status: &TrendJobStatus, now: Timestamp) -> Option<Duration> {
    let deadline = u64::from(job.spec.active_deadline_seconds?);
    running_since(status)?;
    Some(Duration::from_secs(deadline.saturating_sub(active_seconds(status, now))))
}

/// Whether no time is left.
pub(super) fn is_over(job: &Valid, now: Timestamp) -> bool {
    left(job, &job.status, now) == Some(Duration::ZERO)
}

/// That no time is left.
pub(super) fn over(job: &Valid, stage: Stage) -> Failure {
    let seconds = job.spec.active_deadline_seconds.unwrap_or(0);
    let message = format!(
        "the run was active for {seconds} seconds and did not finish in time: raise activeDeadlineSeconds"
    );
    Failure::of(stage, "DeadlineExceeded", message)
}
