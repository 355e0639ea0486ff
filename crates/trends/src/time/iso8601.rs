//! ISO 8601 calendar dates with and without a time, which RFC 3339 is a part of. Week and ordinal
//! dates are not understood.

use super::calendar::Day;
use super::digits::{literal, number, offset};

/// Seconds since 1970 of `YYYY-MM-DD`, `YYYY-MM-DDThh:mm[:ss[.fraction]][zone]` or
/// `YYYYMMDDThhmm[ss[.fraction]][zone]`; a space or `t` may stand for `T`, a comma for the dot.
pub(super) fn parse(text: &[u8]) -> Option<i64> {
    let rest = &mut { text };
    let year = number(rest, 4, 4)?;
    let extended = literal(rest, b'-').is_some();
    let month = number(rest, 2, 2)?;
    if extended {
        literal(rest, b'-')?;
    }
    let day = Day::new(year, month, number(rest, 2, 2)?)?;
    if rest.is_empty() && extended {
        return day.at(0, 0, 0, 0);
    }
    let (b'T' | b't' | b' ', after) = rest.split_first()? else {
        return None;
    };
    *rest = after;
    let hour = number(rest, 2, 2)?;
    part_of_clock(rest, extended)?;
    let minute = number(rest, 2, 2)?;
    let second = if rest.first().is_some_and(|next| *next == b':' || next.is_ascii_digit()) {
        part_of_clock(rest, extended)?;
        let second = number(rest, 2, 2)?;
        skip_fraction(rest)?;
        second
    } else {
        0
    };
    let offset = zone(rest)?;
    if !rest.is_empty() {
        return None;
    }
    day.at(hour, minute, second, offset)
}

/// The colon between the parts of an extended time; a basic one has none.
fn part_of_clock(rest: &mut &[u8], extended: bool) -> Option<()> {
    if extended { literal(rest, b':') } else { Some(()) }
}

fn skip_fraction(rest: &mut &[u8]) -> Option<()> {
    if matches!(rest.first(), Some(b'.' | b',')) {
        let digits = rest[1..].iter().take_while(|byte| byte.is_ascii_digit()).count();
        if digits == 0 {
            return None;
        }
        *rest = &rest[1 + digits..];
    }
    Some(())
}

/// `Z`, `UTC` or an offset, after at most one space; nothing is UTC.
fn zone(rest: &mut &[u8]) -> Option<i64> {
    if let [b' ', following, ..] = rest
        && !following.is_ascii_whitespace()
    {
        *rest = &rest[1..];
    }
    match *rest {
        [] => Some(0),
        [b'Z' | b'z'] | b"UTC" => {
            *rest = &[];
            Some(0)
        }
        _ => offset(rest),
    }
}
