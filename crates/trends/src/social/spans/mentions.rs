//! Mentions and lists, by twitter-text's `validMentionOrList`, `validMentionPrecedingChars` and
//! `endMentionMatch`.

use super::{Candidate, Span, links};
use crate::Kind;
use crate::social::characters::is_latin_accent;

/// The longest name; twitter-text cuts a longer one, too.
const MAX_NAME: usize = 20;
/// The longest name of a list; twitter-text cuts a longer one, too.
const MAX_LIST: usize = 25;

/// Parses the mention or list whose sign of `sign` bytes is at the candidate.
///
/// The span of a name that is too long covers the whole name, so that its rest is not a word.
pub(super) fn parse(candidate: Candidate<'_>, sign: usize) -> Option<Span> {
    if !candidate.before().is_none_or(is_boundary) && !follows_retweet(candidate) {
        return None;
    }
    let body = &candidate.rest()[sign..];
    let span = |length: usize, end: usize| Span {
        end: candidate.at + sign + end,
        ..candidate.signed(Kind::Mention, sign, length)
    };
    let whole = run(body, is_name_byte);
    let unglued = links::unglued(body, whole);
    if unglued < whole {
        return (unglued > 0).then(|| span(unglued.min(MAX_NAME), unglued));
    }
    let name = whole.min(MAX_NAME);
    if name == 0 {
        return None;
    }
    let list = if whole == name { list(&body[name..]) } else { 0 };
    let end = if list == 0 { whole } else { name + 1 + run(&body[name + 1..], is_list_byte) };
    let after = &body[end..];
    let is_undone = after.starts_with(['@', '＠'])
        || after.starts_with(is_latin_accent)
        || after.starts_with("://");
    (!is_undone).then(|| span(name + list, end))
}

/// Returns the length of a list's name with the slash before it, 0 without a list.
fn list(after: &str) -> usize {
    match after.as_bytes() {
        [b'/', first, ..] if first.is_ascii_alphabetic() => {
            1 + run(&after[1..], is_list_byte).min(MAX_LIST)
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

/// Returns true if the sign follows `RT` that is a word of its own, as in `RT@name`.
fn follows_retweet(candidate: Candidate<'_>) -> bool {
    let before = &candidate.text[..candidate.at];
    let Some((rest, mark)) = before.len().checked_sub(2).and_then(|at| before.split_at_checked(at))
    else {
        return false;
    };
    mark.eq_ignore_ascii_case("rt")
        && !rest.ends_with(|c: char| {
            c.is_ascii_alphanumeric() || matches!(c, '_' | '+' | '~' | '.' | '-')
        })
}
