//! The words of statuses: plain ones from `plain.txt`, in the order of their frequency, then
//! made-up ones that can be pronounced. Every seed has the same words. Owns the words; doesn't know
//! statuses.

use std::collections::HashSet;

use super::dice::{Dice, Purpose};
use super::zipf::RANKS;

/// Plain words, written by hand; none was taken from data.
const PLAIN: &str = include_str!("plain.txt");

/// All words from this rank on are made up. A test checks that there are fewer plain ones.
const MADE_UP: u16 = 1 << 10;

/// Letters that begin a syllable; frequent ones are listed more than once.
const ONSETS: &[&str] = &[
    "b", "d", "f", "g", "h", "j", "k", "l", "m", "n", "p", "r", "s", "t", "v", "w", "z", "b", "d",
    "l", "m", "n", "r", "s", "t", "br", "gr", "pl", "sh", "st", "tr",
];
const VOWELS: &[&str] = &["a", "e", "i", "o", "u", "a", "e", "i", "o", "a", "e", "ea", "oo", "ai"];
const CODAS: &[&str] = &["", "", "", "", "", "", "", "", "l", "m", "n", "r", "s", "nd"];

/// One word for each rank, in one buffer.
#[derive(Debug)]
pub(super) struct Vocabulary {
    letters: Vec<u8>,
    ends: Vec<u32>,
}

impl Vocabulary {
    pub(super) fn new() -> Self {
        let mut dice = Dice::new(0, 0, Purpose::Vocabulary);
        let mut words = Self { letters: Vec::with_capacity(10 * RANKS), ends: vec![0] };
        let mut known = HashSet::with_capacity(RANKS);
        for word in PLAIN.split_ascii_whitespace() {
            if known.insert(word.to_owned()) {
                words.push(word);
            }
        }
        while words.len() < RANKS {
            let word = made_up(&mut dice, words.len());
            if !known.contains(&word) {
                words.push(&word);
                known.insert(word);
            }
        }
        words
    }

    fn push(&mut self, word: &str) {
        self.letters.extend_from_slice(word.as_bytes());
        self.ends.push(u32::try_from(self.letters.len()).unwrap_or(u32::MAX));
    }

    fn len(&self) -> usize {
        self.ends.len() - 1
    }

    /// Returns the word of a rank: ASCII letters, and an apostrophe in a few plain ones.
    pub(super) fn word(&self, rank: u16) -> &[u8] {
        let rank = usize::from(rank);
        &self.letters[self.ends[rank] as usize..self.ends[rank + 1] as usize]
    }

    /// Returns a word of letters alone, for the name of an author.
    pub(super) fn name(&self, rank: u16) -> &[u8] {
        // An odd factor scatters the ranks; the set bit avoids the plain words.
        self.word(rank.wrapping_mul(40_503) | MADE_UP)
    }

    /// Returns a word that can be a hashtag.
    pub(super) fn tag(&self, rank: u16) -> &[u8] {
        // Most of the first 128 ranks are function words.
        let word = self.word(rank | 128);
        word.split(|letter| *letter == b'\'').next().unwrap_or(word)
    }
}

/// Makes up a word of syllables. Rarer words have more of them; one in 64 rare words is very long.
fn made_up(dice: &mut Dice, rank: usize) -> String {
    let syllables = match rank {
        0..4_000 => 2 + dice.below(2),
        _ if dice.happens(1, 64) => 5 + dice.below(3),
        _ => 2 + dice.below(3),
    };
    let mut word = String::new();
    for _ in 0..syllables {
        word.push_str(dice.pick(ONSETS));
        word.push_str(dice.pick(VOWELS));
        word.push_str(dice.pick(CODAS));
    }
    word
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_rank_has_its_own_word() {
        let words = Vocabulary::new();
        let distinct: HashSet<_> = (0..=u16::MAX).map(|rank| words.word(rank)).collect();
        assert_eq!(distinct.len(), RANKS);
        assert!(distinct.iter().any(|word| word.len() > 16), "some are long");
        assert!(distinct.iter().any(|word| word.len() < 4), "some are short");
    }

    #[test]
    fn names_and_made_up_words_are_letters_alone() {
        let words = Vocabulary::new();
        let plain = PLAIN.split_ascii_whitespace().count();
        assert!((500..usize::from(MADE_UP)).contains(&plain), "{plain} plain words");
        for rank in 0..=u16::MAX {
            assert!(words.name(rank).iter().all(u8::is_ascii_lowercase), "{rank}");
        }
    }
}
