//! The versions of the burst score and the settings that a run scores with. Owns their names in
//! plans and results, the gates and the thresholds of each version; knows no formula.

use serde::{Deserialize, Serialize};
use vocabulary::ReferenceChoice;

use super::Measure;

/// A version of the burst score. A plan names it, so that all workers of a run agree, and a result
/// names it, so that the steps of older results can be explained.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "u32", into = "u32")]
pub enum Formula {
    /// The burst is Anscombe's standardised difference. Plans and results that name no formula have
    /// this one.
    #[default]
    First,
    /// The burst is the difference from the typical measure; a status comes from the root of the
    /// deviance.
    Second,
}

impl Formula {
    /// The formula of new runs.
    pub const CURRENT: Self = Self::Second;

    /// Returns the least significance of a trending term.
    pub const fn trending(self) -> f64 {
        match self {
            Self::First => 4.0,
            Self::Second => 6.25,
        }
    }

    /// Returns the least significance of a rising term.
    pub const fn rising(self) -> f64 {
        match self {
            Self::First => 3.0,
            Self::Second => 4.5,
        }
    }

    /// Returns the least significance of a burst: a smaller excess is within chance.
    pub const fn least_significance(self) -> f64 {
        match self {
            Self::First => 0.0,
            Self::Second => 1.0,
        }
    }

    /// Returns the least peak with which a window without the term is emitted.
    pub const fn peak_floor(self) -> f64 {
        match self {
            Self::First => 1.0,
            Self::Second => 2.0,
        }
    }

    /// Returns true for the first formula, which plans and results don't name.
    pub const fn is_first(&self) -> bool {
        matches!(self, Self::First)
    }
}

impl From<Formula> for u32 {
    fn from(formula: Formula) -> Self {
        match formula {
            Formula::First => 1,
            Formula::Second => 2,
        }
    }
}

impl TryFrom<u32> for Formula {
    type Error = String;

    fn try_from(number: u32) -> Result<Self, String> {
        match number {
            1 => Ok(Self::First),
            2 => Ok(Self::Second),
            _ => Err(format!(
                "burst formula {number} is not known to this version of trendjob, which has 1 and 2: use a later version"
            )),
        }
    }
}

/// The gates of the burst score, which a user may set. The other parameters of the scores are
/// constants beside their formulas.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BurstGates {
    /// The least measure of a window whose burst may exceed 0; 5 by default.
    pub min_count: u64,
    /// The least number of distinct authors, where authors are the measure; 3 by default.
    pub min_authors: u64,
}

impl Default for BurstGates {
    fn default() -> Self {
        Self { min_count: 5, min_authors: 3 }
    }
}

impl BurstGates {
    /// Returns true if a window with this measure may have a burst above 0. `min_authors` applies
    /// only where authors are the measure.
    pub(super) fn admits(self, measure: Measure, measured: u64) -> bool {
        let authors = match measure {
            Measure::Authors => self.min_authors,
            Measure::Documents => 0,
        };
        measured >= self.min_count.max(authors)
    }
}

/// All that a run decides about its bursts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct BurstSettings {
    /// The gates.
    pub gates: BurstGates,
    /// The version of the score.
    pub formula: Formula,
    /// The buckets that a window is compared with.
    pub reference: ReferenceChoice,
}

impl BurstSettings {
    /// Returns the settings of a new run without any of the user's.
    pub fn current() -> Self {
        Self { formula: Formula::CURRENT, ..Self::default() }
    }
}
