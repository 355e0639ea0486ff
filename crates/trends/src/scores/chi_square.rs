//! The score of Mastodon's trends, for comparison with it. Owns the formula and its decay; knows
//! nothing of how the authors of a day are told apart.

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
