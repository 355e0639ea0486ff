//! Times in a status. Owns their text form and its parsing; an unreadable time counts as absent.

use k8s_openapi::jiff::{Timestamp, Unit};
use trendjob::{ConditionStatus, TrendJobStatus};

use crate::condition_types::SUSPENDED;

/// Returns a time as the API server writes it: RFC 3339 in whole seconds.
pub(crate) fn rfc3339(time: Timestamp) -> String {
    time.round(Unit::Second).unwrap_or(time).to_string()
}

/// Returns the whole seconds from `earlier` to `later`; 0 if `later` is not later.
pub(crate) fn seconds_between(earlier: Timestamp, later: Timestamp) -> u64 {
    u64::try_from(later.as_second() - earlier.as_second()).unwrap_or(0)
}

/// The times of a status, parsed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct StatusTimes {
    /// The start of the run.
    pub started: Option<Timestamp>,
    /// The end of the run.
    pub completed: Option<Timestamp>,
    /// The time at which the last failure was recorded.
    pub failed: Option<Timestamp>,
    /// The last start of the deadline's clock; `None` while the clock is stopped.
    pub active_since: Option<Timestamp>,
}

impl StatusTimes {
    /// Parses the times of a status.
    pub fn of(status: &TrendJobStatus) -> Self {
        let started = parsed(status.start_time.as_deref());
        Self {
            started,
            completed: parsed(status.completion_time.as_deref()),
            failed: status
                .last_failure
                .as_ref()
                .and_then(|failure| parsed(failure.time.as_deref())),
            active_since: started.and_then(|started| active_since(status, started)),
        }
    }
}

/// Returns the start of the run or its last release, whichever is later.
fn active_since(status: &TrendJobStatus, started: Timestamp) -> Option<Timestamp> {
    if status.completion_time.is_some() {
        return None;
    }
    let suspended = status.conditions.iter().find(|one| one.kind == SUSPENDED)?;
    if suspended.status == ConditionStatus::True {
        return None;
    }
    Some(started.max(parsed(Some(&suspended.last_transition_time))?))
}

fn parsed(text: Option<&str>) -> Option<Timestamp> {
    text?.parse().ok()
}
