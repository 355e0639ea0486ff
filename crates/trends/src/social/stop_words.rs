//! Stop words: words too common to be counted. Owns the chosen languages and which of their lists
//! apply to a post. The lists are those of NLTK, and of Stopwords ISO for languages that NLTK
//! lacks.

use std::collections::HashMap;

use super::fold;
use crate::packed::packed;

/// The remnants of retweets, HTML and cut links, in any language.
const REMNANTS: [&str; 5] = ["rt", "via", "amp", "http", "https"];

/// The current code for each old code that records still carry, and for each language that shares
/// another's list.
const ALIASES: [(&str, &str); 6] =
    [("in", "id"), ("iw", "he"), ("ji", "yi"), ("nb", "no"), ("nn", "no"), ("fil", "tl")];

/// The mark of the user's stop words, which apply to every language. The bits below are the marks
/// of the languages.
const EXTRA: u128 = 1 << 126;
/// The mark of remnants.
const REMNANT: u128 = 1 << 127;

/// The error for a language without a list.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no stop words for language {code:?}: there are lists for {}", known.join(", "))]
pub struct UnknownLanguage {
    /// The code without a list.
    pub code: String,
    /// The ISO 639-1 codes with a list, in ascending order.
    pub known: Vec<&'static str>,
}

/// The stop words of the chosen languages, and the words that a user adds to them.
#[derive(Debug, Clone)]
pub struct StopWords {
    languages: Vec<String>,
    words: WordTable,
}

/// The marks of the lists that apply to a post.
#[derive(Debug, Clone, Copy)]
pub(super) struct ActiveLists(u128);

/// The class of a word in a post.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum WordClass {
    /// A word to count.
    Content,
    /// A stop word: it is not counted, but forms pairs.
    Stop,
    /// A remnant: it is neither counted nor part of a pair.
    Remnant,
}

impl StopWords {
    /// Loads the lists of `languages` (ISO 639-1 codes in any case) and adds the words of `extra`,
    /// which are stop words in every language. Both may be empty.
    ///
    /// # Errors
    /// Fails with [`UnknownLanguage`], which names the first language without a list.
    pub fn new(languages: &[String], extra: &[String]) -> Result<Self, UnknownLanguage> {
        let mut chosen: Vec<String> =
            languages.iter().map(|code| current_code(code).to_ascii_lowercase()).collect();
        chosen.sort_unstable();
        chosen.dedup();
        let mut words = WordTable::default();
        for (index, code) in chosen.iter().enumerate() {
            let unknown =
                || UnknownLanguage { code: code.clone(), known: known_languages().collect() };
            let list = known_list(code).ok_or_else(unknown)?;
            words.add(list.iter().copied(), 1 << index);
        }
        words.add(extra.iter().map(String::as_str), EXTRA);
        words.add(REMNANTS.into_iter(), REMNANT);
        words.build();
        Ok(Self { languages: chosen, words })
    }

    /// Returns the languages, as ISO 639-1 codes in ascending order.
    pub fn languages(&self) -> &[String] {
        &self.languages
    }

    /// Selects the user's words and the list of the post's language; all lists if that language was
    /// not chosen.
    pub(super) fn active(&self, language: Option<&str>) -> ActiveLists {
        let chosen = language.and_then(|tag| {
            let code = current_code(tag);
            self.languages.iter().position(|chosen| chosen.eq_ignore_ascii_case(code))
        });
        match chosen {
            Some(index) => ActiveLists(EXTRA | 1 << index),
            None => ActiveLists(!REMNANT),
        }
    }

    /// Returns the class of the word with this key.
    pub(super) fn class(&self, key: &str, active: ActiveLists) -> WordClass {
        Self::class_of_marks(self.words.marks(key), active)
    }

    /// Returns the class of the word with this key of up to 16 bytes, packed into a number.
    pub(super) fn class_of_packed(&self, key: u128, active: ActiveLists) -> WordClass {
        Self::class_of_marks(self.words.marks_of_packed(key), active)
    }

    fn class_of_marks(marks: u128, active: ActiveLists) -> WordClass {
        if marks & REMNANT != 0 {
            WordClass::Remnant
        } else if marks & active.0 != 0 {
            WordClass::Stop
        } else {
            WordClass::Content
        }
    }
}

impl Default for StopWords {
    /// Creates stop words of no language and without extra words.
    fn default() -> Self {
        let mut words = WordTable::default();
        words.add(REMNANTS.into_iter(), REMNANT);
        words.build();
        Self { languages: Vec::new(), words }
    }
}

/// Returns the current code for the primary subtag of a language tag (BCP 47).
fn current_code(tag: &str) -> &str {
    let primary = tag.split(['-', '_']).next().unwrap_or(tag);
    let alias = ALIASES.iter().find(|(old, _)| old.eq_ignore_ascii_case(primary));
    alias.map_or(primary, |(_, code)| code)
}

/// Returns the ISO 639-1 codes with a list, fewer than the 126 marks of languages.
fn known_languages() -> impl Iterator<Item = &'static str> {
    stop_words::available_languages().iter().copied().filter(|code| code.len() == 2)
}

fn known_list(code: &str) -> Option<&'static [&'static str]> {
    known_languages().find(|known| *known == code).and_then(stop_words::lookup)
}

/// Words with their marks. Words of up to 16 bytes are in an open-addressing table, where a look-up
/// costs a multiplication and mostly one comparison; the few longer ones are in a map.
#[derive(Debug, Clone, Default)]
struct WordTable {
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
    fn add<'a>(&mut self, words: impl Iterator<Item = &'a str>, mark: u128) {
        for word in words {
            let mut key = String::new();
            fold::word(word.trim_matches(|c: char| !c.is_alphanumeric()), &mut key);
            if !key.is_empty() {
                *self.all.entry(key).or_default() |= mark;
            }
        }
    }

    /// Builds the table from the added words; at least half of its slots stay empty.
    fn build(&mut self) {
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

    fn marks(&self, key: &str) -> u128 {
        match packed(key.as_bytes()) {
            Some(packed) => self.marks_of_packed(packed),
            None => self.long.get(key).copied().unwrap_or(0),
        }
    }

    fn marks_of_packed(&self, packed: u128) -> u128 {
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
