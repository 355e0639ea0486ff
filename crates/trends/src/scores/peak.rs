//! The peak of a score: the greatest of the last two days, each halved for every four hours since.
//! Owns the decay and which old scores may still count; knows nothing of what is scored.

use std::collections::VecDeque;
use std::num::NonZeroU32;

const HALF_LIFE_SECONDS: f64 = 4.0 * 3600.0;
const REACH_SECONDS: u32 = 48 * 3600;

/// By what a score is multiplied after each number of windows, up to 48 hours.
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

    /// The factor from one bucket to a later one, `None` beyond 48 hours.
    pub(super) fn between(&self, from: i64, to: i64) -> Option<f64> {
        let windows = usize::try_from(to.saturating_sub(from)).ok()?;
        self.0.get(windows).copied()
    }
}

/// The scores that are, or may yet become, the greatest after decay: ascending by bucket and
/// descending by what they decay to, for of two scores the order after decay never changes. So
/// the peak is max over 0 <= j <= 48 h of z_(now - j) 2^(-j / 4 h), taken from the scores
/// themselves and not from a peak before: no rounding piles up.
#[derive(Debug, Clone, Default)]
pub(super) struct Peaks(VecDeque<(i64, f64)>);

impl Peaks {
    pub(super) fn clear(&mut self) {
        self.0.clear();
    }

    /// Adds the score of a bucket after all before it.
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

    /// The peak at a bucket not before the last one added; 0 if there is none within reach.
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
