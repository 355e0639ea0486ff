//! The terms that neighbouring words are counted under. Owns how a pair and its margins are written as
//! one term of [`Kind::Phrase`]; knows nothing of which words are neighbours, or which pairs are phrases.
//!
//! ```text
//! "left right"   the two together, in this order
//! "left "        whatever stands to the right: how often `left` is the left of a pair
//! " right"       whatever stands to the left: how often `right` is the right of a pair
//! ```
//!
//! The key of a word is never empty and has no white space, so nothing is ambiguous. In the order of
//! terms, `" right"` come before all others, and `"left "` directly before the pairs of `left`.
//!
//! [`Kind::Phrase`]: crate::Kind::Phrase

/// What a term of two words stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PairTerm<'a> {
    /// The pairs whose left word this is.
    Left(&'a [u8]),
    /// The pairs whose right word this is.
    Right(&'a [u8]),
    /// The two together.
    Both(&'a [u8], &'a [u8]),
}

impl<'a> PairTerm<'a> {
    /// What `term` stands for; `None` if it is no term of two words.
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

    /// The word whose hash is the slot of the term: the left one, so that a pair is where its left
    /// margin is; the right one where there is no other.
    pub fn home(self) -> &'a [u8] {
        match self {
            Self::Left(word) | Self::Right(word) | Self::Both(word, _) => word,
        }
    }
}

/// Replaces `term` with the one that two words are counted under; either may be empty, for a margin.
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
        fn what_was_written_is_parsed(left in "[!-~é]{1,5}", right in "[!-~é]{1,5}") {
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
            let of = |term: String| slot(Kind::Phrase, term.as_bytes());
            prop_assert_eq!(of(written(&left, &right)), of(written(&left, "")));
        }

        #[test]
        fn the_pairs_of_a_word_follow_its_margin_and_nothing_stands_between(
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
    fn anything_else_is_no_term_of_two_words() {
        assert_eq!(PairTerm::parse(b""), None);
        assert_eq!(PairTerm::parse(b" "), None);
        assert_eq!(PairTerm::parse(b"alone"), None);
    }
}
