//! Hashtags, by twitter-text's `validHashtag`, `hashtagBoundary` and `endHashtagMatch`.

use super::{Candidate, Span, links};
use crate::Kind;
use crate::social::characters::{
    EMOJI_SELECTOR, KEYCAP, TEXT_SELECTOR, is_hashtag_character, is_hashtag_letter,
};

/// Parses the hashtag whose sign, of `sign` bytes, is at the candidate. A hashtag doesn't follow
/// `&` or a character of hashtags, has a letter, and isn't followed by another sign or `://`. Its
/// length is unlimited.
pub(super) fn parse(candidate: Candidate<'_>, sign: usize) -> Option<Span> {
    if !candidate.before().is_none_or(is_boundary) {
        return None;
    }
    let body = &candidate.rest()[sign..];
    if body.starts_with([EMOJI_SELECTOR, KEYCAP]) {
        return None;
    }
    let end = body.find(|character| !is_hashtag_character(character)).unwrap_or(body.len());
    let length = links::unglued(body, end);
    let has_letter = body[..length].contains(is_hashtag_letter);
    let after = &body[end..];
    // A link cuts the hashtag short. With this case in `is_undone`, the search for hashtags alone
    // takes 11% longer.
    if length < end && has_letter {
        return Some(candidate.signed(Kind::Hashtag, sign, length));
    }
    let is_undone = after.starts_with(['#', '＃']) || after.starts_with("://");
    (has_letter && !is_undone).then(|| candidate.signed(Kind::Hashtag, sign, length))
}

/// Returns true if a hashtag may follow `before`. Variation selectors are marks and so characters
/// of hashtags, but they end an emoji.
fn is_boundary(before: char) -> bool {
    matches!(before, TEXT_SELECTOR | EMOJI_SELECTOR)
        || !(before == '&' || is_hashtag_character(before))
}
