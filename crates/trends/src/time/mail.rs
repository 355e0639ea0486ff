//! The date of a mail header: RFC 2822 section 3.3, with the obsolete years and zones of section
//! 4.3, but without military zones other than Z, and without comments.

use super::calendar::Day;
use super::digits::{clock, literal, month, number, offset, space, weekday};

/// The zones with a name, and their seconds east of UTC.
const ZONES: [(&[u8], i64); 12] = [
    (b"gmt", 0),
    (b"ut", 0),
    (b"utc", 0),
    (b"z", 0),
    (b"edt", -4 * 3600),
    (b"est", -5 * 3600),
    (b"cdt", -5 * 3600),
    (b"cst", -6 * 3600),
    (b"mdt", -6 * 3600),
    (b"mst", -7 * 3600),
    (b"pdt", -7 * 3600),
    (b"pst", -8 * 3600),
];

/// Parses `[Wed,] 10 Oct 2018 20:19[:24] zone` to seconds since 1970.
pub(super) fn parse(text: &[u8]) -> Option<i64> {
    let rest = &mut { text };
    let named = weekday(rest);
    if named.is_some() {
        literal(rest, b',')?;
        *rest = rest.trim_ascii_start();
    }
    let day = number(rest, 1, 2)?;
    space(rest)?;
    let month = month(rest)?;
    space(rest)?;
    let before = rest.len();
    let year = number(rest, 2, 4)?;
    let year = match before - rest.len() {
        2 if year < 50 => year + 2000,
        2 | 3 => year + 1900,
        _ => year,
    };
    let day = Day::new(year, month, day)?;
    if named.is_some_and(|named| named != day.weekday()) {
        return None;
    }
    space(rest)?;
    let (hour, minute, second) = clock(rest)?;
    space(rest)?;
    let offset = match ZONES.iter().find(|(name, _)| name.eq_ignore_ascii_case(rest)) {
        Some((_, offset)) => {
            *rest = &[];
            *offset
        }
        None => offset(rest)?,
    };
    if !rest.is_empty() {
        return None;
    }
    day.at(hour, minute, second, offset)
}
