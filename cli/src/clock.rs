//! The time, in the form that results store.

use service::clock;
use trends::time::rfc3339;

/// Returns the time as RFC 3339 text in UTC.
pub(crate) fn now() -> String {
    rfc3339(i64::try_from(clock::seconds()).unwrap_or(i64::MAX))
}
