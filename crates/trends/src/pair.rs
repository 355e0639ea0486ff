//! The terms under which pairs of neighbouring words are counted. Owns the spelling of a pair and
//! of its margins as a term of [`Kind::Phrase`]; does not know which words are neighbours or which
//! pairs are phrases.
//!
//! ```text
//! "left right"   the pair of both words, in this order
//! "left "        the left margin: all pairs with `left` on the left
//! " right"       the right margin: all pairs with `right` on the right
//! ```
//!
//! The key of a word is never empty and has no white space, so every term has one meaning. In the
//! order of terms the right margins come before all others, and a left margin comes directly before
//! its pairs.
//!
//! [`Kind::Phrase`]: crate::Kind::Phrase

/// A pair of words, or one of its margins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PairTerm<'a> {
    /// All pairs with this word on the left.
    Left(&'a [u8]),
    /// All pairs with this word on the right.
    Right(&'a [u8]),
    /// The pair of a left and a right word.
    Both(&'a [u8], &'a [u8]),
}

impl<'a> PairTerm<'a> {
    /// Parses a term of [`crate::Kind::Phrase`]; `None` if it is neither a pair nor a margin.
    pub fn parse(term: &'a [u8]) -> Option<Self> {
        let space = memchr::memchr(b' ', term)?;
        let (left, right) = (&term[..space], &term[space + 1..]);
        match (left.is_empty(), right.is_empty()) {
            (true, true) => None,
            (true, false) => Some(Self::Right(right)),
            (false, true) => Some(Self::Left(left)),
            (false, false) => Some(Self::Both(left, right)),
        }
    }

    /// Returns the word that decides the slot of the term. It is the left word of a pair, so that a
    /// pair has the slot of its left margin.
    pub fn hashed_word(self) -> &'a [u8] {
        match self {
            Self::Left(word) | Self::Right(word) | Self::Both(word, _) => word,
        }
    }
}

/// Replaces `term` with the term of two words; one of them is empty for a margin.
pub fn write(left: &str, right: &str, term: &mut String) {
    term.clear();
    term.push_str(left);
    term.push(' ');
    term.push_str(right);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{Kind, slot};

    fn written(left: &str, right: &str) -> String {
        let mut term = "old".to_owned();
        write(left, right, &mut term);
        term
    }

    proptest! {
        #[test]
        fn a_written_pair_is_parsed(left in "[!-~é]{1,5}", right in "[!-~é]{1,5}") {
            let (left_word, right_word) = (left.as_bytes(), right.as_bytes());
            let both = written(&left, &right);
            let both = PairTerm::parse(both.as_bytes());
            prop_assert_eq!(both, Some(PairTerm::Both(left_word, right_word)));
            let margin = written(&left, "");
            prop_assert_eq!(PairTerm::parse(margin.as_bytes()), Some(PairTerm::Left(left_word)));
            let margin = written("", &right);
            prop_assert_eq!(PairTerm::parse(margin.as_bytes()), Some(PairTerm::Right(right_word)));
        }

        #[test]
        fn a_pair_has_the_slot_of_its_left_margin(left in "[!-~é]{1,5}", right in "[!-~é]{1,5}") {
            let slot_of = |term: String| slot(Kind::Phrase, term.as_bytes());
            prop_assert_eq!(slot_of(written(&left, &right)), slot_of(written(&left, "")));
        }

        #[test]
        fn the_pairs_of_a_word_directly_follow_its_left_margin(
            words in prop::collection::btree_set("[!-~é]{1,3}", 1..6)
        ) {
            let mut terms: Vec<String> = Vec::new();
            for left in &words {
                terms.extend([written(left, ""), written("", left)]);
                terms.extend(words.iter().map(|right| written(left, right)));
            }
            terms.sort_unstable();
            let mut margin = None;
            for term in &terms {
                match PairTerm::parse(term.as_bytes()) {
                    Some(PairTerm::Right(_)) => prop_assert_eq!(margin, None),
                    Some(PairTerm::Left(word)) => margin = Some(word),
                    Some(PairTerm::Both(left, _)) => prop_assert_eq!(Some(left), margin),
                    None => prop_assert!(false, "{:?}", term),
                }
            }
        }
    }

    #[test]
    fn any_other_term_is_neither_a_pair_nor_a_margin() {
        assert_eq!(PairTerm::parse(b""), None);
        assert_eq!(PairTerm::parse(b" "), None);
        assert_eq!(PairTerm::parse(b"alone"), None);
    }
}
