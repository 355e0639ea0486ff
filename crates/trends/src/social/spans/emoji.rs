//! Emoji: the sequences of UTS #51, revision 27, section 1.4.9, one grapheme cluster each.
//!
//! A pictograph that is not shown as an emoji by itself (`©`, `↔`) is one only before U+FE0F, a
//! skin tone, or a joiner and another; none is one before U+FE0E.

use super::{Place, Span, What};
use crate::social::characters::{
    EMOJI_SELECTOR, JOINER, KEYCAP, TEXT_SELECTOR, is_emoji, is_regional_indicator,
    is_shown_as_emoji, is_skin_tone,
};

/// The emoji that begins with `first` at the place; or whose keycap it is, the digit before it.
pub(super) fn at(place: Place<'_>, first: char) -> Option<Span> {
    let span = |start: usize, length: usize| Span {
        what: What::Emoji,
        start,
        end: start + length,
        body: (start, start + length),
    };
    if matches!(first, EMOJI_SELECTOR | KEYCAP) {
        return keycap(place).map(|(start, end)| span(start, end - start));
    }
    sequence(place.rest()).map(|length| span(place.at, length))
}

/// A digit, `#` or `*` before the place with its keycap after it.
fn keycap(place: Place<'_>) -> Option<(usize, usize)> {
    let rest = place.rest();
    let cap = rest.strip_prefix(EMOJI_SELECTOR).unwrap_or(rest).strip_prefix(KEYCAP)?;
    let start = place.at.checked_sub(1).filter(|start| *start >= place.floor)?;
    let key = place.text.as_bytes()[start];
    let is_key = key.is_ascii_digit() || matches!(key, b'#' | b'*');
    is_key.then(|| (start, place.text.len() - cap.len()))
}

/// The length of the sequence at the beginning of `text`: elements with joiners between them.
fn sequence(text: &str) -> Option<usize> {
    let first = element(text)?;
    let mut length = first.length;
    let mut is_shown = first.is_shown;
    while first.joins
        && let Some(joined) = text[length..].strip_prefix(JOINER)
        && let Some(next) = element(joined).filter(|next| next.joins)
    {
        length += JOINER.len_utf8() + next.length;
        is_shown = true;
    }
    is_shown.then_some(length)
}

/// One picture, maybe a part of a larger one.
struct Element {
    length: usize,
    is_shown: bool,
    /// Flags and skin tones are joined to nothing: UAX #29 has a cluster end there (GB11).
    joins: bool,
}

fn element(text: &str) -> Option<Element> {
    let base = text.chars().next()?;
    let after = &text[base.len_utf8()..];
    let until = |rest: &str| text.len() - rest.len();
    if is_regional_indicator(base) {
        let rest = after.strip_prefix(is_regional_indicator)?;
        return Some(Element { length: until(rest), is_shown: true, joins: false });
    }
    if !is_emoji(base) || after.starts_with(TEXT_SELECTOR) {
        return None;
    }
    let joins = !is_skin_tone(base);
    // One is enough, but all of them are in the same cluster.
    let rest = after.trim_start_matches(|c| c == EMOJI_SELECTOR || is_skin_tone(c));
    if rest.len() < after.len() {
        return Some(Element { length: until(rest), is_shown: true, joins });
    }
    let length = until(tags(after).unwrap_or(after));
    Some(Element { length, is_shown: is_shown_as_emoji(base), joins })
}

/// What follows the tags at the beginning of `text`, which spell a region's flag, if they are ended.
fn tags(text: &str) -> Option<&str> {
    let rest = text.trim_start_matches(|c| matches!(c, '\u{E0020}'..='\u{E007E}'));
    if rest.len() == text.len() { None } else { rest.strip_prefix('\u{E007F}') }
}
