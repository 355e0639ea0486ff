//! Runs of characters that are written without spaces. Owns which characters belong to a run, and
//! where in it no word can begin; knows nothing of dictionaries.
//!
//! To UAX #29 each letter of these scripts is a word of its own, so a run can be taken out of a text
//! and the text on both sides of it cut by the rules: no boundary elsewhere changes.

use crate::social::characters::{Unspaced, extends, is_katakana, is_mark, unspaced};

/// U+30FC, which prolongs the vowel before it.
const PROLONGED: char = 'ー';

/// A run of characters of one script, in units: a character of the script with the characters after
/// it that only extend it.
///
/// The extending characters are marks of other scripts, variation selectors, joiners and other
/// invisible characters, and the prolonged sound mark after Han and Hiragana. Dictionaries see none
/// of them, so `すごーい` is cut like `すごい`, and a variant of an ideograph like the ideograph.
#[derive(Debug, Default)]
pub(super) struct Run {
    units: Vec<Unit>,
    /// For each unit, false if no word can begin there; empty if words can begin at all.
    begins: Vec<bool>,
    is_plain: bool,
}

/// A character of the script of a run.
#[derive(Debug, Clone, Copy)]
pub(super) struct Unit {
    pub(super) character: char,
    /// The end in the text of what extends the character, in bytes; a text of a record is shorter
    /// than 4 GiB.
    end: u32,
}

impl Run {
    /// Reads the run that begins `text`, and returns its script and its length in bytes; `None` if
    /// no run begins there.
    pub(super) fn read(&mut self, text: &str) -> Option<(Unspaced, usize)> {
        let mut characters = text.chars();
        let first = characters.next()?;
        let script = unspaced(first).filter(|_| !is_bound(first))?;
        self.units.clear();
        self.begins.clear();
        self.is_plain = true;
        let is_cut_anywhere = script == Unspaced::HanOrHiragana;
        let (mut last, mut length) = (first, first.len_utf8());
        self.units.push(Unit { character: first, end: length as u32 });
        if !is_cut_anywhere {
            self.begins.push(true);
        }
        for character in characters {
            let end = length + character.len_utf8();
            if unspaced(character) == Some(script) {
                self.units.push(Unit { character, end: end as u32 });
                if !is_cut_anywhere {
                    self.begins.push(!is_bound(character) && !binds_next(last));
                }
                last = character;
            } else {
                let prolongs = character == PROLONGED && is_cut_anywhere;
                if !prolongs && !extends(character) {
                    break;
                }
                self.is_plain &= prolongs;
                if let Some(unit) = self.units.last_mut() {
                    unit.end = end as u32;
                }
            }
            length = end;
        }
        Some((script, length))
    }

    /// Returns the units.
    pub(super) fn units(&self) -> &[Unit] {
        &self.units
    }

    /// Returns the end of the first `units` units in the text, in bytes.
    pub(super) fn end(&self, units: usize) -> usize {
        units
            .checked_sub(1)
            .and_then(|last| self.units.get(last))
            .map_or(0, |unit| unit.end as usize)
    }

    /// Returns true if a word can end after `units` units: another can begin there, or none follows.
    pub(super) fn may_end(&self, units: usize) -> bool {
        self.begins.get(units).copied().unwrap_or(true)
    }

    /// Returns true if the run has no extending characters but the prolonged sound mark.
    pub(super) fn is_plain(&self) -> bool {
        self.is_plain
    }
}

/// Returns true if the character belongs to the syllable before it: a mark, or a vowel of Thai or
/// Lao that is written after its consonant.
fn is_bound(character: char) -> bool {
    matches!(character, '\u{E30}' | '\u{E32}' | '\u{E33}' | '\u{E45}')
        || matches!(character, '\u{EB0}' | '\u{EB2}' | '\u{EB3}' | '\u{EBD}')
        || character < '\u{2000}' && is_mark(character)
        || matches!(character, '\u{A980}'..='\u{AAFF}') && is_mark(character)
}

/// Returns true if the character after this one belongs to the same syllable: a vowel of Thai or
/// Lao that is written before its consonant, or a sign that stacks the next consonant.
fn binds_next(character: char) -> bool {
    matches!(character, '\u{E40}'..='\u{E44}' | '\u{EC0}'..='\u{EC4}' | '\u{17D2}' | '\u{1039}')
}

/// Returns the length in bytes of the Katakana from `at` of `text` on, `None` if none begins there
/// or if a character beside it may belong to the same word. The text before `from` is cut already.
///
/// UAX #29 joins Katakana with itself, with connecting punctuation and with extending characters.
pub(super) fn katakana(text: &str, from: usize, at: usize) -> Option<usize> {
    let rest = &text[at..];
    let length = rest.find(|character| !is_katakana(character)).unwrap_or(rest.len());
    let is_apart = |character: Option<char>| {
        character.is_none_or(|character| {
            character.is_ascii() && character != '_'
                || matches!(character, '\u{3001}'..='\u{3020}')
                || unspaced(character).is_some_and(|_| !is_bound(character))
        })
    };
    let before = text[from..at].chars().next_back();
    (length > 0 && is_apart(before) && is_apart(rest[length..].chars().next())).then_some(length)
}
