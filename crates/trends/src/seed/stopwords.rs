//! The fixed stop words of the `Seed` profile: NLTK's Dutch, English and Spanish lists and the
//! original's own `echt haha gaan gaat even`.
//!
//! Words of the list with an accent or an apostrophe never match, as in the original.

use std::collections::HashSet;
use std::sync::LazyLock;

/// The words, one a line, sorted by bytes.
const LIST: &str = include_str!("stopwords.txt");

static SET: LazyLock<HashSet<&'static [u8]>> =
    LazyLock::new(|| LIST.lines().map(str::as_bytes).collect());

/// Returns true if a lower-case token is a stop word.
pub fn is_stop_word(token: &[u8]) -> bool {
    SET.contains(token)
}

#[cfg(test)]
mod tests {
    use sha2::{Digest as _, Sha256};

    use super::*;

    #[test]
    fn the_list_is_that_of_published_results() {
        let sum = crate::digest::hex(&Sha256::digest(LIST));
        assert_eq!(sum, "a2d12e7547efc5cbbbbadd512f5cf28a4e071e7f38d2228d5d5cc6f66f04b3d0");
        assert_eq!(SET.len(), 580);
    }

    #[test]
    fn the_list_is_sorted_so_that_a_change_shows_as_one_line() {
        assert!(LIST.lines().is_sorted());
    }
}
