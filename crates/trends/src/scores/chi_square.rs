//! The score of Mastodon's trends, for comparison with it. Owns the formula and its decay; knows
//! nothing of how the authors of a day are told apart.

use super::Totals;
use crate::window::calendar_day;

/// Fewer authors than this in a day score 0.
const THRESHOLD: u64 = 5;
const HALF_LIFE_SECONDS: f64 = 4.0 * 3600.0;
/// An older maximum is forgotten.
const COOLDOWN_SECONDS: i64 = 2 * 24 * 3600;

/// The trend score of a tag as Mastodon has it (`app/models/trends/tags.rb`): the chi-square of
/// today's distinct authors against yesterday's, of which the greatest is kept and halved for every
/// four hours since. Days are calendar days, so that today is compared in part with a whole day.
///
/// What it says depends on when it was asked, for the maximum is over those times.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct ChiSquare {
    /// The greatest score and its time, in seconds from the epoch.
    greatest: Option<(f64, i64)>,
}

impl ChiSquare {
    /// (o - e)^2 / e, where e is 1 if nobody wrote it yesterday; 0 below 5 authors or below e.
    pub fn score(today: u64, yesterday: u64) -> f64 {
        let expected = yesterday.max(1);
        if today < THRESHOLD || today < expected {
            return 0.0;
        }
        let off = (today - expected) as f64;
        off * off / expected as f64
    }

    /// The decayed score at the end of the last window of a run, when it was asked for at the end of
    /// every window. `days` holds each window the term is in, ascending, with its distinct authors from
    /// the beginning of the calendar day to the end of the window. 0 if the run has no window.
    pub fn latest(totals: &Totals, days: &[(i64, u64)]) -> f64 {
        let window = i64::from(totals.window().get());
        let closed = totals.closed();
        let mut score = Self::default();
        let mut days = days.iter().copied().peekable();
        // The day of the last window the term was in, the authors of it and of the day before.
        let (mut last, mut today, mut yesterday) = (i64::MIN, 0, 0);
        let mut value = 0.0;
        let mut place = 0;
        while let Some(bucket) = closed.get(place).copied() {
            if !score.is_above_zero() && days.peek().is_none_or(|(next, _)| *next > bucket) {
                // Nothing changes until the term comes back.
                let Some((next, _)) = days.peek() else { return 0.0 };
                place += closed[place..].partition_point(|bucket| bucket < next);
                if closed.get(place) != Some(next) {
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
            value = score.at(end, today, yesterday);
            place += 1;
        }
        value
    }

    fn is_above_zero(&self) -> bool {
        self.greatest.is_some_and(|(greatest, _)| greatest > 0.0)
    }

    /// The decayed score at a time, in seconds from the epoch, not before the last: `today` counts
    /// the distinct authors of its calendar day so far, `yesterday` those of the day before.
    pub fn at(&mut self, time: i64, today: u64, yesterday: u64) -> f64 {
        let score = Self::score(today, yesterday);
        let fresh = |(_, at): &(f64, i64)| *at >= time.saturating_sub(COOLDOWN_SECONDS);
        let greatest = self.greatest.filter(fresh).filter(|(greatest, _)| *greatest >= score);
        let (greatest, at) = greatest.unwrap_or((score, time));
        self.greatest = Some((greatest, at));
        greatest * libm::exp2(-(time.saturating_sub(at) as f64) / HALF_LIFE_SECONDS)
    }
}
