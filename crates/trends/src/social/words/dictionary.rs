//! The cut of a run into words by the dictionaries of ICU4X. Owns the choice among all ways to cut
//! it; knows nothing of the text around the run.
//!
//! The words of a run are those whose costs have the least sum. The dictionary of Chinese and
//! Japanese has a cost for each word, which falls with the word's frequency; ICU chooses by the same
//! sum (`CjkBreakEngine` of ICU4C). The others have words only, so the fewest unknown syllables win,
//! then the fewest words. Among equal sums the longest last word wins.
//!
//! `WordSegmenter` of ICU4X takes the longest word from the left instead, and what it has read when
//! no word was found: it cuts `まったらどう` after `ったらど`.

#[cfg(test)]
mod tests;

use std::sync::LazyLock;

use icu_collections::char16trie::{Char16Trie, Char16TrieCursor};
use icu_provider::prelude::*;
use icu_segmenter::provider::{
    Baked, DictionaryBreakData, SegmenterDictionaryAutoV2, SegmenterDictionaryExtendedV2,
};

use super::runs::Run;
use crate::social::characters::Unspaced;

/// The version of the crate `icu_segmenter_data`, which holds the dictionaries.
pub(super) const VERSION: &str = "2.4.0";

/// The cost of a character of Chinese or Japanese that is no word: that of ICU, above every word's.
const UNKNOWN_CHARACTER: u32 = 255;
/// The cost of a word in a dictionary without costs, and of an unknown syllable.
const WORD: u32 = 1;
const UNKNOWN_SYLLABLE: u32 = 1_000;

type Dictionary = Option<&'static DictionaryBreakData<'static>>;

/// The dictionary of each script, by its number.
static DICTIONARIES: LazyLock<[Dictionary; 5]> = LazyLock::new(|| {
    let name = |name| DataIdentifierBorrowed::for_marker_attributes(name);
    let extended = |name| {
        let found: Result<DataResponse<SegmenterDictionaryExtendedV2>, DataError> =
            Baked.load(DataRequest { id: name, ..DataRequest::default() });
        found.ok().and_then(|found| found.payload.get_static())
    };
    let id = name(DataMarkerAttributes::from_str_or_panic("cjdict"));
    let shared: Result<DataResponse<SegmenterDictionaryAutoV2>, DataError> =
        Baked.load(DataRequest { id, ..DataRequest::default() });
    [
        shared.ok().and_then(|found| found.payload.get_static()),
        extended(name(DataMarkerAttributes::from_str_or_panic("thaidict"))),
        extended(name(DataMarkerAttributes::from_str_or_panic("laodict"))),
        extended(name(DataMarkerAttributes::from_str_or_panic("khmerdict"))),
        extended(name(DataMarkerAttributes::from_str_or_panic("burmesedict"))),
    ]
});

/// Cuts runs into words. Keeps its buffers from one run to the next: 17 bytes for each character of
/// the longest run.
#[derive(Debug, Default)]
pub(super) struct Cutter {
    /// For each number of units, the best cut of that many.
    best: Vec<Cut>,
    /// The ends of the words, last first.
    ends: Vec<usize>,
    prefixes: Prefixes,
}

/// The last word of a cut, and the cost of the whole cut.
#[derive(Debug, Clone, Copy)]
struct Cut {
    cost: u32,
    /// The unit where the last word begins.
    from: u32,
    is_known: bool,
}

const NO_CUT: Cut = Cut { cost: u32::MAX, from: 0, is_known: false };

impl Cutter {
    /// Calls `each` for the words of `run`, with the number of the first unit and of the unit after
    /// the last one of each.
    pub(super) fn words(
        &mut self,
        script: Unspaced,
        run: &Run,
        each: &mut impl FnMut(usize, usize),
    ) {
        let length = run.units().len();
        self.best.clear();
        self.best.resize(length + 1, NO_CUT);
        self.best[0].cost = 0;
        match &DICTIONARIES[script as usize] {
            Some(DictionaryBreakData::Char16Trie(trie)) => self.weigh_costs(trie, run),
            Some(DictionaryBreakData::ZeroTrie { alphabet, trie }) => {
                let letter = |character: char| {
                    let letter = alphabet.position32(u32::from(character));
                    letter.and_then(|letter| u8::try_from(letter).ok()).unwrap_or(u8::MAX)
                };
                for from in 0..length {
                    let mut cursor = trie.cursor();
                    self.weigh_words(run, from, |character| {
                        cursor.step(letter(character));
                        (cursor.take_value().is_some(), cursor.is_empty())
                    });
                }
            }
            None => (0..length).for_each(|from| self.weigh_words(run, from, |_| (false, true))),
        }
        self.ends.clear();
        let mut end = length;
        while end > 0 {
            self.ends.push(end);
            end = self.best[end].from as usize;
        }
        let mut from = 0;
        for to in self.ends.drain(..).rev() {
            each(from, to);
            from = to;
        }
    }

