//! The peak of a score: the greatest score of the last 48 hours, each halved for every 4 hours
//! since. Owns the decay and which old scores may still become the greatest; knows nothing of how
//! scores are computed.

use std::collections::VecDeque;
use std::num::NonZeroU32;

const HALF_LIFE_SECONDS: f64 = 4.0 * 3600.0;
const REACH_SECONDS: u32 = 48 * 3600;

/// The factor that a score is multiplied by after each number of windows, up to 48 hours.
#[derive(Debug, Clone)]
pub(super) struct Decay(Vec<f64>);

impl Decay {
    pub(super) fn new(window: NonZeroU32) -> Self {
        let windows = REACH_SECONDS / window.get();
        let factor = |windows: u32| {
            let seconds = f64::from(windows) * f64::from(window.get());
            libm::exp2(-seconds / HALF_LIFE_SECONDS)
        };
        Self((0..=windows).map(factor).collect())
    }

    /// Returns the factor from one bucket to a later one, `None` beyond 48 hours.
    pub(super) fn between(&self, from: i64, to: i64) -> Option<f64> {
        let windows = usize::try_from(to.saturating_sub(from)).ok()?;
        self.0.get(windows).copied()
    }
}

/// The scores that are, or may yet become, the greatest after decay: ascending by bucket and
/// descending by decayed value. Two scores decay by the same factor from any bucket on, so their
/// order never changes, and a score that a later one exceeds can be dropped. The peak is the
/// maximum over 0 <= j <= 48 h of z_(now - j) 2^(-j / 4 h). It is computed from the scores
/// themselves and not from an earlier peak, so no rounding errors accumulate.
#[derive(Debug, Clone, Default)]
pub(super) struct PeakCandidates(VecDeque<(i64, f64)>);

impl PeakCandidates {
    pub(super) fn clear(&mut self) {
        self.0.clear();
    }

    /// Adds the score of a bucket later than all added before; a score of 0 or less can't become
    /// the greatest and is skipped.
    pub(super) fn push(&mut self, bucket: i64, score: f64, decay: &Decay) {
        if score <= 0.0 {
            return;
        }
        while self.0.back().is_some_and(|(from, old)| {
            decay.between(*from, bucket).is_none_or(|factor| old * factor <= score)
        }) {
            self.0.pop_back();
        }
        self.0.push_back((bucket, score));
    }

    /// Returns the peak at a bucket not before the last one added; 0 without a score in the last
    /// 48 hours.
    pub(super) fn at(&mut self, bucket: i64, decay: &Decay) -> f64 {
        while let Some((from, score)) = self.0.front() {
            if let Some(factor) = decay.between(*from, bucket) {
                return score * factor;
            }
            self.0.pop_front();
        }
        0.0
    }
}
