//! Hashtags, by twitter-text's `validHashtag`, `hashtagBoundary` and `endHashtagMatch`.

use super::{Place, Span, What, links};
use crate::social::characters::{
    EMOJI_SELECTOR, KEYCAP, TEXT_SELECTOR, is_hashtag_character, is_hashtag_letter,
};

/// The hashtag whose sign of `sign` bytes stands at the place, if it is one: it follows nothing
/// that could be part of a tag, no `&`, has a letter, and is followed by no other sign and no
/// `://`. There is no longest one.
pub(super) fn at(place: Place<'_>, sign: usize) -> Option<Span> {
    if !place.before().is_none_or(is_boundary) {
        return None;
    }
    let body = &place.rest()[sign..];
    if body.starts_with([EMOJI_SELECTOR, KEYCAP]) {
        return None;
    }
    let end = body.find(|character| !is_hashtag_character(character)).unwrap_or(body.len());
    let length = links::unglued(body, end);
    let has_letter = body[..length].contains(is_hashtag_letter);
    let after = &body[end..];
    if length < end && has_letter {
        return Some(place.signed(What::Hashtag, sign, length));
    }
    if !has_letter || after.starts_with(['#', '＃']) || after.starts_with("://") {
        return None;
    }
    Some(place.signed(What::Hashtag, sign, length))
}

/// Variation selectors are marks, but they end an emoji.
fn is_boundary(before: char) -> bool {
    matches!(before, TEXT_SELECTOR | EMOJI_SELECTOR)
        || !(before == '&' || is_hashtag_character(before))
}