    /// Makes the word from `from` to `to` the last of the best cut there, if it costs less.
    #[inline]
    fn offer(&mut self, from: usize, to: usize, cost: u32, is_known: bool) {
        let cost = self.best[from].cost.saturating_add(cost);
        if cost < self.best[to].cost {
            self.best[to] = Cut { cost, from: from as u32, is_known };
        }
    }

    /// Weighs all cuts of a run of Chinese or Japanese, where a word can begin at each unit.
    fn weigh_costs(&mut self, trie: &'static Char16Trie<'static>, run: &Run) {
        let units = run.units();
        for (from, unit) in units.iter().enumerate() {
            let cost = self.prefixes.first(trie, unit.character);
            self.offer(from, from + 1, cost.unwrap_or(UNKNOWN_CHARACTER), cost.is_some());
            let Some(second) = units.get(from + 1) else { break };
            let (first, second) = (unit.character, second.character);
            let (cost, has_more) = self.prefixes.prefix(trie, [first, second, NONE]);
            if let Some(cost) = cost {
                self.offer(from, from + 2, cost, true);
            }
            let Some(third) = units.get(from + 2).filter(|_| has_more) else { continue };
            let characters = [first, second, third.character];
            let (cost, has_more) = self.prefixes.prefix(trie, characters);
            if let Some(cost) = cost {
                self.offer(from, from + 3, cost, true);
            }
            if has_more {
                let mut cursor = self.prefixes.cursor(characters);
                for (to, next) in (from + 4..).zip(&units[from + 3..]) {
                    let Some(cursor) = cursor.as_mut().filter(|cursor| !cursor.is_empty()) else {
                        break;
                    };
                    cursor.step(next.character);
                    if let Some(cost) = word_cost(cursor) {
                        self.offer(from, to, cost, true);
                    }
                }
            }
        }
    }

    /// Weighs the words that begin at `from`. `step` reads a further character, and returns whether
    /// the characters so far are a word, and whether no longer word begins with them.
    fn weigh_words(&mut self, run: &Run, from: usize, mut step: impl FnMut(char) -> (bool, bool)) {
        if self.best[from].cost == u32::MAX {
            return;
        }
        for (to, unit) in (from + 1..).zip(&run.units()[from..]) {
            let (is_word, is_last) = step(unit.character);
            if is_word && run.may_end(to) {
                self.offer(from, to, WORD, true);
            }
            if is_last {
                break;
            }
        }
        let length = run.units().len();
        let to = (from + 1..length).find(|to| run.may_end(*to)).unwrap_or(length);
        // Unknown syllables beside each other are one word: a name, more often than not.
        let Cut { from: before, is_known, .. } = self.best[from];
        let first = if from == 0 || is_known { from } else { before as usize };
        let cost = self.best[from].cost.saturating_add(UNKNOWN_SYLLABLE);
        if cost < self.best[to].cost {
            self.best[to] = Cut { cost, from: first as u32, is_known: false };
        }
    }
}

/// Returns the cost of the word that ends at the cursor.
fn word_cost(cursor: &Char16TrieCursor<'_>) -> Option<u32> {
    cursor.value().map(|cost| u32::try_from(cost).unwrap_or(MAX_COST).min(MAX_COST))
}

/// The greatest cost of a word; those of ICU are below 256.
const MAX_COST: u32 = NO_WORD as u32 - 1;
/// Marks what is no word, and a character that was not looked up.
const NO_WORD: u16 = u16::MAX - 1;
const UNSEEN: u16 = u16::MAX;

/// The characters with a place in the table of [`Prefixes`]: kana and the common ideographs.
const FIRST: u32 = 0x3000;
const LAST: u32 = 0x9FFF;
/// The number of prefixes that are kept.
const PREFIXES: usize = 1 << 14;
/// Stands for no third character.
const NONE: char = '\0';

