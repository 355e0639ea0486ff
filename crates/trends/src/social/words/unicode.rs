//! Words of text in any script, by UAX #29 on its NFKC.

use unicode_segmentation::UnicodeSegmentation;

use super::Piece;
use crate::social::characters::{is_ignorable, is_letter};
use crate::social::fold::NFKC;

/// Calls `each` for the pieces of `chunk`. `normalized` is a buffer, kept from one text to the
/// next.
pub(super) fn pieces(chunk: &str, normalized: &mut String, each: &mut impl FnMut(Piece<'_>)) {
    let (normal, rest) = NFKC.split_normalized(chunk);
    if rest.is_empty() {
        return normal_pieces(chunk, each);
    }
    normalized.clear();
    normalized.push_str(normal);
    // Writing to a string doesn't fail.
    let written = NFKC.normalize_to(rest, normalized);
    debug_assert!(written.is_ok());
    normal_pieces(normalized, each);
}

/// Calls `each` for the pieces of `text`, which is in NFKC.
fn normal_pieces(text: &str, each: &mut impl FnMut(Piece<'_>)) {
    for (index, part) in text.split(':').enumerate() {
        if index > 0 {
            each(Piece::Break);
        }
        segments(part, &mut |segment| {
            if let Some(piece) = piece(segment) {
                each(piece);
            }
        });
    }
}

/// Calls `each` for the segments between the word boundaries of `text`.
fn segments(text: &str, each: &mut impl FnMut(&str)) {
    #[cfg(feature = "cjk")]
    if text.contains(crate::social::characters::is_unspaced) {
        return super::dictionary::segments(text, each);
    }
    text.split_word_bounds().for_each(each);
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
