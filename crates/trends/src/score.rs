//! The scores topics are ranked by beside their count. Owns their names and their byte on disk; the
//! formulas are in [`crate::scores`].

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// What topics are ranked by, the highest first.
///
/// The discriminants are part of the block format: they are never reused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[repr(u8)]
pub enum Score {
    /// How far a term is above what its past lets expect.
    Burst = 1,
    /// The highest burst of late, decayed.
    Peak = 2,
    /// The level of late, decayed.
    Popular = 3,
    /// How much a term stands out against a baseline.
    Keyness = 4,
    /// The score of Mastodon's trends: the authors of a day against those of the day before.
    ChiSquare = 5,
    /// Occurrences in one window; over the whole run, the count ranks topics anyway.
    Count = 6,
}

impl Score {
    /// Every score, in the order of their bytes.
    pub const ALL: [Self; 6] =
        [Self::Burst, Self::Peak, Self::Popular, Self::Keyness, Self::ChiSquare, Self::Count];

    /// The byte that stands for this score in blocks.
    pub const fn byte(self) -> u8 {
        self as u8
    }

    /// The score a byte stands for, if any.
    pub fn from_byte(byte: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|score| score.byte() == byte)
    }

    /// Whether it compares windows, rather than the whole run with another.
    pub const fn needs_window(self) -> bool {
        !matches!(self, Self::Keyness)
    }

    /// Whether topics are ranked by it in every window; else only in the last one that is over.
    pub const fn is_of_every_window(self) -> bool {
        matches!(self, Self::Burst | Self::Peak | Self::Count)
    }

    /// Whether it is told with a burst, which needs windows before the one that is scored.
    pub const fn leans_on_bursts(self) -> bool {
        matches!(self, Self::Burst | Self::Peak | Self::Popular)
    }

    /// The name as it stands in JSON and on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Burst => "burst",
            Self::Peak => "peak",
            Self::Popular => "popular",
            Self::Keyness => "keyness",
            Self::ChiSquare => "chisquare",
            Self::Count => "count",
        }
    }
}

impl fmt::Display for Score {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A name that is no score.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown score {0:?}: allowed are burst, peak, popular, keyness, chisquare and count")]
pub struct UnknownScore(pub String);

impl FromStr for Score {
    type Err = UnknownScore;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        let found = Self::ALL.into_iter().find(|score| score.name() == name);
        found.ok_or_else(|| UnknownScore(name.to_owned()))
    }
}
