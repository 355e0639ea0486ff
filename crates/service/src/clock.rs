//! The wall clock. The only place that reads it: everything else is given the time.

use std::time::{SystemTime, UNIX_EPOCH};

/// Returns the time.
#[expect(clippy::disallowed_methods, reason = "this is the clock that is passed in elsewhere")]
pub fn now() -> SystemTime {
    SystemTime::now()
}

/// Returns the time in whole seconds since the epoch; 0 on a machine whose clock is before it.
pub fn seconds() -> u64 {
    now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}
