//! Cashtags, by twitter-text's `validCashtag`: `$` and one to six letters, optionally with a dot or
//! underscore and one or two more letters.

use super::{Candidate, Span, links};
use crate::Kind;
use crate::social::characters::is_space;

/// Parses the cashtag whose `$` is at the candidate. It begins the text or follows a space, and it
/// ends the text or precedes a space or punctuation.
pub(super) fn parse(candidate: Candidate<'_>) -> Option<Span> {
    if !candidate.before().is_none_or(is_space) {
        return None;
    }
    let body = &candidate.rest()[1..];
    let symbol = letters(body);
    if !(1..=6).contains(&symbol) || links::unglued(body, symbol) < symbol {
        return None;
    }
    let class = match body.as_bytes().get(symbol) {
        Some(b'.' | b'_') => match letters(&body[symbol + 1..]) {
            length @ 1..=2 => 1 + length,
            _ => 0,
        },
        _ => 0,
    };
    // If a cashtag may not end after the class, it ends before the dot or underscore, which is
    // punctuation.
    let length = [symbol + class, symbol].into_iter().find(|length| is_end(&body[*length..]))?;
    Some(candidate.signed(Kind::Cashtag, 1, length))
}

fn letters(text: &str) -> usize {
    text.bytes().take(8).take_while(u8::is_ascii_alphabetic).count()
}

/// Returns true if a cashtag may end before `after`. twitter-text's `punct` is ASCII's punctuation
/// without `"` and the grave accent.
fn is_end(after: &str) -> bool {
    after.chars().next().is_none_or(|next| {
        next.is_whitespace() || (next.is_ascii_punctuation() && !matches!(next, '"' | '`'))
    })
}
