//! Words of text in any script, on its NFKC: by dictionary where words are written without spaces,
//! elsewhere by UAX #29.

use unicode_segmentation::UnicodeSegmentation;

use super::Piece;
use super::dictionary::Cutter;
use super::runs::{Run, katakana};
use super::stems;
use crate::social::characters::{Unspaced, is_ignorable, is_kana, is_letter};
use crate::social::fold::NFKC;

/// The buffers for cutting, kept from one text to the next.
#[derive(Debug, Default)]
pub(in crate::social) struct Buffers {
    normalized: String,
    composed: String,
    run: Run,
    cutter: Cutter,
}

/// Calls `each` for the pieces of `chunk`.
pub(super) fn pieces(chunk: &str, buffers: &mut Buffers, each: &mut impl FnMut(Piece<'_>)) {
    let Buffers { normalized, composed, run, cutter } = buffers;
    let (normal, rest) = NFKC.split_normalized(chunk);
    let text = if rest.is_empty() {
        chunk
    } else {
        normalized.clear();
        normalized.push_str(normal);
        // Writing to a string doesn't fail.
        let written = NFKC.normalize_to(rest, normalized);
        debug_assert!(written.is_ok());
        normalized
    };
    for (index, part) in compose(text, composed).split(':').enumerate() {
        if index > 0 {
            each(Piece::Break);
        }
        cut(part, run, cutter, each);
    }
}

/// Returns `text` with the vowel `am` of Thai and Lao in one character, and so the Lao consonants
/// `ho no` and `ho mo`, as they are typed and as dictionaries have them. NFKC takes them apart, though
/// no other normalisation does.
fn compose<'a>(text: &'a str, composed: &'a mut String) -> &'a str {
    /// The first byte of these characters, and of few others.
    const FIRST_BYTE: u8 = 0xE0;
    const PAIRS: [(&str, &str); 4] = [
        ("\u{E4D}\u{E32}", "\u{E33}"),
        ("\u{ECD}\u{EB2}", "\u{EB3}"),
        ("\u{EAB}\u{E99}", "\u{EDC}"),
        ("\u{EAB}\u{EA1}", "\u{EDD}"),
    ];
    let may_have_pairs = memchr::memchr(FIRST_BYTE, text.as_bytes()).is_some();
    if !may_have_pairs || !PAIRS.iter().any(|(apart, _)| text.contains(apart)) {
        return text;
    }
    composed.clear();
    composed.push_str(text);
    for (apart, one) in PAIRS {
        if composed.contains(apart) {
            *composed = composed.replace(apart, one);
        }
    }
    composed
}

/// Calls `each` for the pieces of `text`, which has no colon.
fn cut(text: &str, run: &mut Run, cutter: &mut Cutter, each: &mut impl FnMut(Piece<'_>)) {
    // The first byte of each character from U+0800 on; the runs begin with those.
    const FIRST_BYTE: u8 = 0xE0;
    let (mut from, mut at) = (0, 0);
    while let Some(skipped) = text.as_bytes()[at..].iter().position(|byte| *byte >= FIRST_BYTE) {
        at += skipped;
        if let Some((script, length)) = run.read(&text[at..]) {
            by_rules(&text[from..at], each);
            by_dictionary(&text[at..at + length], script, run, cutter, each);
            at += length;
            from = at;
        } else if let Some(length) = katakana(text, from, at) {
            by_rules(&text[from..at], each);
            let word = &text[at..at + length];
            let has_letter = word.contains(|character| character != 'ー');
            each(if has_letter { Piece::Uncased(word) } else { Piece::Break });
            at += length;
            from = at;
        } else {
            at += text[at..].chars().next().map_or(1, char::len_utf8);
        }
    }
    by_rules(&text[from..], each);
}

/// Calls `each` for the words of a run. In Japanese, an ideograph before an ending in Hiragana is no
/// word but a stem.
fn by_dictionary<'a>(
    text: &'a str,
    script: Unspaced,
    run: &Run,
    cutter: &mut Cutter,
    each: &mut impl FnMut(Piece<'_>),
) {
    let has_stems = script == Unspaced::HanOrHiragana;
    let is_uncased = has_stems && run.is_plain();
    let whole = |word: &'a str| {
        if is_uncased {
            Piece::Uncased(word)
        } else {
            Piece::Word(word.trim_end_matches(is_ignorable))
        }
    };
    // The last word if it is a single ideograph: the next word decides whether it is a stem.
    let mut ideograph = None;
    cutter.words(script, run, &mut |from, to| {
        let word = &text[run.end(from)..run.end(to)];
        let units = run.units().get(from..to).unwrap_or_default();
        if let Some(before) = ideograph.take() {
            let following = run.units().get(from..).unwrap_or_default();
            let is_stem = stems::is_ending(units) || stems::begins_adjective_ending(following);
            each(if is_stem { Piece::Stem(before) } else { whole(before) });
        }
        match units {
            [unit] if has_stems && !is_kana(unit.character) => ideograph = Some(word),
            _ => each(whole(word)),
        }
    });
    if let Some(last) = ideograph {
        each(whole(last));
    }
}

/// Calls `each` for the pieces between the word boundaries of `text`.
fn by_rules(text: &str, each: &mut impl FnMut(Piece<'_>)) {
    // Mostly one of the signs 、。「」 stands between two runs.
    if let [0xE3, 0x80, 0x81 | 0x82 | 0x8C | 0x8D] = text.as_bytes() {
        return each(Piece::Break);
    }
    text.split_word_bounds().filter_map(piece).for_each(each);
}

/// Returns the piece of a segment between two word boundaries, `None` if the words on both sides of
/// the segment stay neighbours.
fn piece(segment: &str) -> Option<Piece<'_>> {
    if segment.contains(is_letter) {
        return Some(Piece::Word(segment.trim_matches(is_ignorable)));
    }
    if segment.chars().all(is_joint) { None } else { Some(Piece::Break) }
}

/// Returns true for spaces, hyphens, quotation marks, commas and invisible characters, which keep
/// the words on both sides neighbours.
fn is_joint(character: char) -> bool {
    match character {
        '\n' | '\r' | '\u{B}' | '\u{C}' | '\u{85}' | '\u{2028}' | '\u{2029}' => false,
        '-' | '\u{2010}' | '\'' | '"' | ',' | '\u{2018}'..='\u{201F}' | '\u{AB}' | '\u{BB}' => true,
        _ => character.is_whitespace() || is_ignorable(character),
    }
}
