//! Phrases: two neighbouring words that belong together. Owns when a pair is a phrase and when a
//! phrase stands for its words; knows nothing of how pairs are counted.

/// A pair that is seen less often is no phrase.
pub const MIN_PAIRS: u64 = 5;
/// A pair with less normalised pointwise mutual information is no phrase.
pub const MIN_NPMI: f64 = 0.3;

/// What was counted of two neighbouring words, over the whole run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PairCounts {
    /// `n_xy`: how often the two stand together, in this order.
    pub together: u64,
    /// `n_x.`: how often the left one is the left of a pair.
    pub left: u64,
    /// `n_.y`: how often the right one is the right of a pair.
    pub right: u64,
    /// B: all pairs.
    pub pairs: u64,
}

impl PairCounts {
    /// Normalised pointwise mutual information, -1 to 1:
    /// `ln(n_xy B / (n_x. n_.y)) / -ln(n_xy / B)`
    /// (Bouma 2009). 1 where there is no other pair; `None` if the counts can't be those of a pair:
    /// none together, or more together than apart, or than there are pairs.
    pub fn npmi(&self) -> Option<f64> {
        let Self { together, left, right, pairs } = *self;
        let possible = together > 0 && together <= left.min(right) && left.max(right) <= pairs;
        if !possible {
            return None;
        }
        if together == pairs {
            return Some(1.0);
        }
        let [together, left, right, pairs] = [together, left, right, pairs].map(|n| n as f64);
        let information = libm::log((together / left) * (pairs / right));
        Some(information / libm::log(pairs / together))
    }

    /// Whether the pair is a phrase: `n_xy` >= 5, NPMI >= 0.3, and neither word is a stop word.
    pub fn is_phrase(&self, left_stop: bool, right_stop: bool) -> bool {
        let bound = || self.npmi().is_some_and(|npmi| npmi >= MIN_NPMI);
        self.together >= MIN_PAIRS && !left_stop && !right_stop && bound()
    }
}

/// Whether a phrase in `phrase` documents stands for one of its words, which is in `word`
/// documents, so that a list that shows the phrase leaves the word out: at least 7 of 10.
pub fn folds(phrase: u64, word: u64) -> bool {
    word > 0 && u128::from(phrase) * 10 >= u128::from(word) * 7
}
