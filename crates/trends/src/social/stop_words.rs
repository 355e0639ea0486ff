//! Words that are too common to tell anything. Owns the chosen languages and which of them speaks
//! for a post; the lists are those of NLTK, and of Stopwords ISO where NLTK has none.

use std::collections::HashMap;

use super::fold;
use crate::packed::packed;

/// What is left of retweets, HTML and cut links, in any language.
const REMNANTS: [&str; 5] = ["rt", "via", "amp", "http", "https"];

/// Old codes that records still carry, and languages that share a list.
const ALIASES: [(&str, &str); 6] =
    [("in", "id"), ("iw", "he"), ("ji", "yi"), ("nb", "no"), ("nn", "no"), ("fil", "tl")];

/// Bit of words that are stop words in every language; the languages have the bits below.
const EXTRA: u128 = 1 << 126;
/// Bit of what is no word at all.
const REMNANT: u128 = 1 << 127;

/// A language that there is no list for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no stop words for language {code:?}: there are lists for {}", known.join(", "))]
pub struct UnknownLanguage {
    /// What was asked for.
    pub code: String,
    /// What there is, as ISO 639-1 codes in their order.
    pub known: Vec<&'static str>,
}

/// The stop words of some languages, and words that a user adds to them.
#[derive(Debug, Clone)]
pub struct StopWords {
    languages: Vec<String>,
    words: Table,
}

/// Which lists count for a post.
#[derive(Debug, Clone, Copy)]
pub(super) struct Active(u128);

/// What a word is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Standing {
    /// One to count.
    Word,
    /// One that is too common.
    Stop,
    /// None.
    Remnant,
}

impl StopWords {
    /// The lists of `languages` (ISO 639-1 codes, any case) and the words of `extra`, which are
    /// stop words in every language. Both may be empty.
    ///
    /// # Errors
    /// [`UnknownLanguage`] names the first language that there is no list for.
    pub fn new(languages: &[String], extra: &[String]) -> Result<Self, UnknownLanguage> {
        let mut chosen: Vec<String> =
            languages.iter().map(|code| present(code).to_ascii_lowercase()).collect();
        chosen.sort_unstable();
        chosen.dedup();
        let mut words = Table::default();
        for (index, code) in chosen.iter().enumerate() {
            let known = || known().collect();
            let list = known_list(code)
                .ok_or_else(|| UnknownLanguage { code: code.clone(), known: known() })?;
            words.add(list.iter().copied(), 1 << index);
        }
        words.add(extra.iter().map(String::as_str), EXTRA);
        words.add(REMNANTS.into_iter(), REMNANT);
        words.finish();
        Ok(Self { languages: chosen, words })
    }

    /// The languages, as ISO 639-1 codes in their order.
    pub fn languages(&self) -> &[String] {
        &self.languages
    }

    /// The list of the post's language if it was chosen, else all of them.
    pub(super) fn active(&self, language: Option<&str>) -> Active {
        let chosen = language.and_then(|tag| {
            let code = present(tag);
            self.languages.iter().position(|chosen| chosen.eq_ignore_ascii_case(code))
        });
        match chosen {
            Some(index) => Active(EXTRA | 1 << index),
            None => Active(!REMNANT),
        }
    }

    /// What the word with this key is.
    pub(super) fn standing(&self, key: &str, active: Active) -> Standing {
        Self::judge(self.words.marks(key), active)
    }

    /// The same for a key of up to 16 bytes in one number.
    pub(super) fn standing_of_packed(&self, key: u128, active: Active) -> Standing {
        Self::judge(self.words.marks_of_packed(key), active)
    }

    fn judge(marks: u128, active: Active) -> Standing {
        if marks & REMNANT != 0 {
            Standing::Remnant
        } else if marks & active.0 != 0 {
            Standing::Stop
        } else {
            Standing::Word
        }
    }
}

impl Default for StopWords {
    /// No language and no extra word.
    fn default() -> Self {
        let mut words = Table::default();
        words.add(REMNANTS.into_iter(), REMNANT);
        words.finish();
        Self { languages: Vec::new(), words }
    }
}

/// The primary subtag of a language tag (BCP 47), by its present code.
fn present(tag: &str) -> &str {
    let primary = tag.split(['-', '_']).next().unwrap_or(tag);
    let alias = ALIASES.iter().find(|(old, _)| old.eq_ignore_ascii_case(primary));
    alias.map_or(primary, |(_, code)| code)
}

/// The languages of ISO 639-1 that there is a list for; there are fewer than 126.
fn known() -> impl Iterator<Item = &'static str> {
    stop_words::available_languages().iter().copied().filter(|code| code.len() == 2)
}

fn known_list(code: &str) -> Option<&'static [&'static str]> {
    known().find(|known| *known == code).and_then(stop_words::lookup)
}

/// Words with their marks: up to 16 bytes in open addressing by their bytes, which costs a
/// multiplication and mostly one comparison; longer ones, of which there are few, in a map.
#[derive(Debug, Clone, Default)]
struct Table {
    all: HashMap<String, u128>,
    /// A bit for what the hash of each short word begins with: 2 KiB that stay near, and tell most words
    /// that are none of these.
    filter: Vec<u64>,
    /// 0 where a slot is empty; apart from the marks, which are looked at only for a word that is
    /// here.
    keys: Vec<u128>,
    marks: Vec<u128>,
    long: HashMap<String, u128>,
}

impl Table {
    fn add<'a>(&mut self, words: impl Iterator<Item = &'a str>, mark: u128) {
        for word in words {
            let mut key = String::new();
            fold::word(word.trim_matches(|c: char| !c.is_alphanumeric()), &mut key);
            if !key.is_empty() {
                *self.all.entry(key).or_default() |= mark;
            }
        }
    }

    /// Lays the words out for lookups; at least half of the slots stay empty.
    fn finish(&mut self) {
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

    /// Where a word is, or would be put.
    fn slot(&self, packed: u128, hash: u64) -> usize {
        let last = self.keys.len() - 1;
        let mut at = (hash >> 32) as usize & last;
        while self.keys[at] != 0 && self.keys[at] != packed {
            at = (at + 1) & last;
        }
        at
    }
}

/// Some twenty for each of the words of three languages.
const FILTER_BITS: usize = 1 << 14;

/// The highest bits of a hash; the slot has those below.
const fn filter_bit(hash: u64) -> usize {
    (hash >> (64 - FILTER_BITS.ilog2())) as usize
}

fn hash(packed: u128) -> u64 {
    let folded = (packed as u64) ^ ((packed >> 64) as u64).rotate_left(29);
    folded.wrapping_mul(0x9E37_79B9_7F4A_7C15)
}
