//! The windows of a result, as users name them: by any time in them. Owns the resolution of a name
//! to a bucket.

use store::View;
use trends::Score;
use trends::scores::Totals;
use trends::time::{event_time, rfc3339};

use crate::QuestionError;

/// The length of a result's windows in seconds.
pub(crate) fn length(view: &View) -> Result<u64, QuestionError> {
    let length = view.contents().window;
    length.ok_or_else(|| QuestionError::NoWindows(view.generation().source.clone()))
}

/// The last closed window.
pub(crate) fn latest(view: &View) -> Option<i64> {
    view.windows()?.closed().last().copied()
}

/// The bucket that a time lies in.
pub(crate) fn bucket(time: &str, length: u64) -> Result<i64, QuestionError> {
    let seconds = event_time(time.as_bytes());
    let seconds = seconds.ok_or_else(|| QuestionError::NotATime(time.to_owned()))?;
    // A window is at most 7 days long.
    Ok(seconds.div_euclid(length as i64))
}

/// The start of a window (RFC 3339).
pub(crate) fn start(bucket: i64, length: u64) -> String {
    rfc3339(bucket.saturating_mul(length as i64))
}

/// Returns true if a score depends on bursts, and too few windows before the bucket have records to
/// compute a burst.
pub(crate) fn is_short(view: &View, score: Score, bucket: Option<i64>) -> bool {
    let short =
        |windows: &Totals| bucket.is_some_and(|bucket| windows.lacks_history_before(bucket));
    score.needs_bursts() && view.windows().is_some_and(short)
}
