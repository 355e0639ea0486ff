//! Phrases: pairs of neighbouring words that belong together. Owns the rules by which a pair is a
//! phrase, and by which a list shows a phrase in place of its words; knows nothing of counting.

/// A pair that occurs less often is not a phrase.
pub const MIN_PAIRS: u64 = 5;
/// A pair with less normalised pointwise mutual information is not a phrase.
pub const MIN_NPMI: f64 = 0.3;

/// The counts of two neighbouring words, over the whole run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PairCounts {
    /// `n_xy`: number of times the two stand together, in this order.
    pub together: u64,
    /// `n_x.`: number of pairs whose left word is the left one.
    pub left: u64,
    /// `n_.y`: number of pairs whose right word is the right one.
    pub right: u64,
    /// B: number of all pairs.
    pub pairs: u64,
}

impl PairCounts {
    /// Returns the normalised pointwise mutual information (Bouma 2009), -1 to 1:
    /// `ln(n_xy B / (n_x. n_.y)) / -ln(n_xy / B)`
    ///
    /// Returns 1 if the run has no other pair, and `None` if no pair can have these counts: `n_xy`
    /// is 0 or exceeds `n_x.` or `n_.y`, or one of those exceeds B.
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

    /// Returns true if the pair is a phrase: `n_xy` >= 5, NPMI >= 0.3, and neither word is a stop
    /// word.
    pub fn is_phrase(&self, left_stop: bool, right_stop: bool) -> bool {
        let belongs_together = || self.npmi().is_some_and(|npmi| npmi >= MIN_NPMI);
        self.together >= MIN_PAIRS && !left_stop && !right_stop && belongs_together()
    }
}

/// Returns true if a phrase in `phrase` records stands for one of its words, which is in `word`
/// records: at least 7 in 10 of the records with the word have the phrase.
pub fn phrase_stands_for_word(phrase: u64, word: u64) -> bool {
    word > 0 && u128::from(phrase) * 10 >= u128::from(word) * 7
}
