//! A set of kinds of terms.

use crate::Kind;

/// A set of kinds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Kinds(u8);

impl Kinds {
    /// No kind at all.
    pub const NONE: Self = Self(0);

    /// Returns true if `kind` is in the set.
    pub const fn contains(self, kind: Kind) -> bool {
        self.0 & Self::bit(kind) != 0
    }

    /// Returns the set with `kind` in it.
    #[must_use]
    pub const fn with(self, kind: Kind) -> Self {
        Self(self.0 | Self::bit(kind))
    }

    /// Returns the bit of a kind; the bytes of kinds are 1 to 7.
    const fn bit(kind: Kind) -> u8 {
        1 << kind.byte()
    }
}

impl FromIterator<Kind> for Kinds {
    fn from_iter<I: IntoIterator<Item = Kind>>(kinds: I) -> Self {
        kinds.into_iter().fold(Self::NONE, Self::with)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_holds_the_given_kinds_and_no_others() {
        let set: Kinds = [Kind::Word, Kind::Domain].into_iter().collect();
        let found: Vec<_> = Kind::ALL.into_iter().filter(|kind| set.contains(*kind)).collect();
        assert_eq!(found, [Kind::Word, Kind::Domain]);
        assert_eq!(Kind::ALL.into_iter().filter(|kind| Kinds::NONE.contains(*kind)).count(), 0);
    }
}
