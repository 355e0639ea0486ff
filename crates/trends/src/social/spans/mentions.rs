//! Mentions and lists, by twitter-text's `validMentionOrList`, `validMentionPrecedingChars` and
//! `endMentionMatch`.

use super::{Place, Span, What, links};
use crate::social::characters::is_latin_accent;

/// A longer name is cut, as twitter-text cuts it.
const LONGEST_NAME: usize = 20;
/// The same for the name of a list.
const LONGEST_LIST: usize = 25;

/// The mention or list whose sign of `sign` bytes stands at the place, if it is one.
///
/// The span of a name that is too long takes in all of it, so that its rest is no word.
pub(super) fn at(place: Place<'_>, sign: usize) -> Option<Span> {
    if !place.before().is_none_or(is_boundary) && !follows_retweet(place) {
        return None;
    }
    let body = &place.rest()[sign..];
    let whole = run(body, is_name_byte);
    let unglued = links::unglued(body, whole);
    if unglued < whole {
        return (unglued > 0).then(|| name_alone(place, sign, unglued));
    }
    let name = whole.min(LONGEST_NAME);
    if name == 0 {
        return None;
    }
    let list = if whole == name { list(&body[name..]) } else { 0 };
    let end = if list == 0 { whole } else { name + 1 + run(&body[name + 1..], is_list_byte) };
    let after = &body[end..];
    let is_another = after.starts_with(['@', '＠'])
        || after.starts_with(is_latin_accent)
        || after.starts_with("://");
    if is_another {
        return None;
    }
    let mut span = place.signed(What::Mention, sign, name + list);
    span.end = place.at + sign + end;
    Some(span)
}

/// The mention of a name of `whole` bytes before the link that is glued to it.
fn name_alone(place: Place<'_>, sign: usize, whole: usize) -> Span {
    let mut span = place.signed(What::Mention, sign, whole.min(LONGEST_NAME));
    span.end = place.at + sign + whole;
    span
}

/// The length of a list's name with the slash before it, 0 if there is none.
fn list(after: &str) -> usize {
    match after.as_bytes() {
        [b'/', first, ..] if first.is_ascii_alphabetic() => {
            1 + run(&after[1..], is_list_byte).min(LONGEST_LIST)
        }
        _ => 0,
    }
}

fn run(text: &str, belongs: impl Fn(u8) -> bool) -> usize {
    text.bytes().position(|byte| !belongs(byte)).unwrap_or(text.len())
}

fn is_name_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

fn is_list_byte(byte: u8) -> bool {
    is_name_byte(byte) || byte == b'-'
}

fn is_boundary(before: char) -> bool {
    let is_name = before.is_ascii_alphanumeric() || before == '_';
    !is_name && !matches!(before, '!' | '#' | '$' | '%' | '&' | '*' | '@' | '＠')
}

/// `RT@name`, where `RT` is a word of its own.
fn follows_retweet(place: Place<'_>) -> bool {
    let before = &place.text[..place.at];
    let Some((rest, mark)) = before.len().checked_sub(2).and_then(|at| before.split_at_checked(at))
    else {
        return false;
    };
    mark.eq_ignore_ascii_case("rt")
        && !rest.ends_with(|c: char| {
            c.is_ascii_alphanumeric() || matches!(c, '_' | '+' | '~' | '.' | '-')
        })
}
