//! From text to words. Owns the definition of a word and the breaks between words that are not
//! neighbours; knows nothing of stop words and spans.

mod ascii;
mod dictionary;
mod runs;
mod stems;
mod unicode;

#[cfg(test)]
mod tests;

pub(super) use unicode::Buffers;

use super::characters::{Unspaced, is_kana, is_letter, unspaced};

/// The number of ASCII letters and digits that a counted word needs.
pub(super) const MIN_LETTERS: usize = 3;

/// The version of the rules of this module: which characters belong to runs, how runs are cut, and
/// which of their words are stems.
const RULES: u32 = 3;

/// Returns the name of the rules and tables that cut text into words, such as
/// `words-3+uax29-17.0.0+letters-17.0.0+icu4x-dictionary-2.4.0`. Builds that give the same name find
/// the same words.
pub fn segmentation() -> String {
    let (major, minor, update) = unicode_segmentation::UNICODE_VERSION;
    let uax29 = format!("uax29-{major}.{minor}.{update}");
    // Which characters are letters and digits comes with the compiler.
    let (major, minor, update) = char::UNICODE_VERSION;
    let letters = format!("letters-{major}.{minor}.{update}");
    format!("words-{RULES}+{uax29}+{letters}+icu4x-dictionary-{}", dictionary::VERSION)
}

/// A word or a break.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Piece<'a> {
    /// A word as it was written, in NFKC, with at least one letter.
    Word(&'a str),
    /// A word of ASCII letters and digits only.
    Plain(&'a str),
    /// A word of Han, Hiragana or Katakana only, which is its own key but for repeated letters.
    Uncased(&'a str),
    /// The stem of a verb or adjective of Japanese, which is no word to count.
    Stem(&'a str),
    /// A break: the words on both sides are not neighbours.
    Break,
}

/// Calls `each` for the pieces of `text`, in their order.
///
/// ASCII white space always separates words (UAX #29 joins only marks to it), so each part between
/// white space can be cut on its own: ASCII by a table, other text by the rules. On ASCII the two
/// agree.
pub(super) fn pieces(text: &str, buffers: &mut Buffers, each: &mut impl FnMut(Piece<'_>)) {
    let mut rest = text;
    while let Some(at) = first_non_ascii(rest) {
        let (before, after) = rest.as_bytes().split_at(at);
        let start = before.iter().rposition(u8::is_ascii_whitespace).map_or(0, |space| space + 1);
        let length = after.iter().position(u8::is_ascii_whitespace).unwrap_or(after.len());
        ascii::pieces(&rest[..start], each);
        unicode::pieces(&rest[start..at + length], buffers, each);
        rest = &rest[at + length..];
    }
    ascii::pieces(rest, each);
}

/// Returns the position of the first byte outside ASCII.
fn first_non_ascii(text: &str) -> Option<usize> {
    const BLOCK: usize = 32;
    let blocks = text.as_bytes().chunks(BLOCK);
    let ascii = BLOCK * blocks.take_while(|block| block.is_ascii()).count();
    let rest = text.as_bytes().get(ascii..)?;
    rest.iter().position(|byte| !byte.is_ascii()).map(|at| ascii + at)
}

/// The weight that a counted word needs.
const MIN_WEIGHT: u32 = 6;

/// Returns true if a word is long enough to count: three letters or digits of an alphabet or kana,
/// two syllables of Hangul, two letters of Thai, Lao, Khmer or Burmese (vowel signs included), or
/// one ideograph.
///
/// The shortest words of the first are mostly grammar: `of`, `に`, `から`. A single syllable of
/// Hangul that stands alone is mostly a determiner, an adverb or a bound noun (이, 더, 것), while
/// nouns carry a particle. Many nouns of Thai have a consonant and a vowel sign (ปี, ใจ). A single
/// ideograph is often a noun (雪), and the lists of stop words have those that are not (的).
pub(super) fn is_long_enough(word: &str) -> bool {
    if word.is_ascii() {
        let letters = word.bytes().filter(u8::is_ascii_alphanumeric);
        return letters.take(MIN_LETTERS).count() == MIN_LETTERS;
    }
    let mut total = 0;
    word.chars().any(|character| {
        total += weight(character);
        total >= MIN_WEIGHT
    })
}

fn weight(character: char) -> u32 {
    const { assert!(MIN_LETTERS as u32 * 2 == MIN_WEIGHT) };
    if matches!(character, '\u{4E00}'..='\u{9FFF}') {
        return MIN_WEIGHT;
    }
    match unspaced(character) {
        _ if is_kana(character) => 2,
        // Signs of repetition are no words.
        Some(Unspaced::HanOrHiragana) if matches!(character, '々' | '〆' | '〻') => 2,
        Some(Unspaced::HanOrHiragana) => MIN_WEIGHT,
        Some(_) if character.is_alphabetic() => 3,
        None if matches!(character, '\u{AC00}'..='\u{D7A3}') => 3,
        None if is_indic(character) && is_letter(character) => 3,
        None if character.is_alphanumeric() => 2,
        _ => 0,
    }
}

/// Returns true for the scripts of India, from Devanagari to Sinhala.
fn is_indic(character: char) -> bool {
    matches!(character, '\u{900}'..='\u{DFF}')
}
