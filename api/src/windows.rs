//! The windows of a result, as callers name them. Owns what is said where there are none.

use store::View;
use trends::Score;
use trends::scores::Totals;
use trends::time::{event_time, rfc3339};

use crate::problem::Problem;

/// The length of a result's windows in seconds.
pub(crate) fn length(published: &View) -> Result<u64, Problem> {
    published.index().window.ok_or_else(|| {
        let source = &published.generation().source;
        Problem::not_found(format!(
            "{source} was not counted by windows: ask for them in spec.analysis.window, or with --window"
        ))
    })
}

/// The last window that is over.
pub(crate) fn latest(published: &View) -> Option<i64> {
    published.windows()?.closed().last().copied()
}

/// The bucket that a time lies in.
pub(crate) fn bucket(time: &str, window: u64) -> Result<i64, Problem> {
    let seconds = event_time(time.as_bytes()).ok_or_else(|| {
        Problem::bad_request(format!(
            "window={time:?} is no time: write it as 2016-03-01 or 2016-03-01T12:00:00Z"
        ))
    })?;
    // A window is at most 7 days long.
    Ok(seconds.div_euclid(window as i64))
}

/// When a window begins.
pub(crate) fn begins(bucket: i64, window: u64) -> String {
    rfc3339(bucket.saturating_mul(window as i64))
}

/// Whether a score leans on bursts, and too little was said before a bucket for one.
pub(crate) fn is_short(published: &View, score: Score, bucket: Option<i64>) -> bool {
    let short =
        |windows: &Totals| bucket.is_some_and(|bucket| windows.lacks_history_before(bucket));
    score.leans_on_bursts() && published.windows().is_some_and(short)
}
