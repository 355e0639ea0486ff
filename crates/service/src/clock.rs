//! The wall clock. Only this file reads it: all other code gets the time as an argument.

use std::time::{SystemTime, UNIX_EPOCH};

/// Returns the current time.
#[expect(clippy::disallowed_methods, reason = "this is the clock that is passed in elsewhere")]
pub fn now() -> SystemTime {
    SystemTime::now()
}

/// Returns the current time in whole seconds since the epoch; 0 if the clock is before the epoch.
pub fn seconds() -> u64 {
    now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}
