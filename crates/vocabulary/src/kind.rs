//! The kinds of terms. Owns their names and their byte on disk; doesn't know how a term of a kind
//! is found in a text.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::UnknownName;

/// The kind of a term.
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

    /// The byte of this kind in blocks, slots and digests.
    #[inline]
    pub const fn byte(self) -> u8 {
        self as u8
    }

    /// The kind with a byte, if any.
    pub fn from_byte(byte: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.byte() == byte)
    }

    const fn names(self) -> (&'static str, &'static str) {
        match self {
            Self::Word => ("word", "Word"),
            Self::Hashtag => ("hashtag", "Hashtag"),
            Self::Mention => ("mention", "Mention"),
            Self::Cashtag => ("cashtag", "Cashtag"),
            Self::Emoji => ("emoji", "Emoji"),
            Self::Phrase => ("phrase", "Phrase"),
            Self::Domain => ("domain", "Domain"),
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

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Kind {
    type Err = UnknownName;

    fn from_str(name: &str) -> Result<Self, UnknownName> {
        let allowed = "word, hashtag, mention, cashtag, emoji, phrase and domain";
        let found = Self::ALL.into_iter().find(|kind| kind.name() == name);
        found.ok_or_else(|| UnknownName { concept: "kind", name: name.to_owned(), allowed })
    }
}
