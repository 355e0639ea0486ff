//! Event times: from the text of a record's time field to seconds since 1970, and back. Owns the
//! formats that are read; knows nothing of windows, and reads no clock.
//!
//! | format | example | source |
//! |---|---|---|
//! | status | `Wed Oct 10 20:19:24 +0000 2018` | Twitter API v1.1, `created_at` |
//! | mail | `Wed, 10 Oct 2018 20:19:24 +0000` | RFC 2822 section 3.3 with its obsolete zones, DataSift |
//! | ISO 8601, RFC 3339 | `2018-10-10T20:19:24.5+02:00` | calendar dates, extended or basic, or a date alone |
//! | epoch | `1539202764` | seconds, milli-, micro- or nanoseconds, by the number of digits |
//!
//! A time without a zone is in UTC. Fractions of a second are rounded towards the past. A leap
//! second is the first second of the next minute.

mod calendar;
mod digits;
mod epoch;
mod iso8601;
mod mail;
mod rfc3339;
mod status;

#[cfg(test)]
mod tests;

pub use rfc3339::rfc3339;

/// Parses a time in any format of this module to seconds since 1970-01-01T00:00:00Z. White space
/// around it is ignored.
///
/// `None` if the text is not a time, or the time does not exist (30 February, the wrong weekday) or
/// is outside the years 1 to 9999 in UTC.
pub fn event_time(text: &[u8]) -> Option<i64> {
    let text = text.trim_ascii();
    let seconds = match text.first()? {
        b'A'..=b'Z' | b'a'..=b'z' => status::parse(text).or_else(|| mail::parse(text)),
        b'-' => epoch::parse(text),
        _ => epoch::parse(text).or_else(|| iso8601::parse(text)).or_else(|| mail::parse(text)),
    }?;
    (calendar::FIRST..=calendar::LAST).contains(&seconds).then_some(seconds)
}
