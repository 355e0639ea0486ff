//! Cashtags, by twitter-text's `validCashtag`: `$` and one to six letters, maybe with a dot or
//! underscore and one or two more.

use super::{Place, Span, What, links};
use crate::social::characters::is_space;

/// The cashtag whose `$` stands at the place, if it is one: it follows nothing or a space, and is
/// followed by nothing, a space or punctuation.
pub(super) fn at(place: Place<'_>) -> Option<Span> {
    if !place.before().is_none_or(is_space) {
        return None;
    }
    let body = &place.rest()[1..];
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
    // A class that is no end gives way to the symbol alone, for a dot or underscore is one.
    let length = [symbol + class, symbol].into_iter().find(|length| is_end(&body[*length..]))?;
    Some(place.signed(What::Cashtag, 1, length))
}

fn letters(text: &str) -> usize {
    text.bytes().take(8).take_while(u8::is_ascii_alphabetic).count()
}

/// twitter-text's `punct` is ASCII's punctuation without `"` and the grave accent.
fn is_end(after: &str) -> bool {
    after.chars().next().is_none_or(|next| {
        next.is_whitespace() || (next.is_ascii_punctuation() && !matches!(next, '"' | '`'))
    })
}
