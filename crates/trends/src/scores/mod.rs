//! Scores: what is trending, not only what is frequent. Owns the formulas and their edges, which
//! README.md beside this file lists; knows nothing of rows, stores, sketches or how scores are
//! ranked and shown.
//!
//! Everything is a function of merged integers. Floats appear only here, are summed in the order
//! of buckets, and what isn't an addition, multiplication, division or square root comes from
//! `libm`, so that every machine gets the same bits.

mod burst;
mod chi_square;
mod df_idf;
mod dispersion;
mod explain;
mod keyness;
mod peak;
mod phrase;
mod scorer;
mod totals;

pub use burst::{Estimate, GROWTH_CAP, Steps};
pub use chi_square::ChiSquare;
pub use df_idf::df_idf;
pub use dispersion::{DEFAULT_DISPERSION, MIN_POOLED_TERMS, PoolError, PooledDispersion};
pub use explain::{Explanation, Gates, PeakInput, ReferenceCell};
pub use keyness::{Compared, Keyness, MIN_G2, keyness};
pub use phrase::{MIN_NPMI, MIN_PAIRS, PairCounts, folds};
pub use scorer::{PEAK_FLOOR, Scorer, Status, WindowScore};
pub use totals::{BucketTotal, MIN_HISTORY, Totals};

use serde::{Deserialize, Serialize};

/// One bucket of a term that is not empty. Slices of them ascend by bucket.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Cell {
    /// The number of the bucket, from the epoch in units of the window.
    pub bucket: i64,
    /// Occurrences.
    pub count: u64,
    /// Records it occurred in.
    pub documents: u64,
    /// Distinct authors of those, as far as they are known; an estimate above 32.
    pub authors: u64,
}

/// What of a cell is scored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Measure {
    /// Distinct authors: one account that floods counts once a window.
    Authors,
    /// Records.
    Documents,
}

impl Measure {
    /// The scored number of a cell.
    pub fn of(self, cell: &Cell) -> u64 {
        match self {
            Self::Authors => cell.authors,
            Self::Documents => cell.documents,
        }
    }
}

/// What a user may set. The other parameters are constants beside the formulas they belong to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settings {
    /// The measure a window must reach for its burst to be other than 0; 5 by default.
    pub min_count: u64,
    /// The distinct authors it must have, where authors are the measure; 3 by default.
    pub min_authors: u64,
}

impl Default for Settings {
    fn default() -> Self {
        Self { min_count: 5, min_authors: 3 }
    }
}

impl Settings {
    /// Whether a window may have a burst other than 0. The authors are known where they are the
    /// measure of the run.
    fn admits(self, measure: Measure, measured: u64) -> bool {
        let authors = match measure {
            Measure::Authors => self.min_authors,
            Measure::Documents => 0,
        };
        measured >= self.min_count.max(authors)
    }
}

#[cfg(test)]
mod tests;
