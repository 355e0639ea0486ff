//! A table of words with marks. Owns its layout; knows nothing of languages.

use std::collections::HashMap;

use crate::packed::packed;
use crate::social::characters::is_mark;
use crate::social::fold;

/// Words with their marks. Words of up to 16 bytes are in an open-addressing table, where a look-up
/// costs a multiplication and mostly one comparison; the few longer ones are in a map.
#[derive(Debug, Clone, Default)]
pub(super) struct WordTable {
    /// All words until the table is built, then empty.
    all: HashMap<String, u128>,
    /// A bit for the highest bits of the hash of each short word. These 2 KiB stay in the
    /// L1 cache and rule out most words that are not in the table.
    filter: Vec<u64>,
    /// The packed short words, 0 in an empty slot. They are apart from the marks, which are read
    /// only for a word in the table.
    keys: Vec<u128>,
    marks: Vec<u128>,
    long: HashMap<String, u128>,
}

impl WordTable {
    /// Adds `mark` to the keys of `words`.
    pub(super) fn add<'a>(&mut self, words: impl Iterator<Item = &'a str>, mark: u128) {
        for word in words {
            let mut key = String::new();
            // A sign such as the virama or a tone of Thai is no letter, and can end a word.
            let is_beside = |c: char| !c.is_alphanumeric() && !is_mark(c);
            fold::word(word.trim_matches(is_beside), &mut key);
            if !key.is_empty() {
                *self.all.entry(key).or_default() |= mark;
            }
        }
    }

    /// Builds the table from the added words; at least half of its slots stay empty.
    pub(super) fn build(&mut self) {
        let length = (self.all.len() * 2 + 1).next_power_of_two();
        self.keys = vec![0; length];
        self.marks = vec![0; length];
        self.filter = vec![0; FILTER_BITS / 64];
        for (word, marks) in std::mem::take(&mut self.all) {
            let Some(packed) = packed(word.as_bytes()) else {
                self.long.insert(word, marks);
                continue;
            };
            let hash = hash(packed);
            self.filter[filter_bit(hash) / 64] |= 1 << (filter_bit(hash) % 64);
            let at = self.slot(packed, hash);
            self.keys[at] = packed;
            self.marks[at] = marks;
        }
    }

    /// Returns the marks of the word with this key, 0 if it is not in the table.
    pub(super) fn marks(&self, key: &str) -> u128 {
        match packed(key.as_bytes()) {
            Some(packed) => self.marks_of_packed(packed),
            None => self.long.get(key).copied().unwrap_or(0),
        }
    }

    /// Returns the marks of the word with this key of up to 16 bytes, packed into a number.
    pub(super) fn marks_of_packed(&self, packed: u128) -> u128 {
        let hash = hash(packed);
        if self.filter[filter_bit(hash) / 64] >> (filter_bit(hash) % 64) & 1 == 0 {
            return 0;
        }
        let at = self.slot(packed, hash);
        if self.keys[at] == 0 { 0 } else { self.marks[at] }
    }

    /// Returns the slot of a word, or the empty slot for it.
    fn slot(&self, packed: u128, hash: u64) -> usize {
        let last = self.keys.len() - 1;
        let mut at = (hash >> 32) as usize & last;
        while self.keys[at] != 0 && self.keys[at] != packed {
            at = (at + 1) & last;
        }
        at
    }
}

/// About twenty bits for each word of three languages.
const FILTER_BITS: usize = 1 << 14;

/// Returns the highest bits of a hash; the slot is taken from lower ones.
const fn filter_bit(hash: u64) -> usize {
    (hash >> (64 - FILTER_BITS.ilog2())) as usize
}

fn hash(packed: u128) -> u64 {
    let folded = (packed as u64) ^ ((packed >> 64) as u64).rotate_left(29);
    folded.wrapping_mul(0x9E37_79B9_7F4A_7C15)
}