/// A cache of the trie's answers for one, two and three characters. The first steps from the root,
/// which has 15,000 branches, take most of the time of a look-up. Words don't depend on what is
/// cached. The size is fixed: 1 MiB.
#[derive(Debug, Default)]
struct Prefixes {
    costs: Vec<u16>,
    /// Prefixes by their hash: the characters of each in 63 bits.
    keys: Vec<u64>,
    /// The cost of each prefix as a word, and true if longer words begin with it.
    words: Vec<(u16, bool)>,
    /// The place in the trie after each prefix.
    cursors: Vec<Option<Char16TrieCursor<'static>>>,
}

impl Prefixes {
    /// Returns the cost of a character as a word.
    #[inline]
    fn first(&mut self, trie: &'static Char16Trie<'static>, character: char) -> Option<u32> {
        let place = u32::from(character).wrapping_sub(FIRST) as usize;
        let kept = self.costs.get(place).copied().unwrap_or(UNSEEN);
        let cost = if kept == UNSEEN { self.look_up_first(trie, character, place) } else { kept };
        (cost != NO_WORD).then_some(u32::from(cost))
    }

    #[cold]
    fn look_up_first(
        &mut self,
        trie: &'static Char16Trie<'static>,
        character: char,
        at: usize,
    ) -> u16 {
        let mut cursor = trie.cursor();
        cursor.step(character);
        let cost = kept_cost(&cursor);
        self.costs.resize((LAST - FIRST + 1) as usize, UNSEEN);
        if let Some(kept) = self.costs.get_mut(at) {
            *kept = cost;
        }
        cost
    }

    /// Returns the cost of two or three characters as a word, and whether longer words begin with
    /// them.
    #[inline]
    fn prefix(
        &mut self,
        trie: &'static Char16Trie<'static>,
        characters: [char; 3],
    ) -> (Option<u32>, bool) {
        let (key, at) = place(characters);
        let (cost, has_more) = match (self.keys.get(at), self.words.get(at)) {
            (Some(kept), Some(word)) if *kept == key => *word,
            _ => self.look_up(trie, characters),
        };
        ((cost != NO_WORD).then_some(u32::from(cost)), has_more)
    }

    /// Returns the place in the trie after three characters that were looked up just before.
    fn cursor(&self, characters: [char; 3]) -> Option<Char16TrieCursor<'static>> {
        self.cursors.get(place(characters).1).and_then(Clone::clone)
    }

    #[cold]
    fn look_up(
        &mut self,
        trie: &'static Char16Trie<'static>,
        characters: [char; 3],
    ) -> (u16, bool) {
        let cursor = self.after(trie, characters);
        (kept_cost(&cursor), !cursor.is_empty())
    }

    /// Returns the place in the trie after `characters`, one step from the place after all but the
    /// last of them, and keeps it.
    fn after(
        &mut self,
        trie: &'static Char16Trie<'static>,
        characters: [char; 3],
    ) -> Char16TrieCursor<'static> {
        let (key, at) = place(characters);
        if let (Some(kept), Some(Some(cursor))) = (self.keys.get(at), self.cursors.get(at))
            && *kept == key
        {
            return cursor.clone();
        }
        let (mut cursor, last) = match characters {
            [first, NONE, _] => (trie.cursor(), first),
            [first, second, NONE] => (self.after(trie, [first, NONE, NONE]), second),
            [first, second, third] => (self.after(trie, [first, second, NONE]), third),
        };
        cursor.step(last);
        self.keys.resize(PREFIXES, 0);
        self.words.resize(PREFIXES, (NO_WORD, false));
        self.cursors.resize(PREFIXES, None);
        self.keys[at] = key;
        self.words[at] = (kept_cost(&cursor), !cursor.is_empty());
        self.cursors[at] = Some(cursor.clone());
        cursor
    }
}

/// Returns the characters in one number, and the place where they are kept.
#[inline]
fn place([first, second, third]: [char; 3]) -> (u64, usize) {
    let [first, second, third] = [first, second, third].map(|c| u64::from(u32::from(c)));
    let key = first << 42 | second << 21 | third;
    (key, (key.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> (64 - PREFIXES.ilog2())) as usize)
}

/// Returns the cost of the word that ends at the cursor, or [`NO_WORD`].
fn kept_cost(cursor: &Char16TrieCursor<'_>) -> u16 {
    word_cost(cursor).and_then(|cost| u16::try_from(cost).ok()).unwrap_or(NO_WORD)
}
