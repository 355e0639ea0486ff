//! ISO 8601 calendar dates with and without a time. RFC 3339 is a part of this format; week and
//! ordinal dates are not read.

use super::calendar::Day;
use super::digits::{literal, number, offset};

/// Parses `YYYY-MM-DD`, `YYYY-MM-DDThh:mm[:ss[.fraction]][zone]` or
/// `YYYYMMDDThhmm[ss[.fraction]][zone]` to seconds since 1970. A space or `t` may replace `T`, a
/// comma the dot.
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
    separator(rest, extended)?;
    let minute = number(rest, 2, 2)?;
    let second = if rest.first().is_some_and(|next| *next == b':' || next.is_ascii_digit()) {
        separator(rest, extended)?;
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

/// Takes the colon between the parts of an extended time off the front; a basic time has none.
fn separator(rest: &mut &[u8], extended: bool) -> Option<()> {
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

/// Takes `Z`, `UTC` or an offset, after at most one space, off the front and returns it in seconds
/// east of UTC. Without a zone, the time is in UTC.
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
