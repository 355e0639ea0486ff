//! The scores that topics are ranked by beside their count. Owns their names, their bytes in blocks
//! and the windows that they need; doesn't know their formulas.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::UnknownName;

/// A score that topics are ranked by, the highest first.
///
/// The discriminants are part of the block format: they are never reused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[repr(u8)]
pub enum Score {
    /// The rise of a term above what its earlier windows predict.
    Burst = 1,
    /// The highest recent burst, decayed.
    Peak = 2,
    /// The recent level, decayed.
    Popular = 3,
    /// The frequency of a term compared with a baseline's.
    Keyness = 4,
    /// The score of Mastodon's trends: the authors of a day compared with those of the day before.
    ChiSquare = 5,
    /// Occurrences in one window. Over the whole run, topics are always ranked by their count.
    Count = 6,
}

impl Score {
    /// Every score, in the order of their bytes.
    pub const ALL: [Self; 6] =
        [Self::Burst, Self::Peak, Self::Popular, Self::Keyness, Self::ChiSquare, Self::Count];

    /// The byte of this score in blocks.
    #[inline]
    pub const fn byte(self) -> u8 {
        self as u8
    }

    /// The score with a byte, if any.
    pub fn from_byte(byte: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|score| score.byte() == byte)
    }

    /// Returns true if it compares the windows of a run. Keyness compares a whole run with another.
    pub const fn needs_window(self) -> bool {
        !matches!(self, Self::Keyness)
    }

    /// Returns true if topics are ranked by it in every window, false if only in the last closed
    /// one or over the whole run.
    pub const fn is_of_every_window(self) -> bool {
        matches!(self, Self::Burst | Self::Peak | Self::Count)
    }

    /// Returns true if it is computed from bursts, which need windows before the scored one.
    pub const fn needs_bursts(self) -> bool {
        matches!(self, Self::Burst | Self::Peak | Self::Popular)
    }

    const fn names(self) -> (&'static str, &'static str) {
        match self {
            Self::Burst => ("burst", "Burst"),
            Self::Peak => ("peak", "Peak"),
            Self::Popular => ("popular", "Popular"),
            Self::Keyness => ("keyness", "Keyness"),
            Self::ChiSquare => ("chisquare", "ChiSquare"),
            Self::Count => ("count", "Count"),
        }
    }

    /// The name in JSON and on the command line.
    pub const fn name(self) -> &'static str {
        self.names().0
    }

    /// The name in manifests.
    pub const fn manifest_name(self) -> &'static str {
        self.names().1
    }
}

impl fmt::Display for Score {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Score {
    type Err = UnknownName;

    fn from_str(name: &str) -> Result<Self, UnknownName> {
        let allowed = "burst, peak, popular, keyness, chisquare and count";
        let found = Self::ALL.into_iter().find(|score| score.name() == name);
        found.ok_or_else(|| UnknownName { concept: "score", name: name.to_owned(), allowed })
    }
}
