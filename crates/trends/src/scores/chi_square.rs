//! The score of Mastodon's trends, for comparison. Owns the formula and its decay; knows nothing of
//! how the distinct authors of a day are counted.

use super::Totals;
use crate::window::calendar_day;

/// A day with fewer authors than this scores 0.
const THRESHOLD: u64 = 5;
const HALF_LIFE_SECONDS: f64 = 4.0 * 3600.0;
/// A maximum older than this is forgotten.
const COOLDOWN_SECONDS: i64 = 2 * 24 * 3600;

/// The trend score of a tag as Mastodon computes it (`app/models/trends/tags.rb`): the chi-square
/// of today's distinct authors against yesterday's. The greatest value is kept and halved for every
/// four hours since. Days are calendar days, so a part of today is compared with a whole yesterday.
///
/// The maximum is over the times at which the score is updated, so the score depends on them.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct ChiSquare {
    /// The greatest score and its time, in seconds from the epoch.
    greatest: Option<(f64, i64)>,
}

impl ChiSquare {
    /// Returns (o - e)^2 / e, where o is `today` and e is `yesterday`, at least 1. Returns 0 if o
    /// is below 5 or below e.
    pub fn score(today: u64, yesterday: u64) -> f64 {
        let expected = yesterday.max(1);
        if today < THRESHOLD || today < expected {
            return 0.0;
        }
        let off = (today - expected) as f64;
        off * off / expected as f64
    }

    /// Returns the decayed score at the end of the last window of a run, after an update at the end
    /// of every window; 0 if the run has no window. `days` holds each window with the term,
    /// ascending, and its distinct authors from the beginning of the calendar day to the end of the
    /// window.
    pub fn latest(totals: &Totals, days: &[(i64, u64)]) -> f64 {
        let window = i64::from(totals.window().get());
        let closed = totals.closed();
        let mut score = Self::default();
        let mut days = days.iter().copied().peekable();
        // The day of the last update, its authors so far and those of the day before.
        let (mut last, mut today, mut yesterday) = (i64::MIN, 0, 0);
        let mut value = 0.0;
        let mut position = 0;
        while let Some(bucket) = closed.get(position).copied() {
            if !score.is_above_zero() && days.peek().is_none_or(|(next, _)| *next > bucket) {
                // The score stays 0 until the next window with the term.
                let Some((next, _)) = days.peek() else { return 0.0 };
                position += closed[position..].partition_point(|bucket| bucket < next);
                if closed.get(position) != Some(next) {
                    return 0.0;
                }
                continue;
            }
            let this = calendar_day(bucket, window);
            if this != last {
                yesterday = if last.checked_add(1) == Some(this) { today } else { 0 };
                (last, today) = (this, 0);
            }
            if let Some((_, authors)) = days.next_if(|(next, _)| *next == bucket) {
                today = authors;
            }
            let end = bucket.saturating_add(1).saturating_mul(window);
            value = score.update(end, today, yesterday);
            position += 1;
        }
        value
    }

    fn is_above_zero(&self) -> bool {
        self.greatest.is_some_and(|(greatest, _)| greatest > 0.0)
    }

    /// Updates the score at a time, in seconds from the epoch and not before the last update, and
    /// returns it. `today` is the number of distinct authors of the calendar day so far,
    /// `yesterday` that of the day before.
    pub fn update(&mut self, time: i64, today: u64, yesterday: u64) -> f64 {
        let score = Self::score(today, yesterday);
        let fresh = |(_, at): &(f64, i64)| *at >= time.saturating_sub(COOLDOWN_SECONDS);
        let greatest = self.greatest.filter(fresh).filter(|(greatest, _)| *greatest >= score);
        let (greatest, at) = greatest.unwrap_or((score, time));
        self.greatest = Some((greatest, at));
        greatest * libm::exp2(-(time.saturating_sub(at) as f64) / HALF_LIFE_SECONDS)
    }
}
