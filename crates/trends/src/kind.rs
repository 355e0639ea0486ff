//! The kinds of terms. Owns their names and their byte on disk; knows nothing of how a term of a
//! kind is found in a text.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// What sort of term is counted.
///
/// The discriminants are part of the block format and of the digest: they are never reused.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "lowercase")]
#[repr(u8)]
pub enum Kind {
    /// A word of the running text.
    #[default]
    Word = 1,
    /// `#hashtag`, without its sign.
    Hashtag = 2,
    /// `@mention`, without its sign.
    Mention = 3,
    /// `$cashtag`, without its sign.
    Cashtag = 4,
    /// One emoji grapheme cluster.
    Emoji = 5,
    /// Two words that belong together.
    Phrase = 6,
    /// The registrable domain of a link.
    Domain = 7,
}

impl Kind {
    /// Every kind, in the order of their bytes.
    pub const ALL: [Self; 7] = [
        Self::Word,
        Self::Hashtag,
        Self::Mention,
        Self::Cashtag,
        Self::Emoji,
        Self::Phrase,
        Self::Domain,
    ];

    /// The byte that stands for this kind in blocks, slots and digests.
    pub const fn byte(self) -> u8 {
        self as u8
    }

    /// The kind a byte stands for, if any.
    pub fn from_byte(byte: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.byte() == byte)
    }

    /// The name as it stands in JSON and on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Word => "word",
            Self::Hashtag => "hashtag",
            Self::Mention => "mention",
            Self::Cashtag => "cashtag",
            Self::Emoji => "emoji",
            Self::Phrase => "phrase",
            Self::Domain => "domain",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A name that is no kind.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "unknown kind {0:?}: allowed are word, hashtag, mention, cashtag, emoji, phrase and domain"
)]
pub struct UnknownKind(pub String);

impl FromStr for Kind {
    type Err = UnknownKind;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|kind| kind.name() == name)
            .ok_or_else(|| UnknownKind(name.to_owned()))
    }
}
