//! Emoji: the sequences of UTS #51, revision 27, section 1.4.9, one grapheme cluster each.
//!
//! A pictograph that is shown as text by default (`©`, `↔`) is an emoji only before U+FE0F, before
//! a skin tone, or joined with another pictograph. No pictograph is an emoji before U+FE0E.

use super::{Candidate, Span};
use crate::Kind;
use crate::social::characters::{
    EMOJI_SELECTOR, JOINER, KEYCAP, TEXT_SELECTOR, is_emoji, is_regional_indicator,
    is_shown_as_emoji, is_skin_tone,
};

/// Parses the emoji that begins with `first` at the candidate. If `first` belongs to a keycap, the
/// emoji begins with the digit or sign before it.
#[inline]
pub(super) fn parse(candidate: Candidate<'_>, first: char) -> Option<Span> {
    let span = |start: usize, length: usize| Span {
        kind: Kind::Emoji,
        start,
        end: start + length,
        body: (start, start + length),
    };
    if matches!(first, EMOJI_SELECTOR | KEYCAP) {
        return keycap(candidate).map(|(start, end)| span(start, end - start));
    }
    sequence(candidate.rest()).map(|length| span(candidate.at, length))
}

/// Returns the start and end of a keycap emoji: a digit, `#` or `*` before the candidate and the
/// keycap at it.
fn keycap(candidate: Candidate<'_>) -> Option<(usize, usize)> {
    let rest = candidate.rest();
    let cap = rest.strip_prefix(EMOJI_SELECTOR).unwrap_or(rest).strip_prefix(KEYCAP)?;
    let start = candidate.at.checked_sub(1).filter(|start| *start >= candidate.floor)?;
    let key = candidate.text.as_bytes()[start];
    let is_key = key.is_ascii_digit() || matches!(key, b'#' | b'*');
    is_key.then(|| (start, candidate.text.len() - cap.len()))
}

/// Returns the length of the sequence that begins `text`: elements with joiners between them.
#[inline]
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

/// One pictograph, which may be a part of a sequence.
struct Element {
    length: usize,
    is_shown: bool,
    /// False for flags and skin tones, after which UAX #29 ends the cluster (GB11).
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
    // One selector or tone is enough, but all of them are in the same cluster.
    let rest = after.trim_start_matches(|c| c == EMOJI_SELECTOR || is_skin_tone(c));
    if rest.len() < after.len() {
        return Some(Element { length: until(rest), is_shown: true, joins });
    }
    let length = until(tags(after).unwrap_or(after));
    Some(Element { length, is_shown: is_shown_as_emoji(base), joins })
}

/// Returns the text after the tags that begin `text` and spell a region's flag, `None` if
/// their terminator is missing.
fn tags(text: &str) -> Option<&str> {
    let rest = text.trim_start_matches(|c| matches!(c, '\u{E0020}'..='\u{E007E}'));
    if rest.len() == text.len() { None } else { rest.strip_prefix('\u{E007F}') }
}
