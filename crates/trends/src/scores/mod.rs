//! Scores: what is trending, not only what is frequent. Owns the formulas and their edge cases,
//! which docs/scores.md lists; knows nothing of rows, stores, sketches or how scores
//! are ranked and shown.
//!
//! Every score is a function of merged integers. Floats appear only here and are summed in the
//! order of buckets. Every operation other than addition, multiplication, division and square
//! root comes from `libm`, so every machine computes the same bits.

mod burst;
mod chi_square;
mod dispersion;
mod explain;
mod formula;
mod keyness;
mod peak;
mod phrase;
mod reference;
mod scorer;
mod totals;

pub use burst::{BurstSteps, DispersionEstimate, GROWTH_CAP};
pub use chi_square::ChiSquare;
pub use dispersion::{DEFAULT_DISPERSION, MIN_POOLED_TERMS, PooledDispersion, TermDispersion};
pub use explain::{
    ExplainedCell, ExplainedScore, Explanation, GateStates, PeakInput, ReferenceCell,
};
pub use formula::{BurstGates, BurstSettings, Formula};
pub use keyness::{Keyness, KeynessCounts, MIN_G2};
pub use phrase::{MIN_NPMI, MIN_PAIRS, PairCounts, phrase_stands_for_word};
pub use scorer::{Scorer, Status, WindowScore};
pub use totals::{MIN_HISTORY, Totals};

use serde::{Deserialize, Serialize};
pub use vocabulary::ReferenceChoice;

/// The counts of a term in one bucket, not all 0. Slices of cells ascend by bucket.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Cell {
    /// The number of the bucket, from the epoch in units of the window.
    pub bucket: i64,
    /// Number of occurrences.
    pub count: u64,
    /// Number of records with the term.
    pub documents: u64,
    /// Number of distinct authors of those records, as far as the records name them, at most
    /// `documents`; an estimate above 32.
    pub authors: u64,
}

/// The count of a cell that is scored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Measure {
    /// Distinct authors: one account that floods counts once a window.
    Authors,
    /// Records.
    Documents,
}

impl Measure {
    /// Returns the scored count of a cell.
    pub fn of(self, cell: &Cell) -> u64 {
        match self {
            Self::Authors => cell.authors,
            Self::Documents => cell.documents,
        }
    }

    /// Returns true if a scored count is an estimate.
    pub fn is_estimate(self, measured: u64) -> bool {
        self == Self::Authors && crate::detail::is_estimate(measured)
    }
}

#[cfg(test)]
mod tests;
