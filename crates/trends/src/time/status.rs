//! `created_at` of Twitter's API v1.1: `Wed Oct 10 20:19:24 +0000 2018`.

use super::calendar::Day;
use super::digits::{clock, month, number, offset, space, weekday};

/// Parses a v1.1 time to seconds since 1970.
pub(super) fn parse(text: &[u8]) -> Option<i64> {
    let rest = &mut { text };
    let named = weekday(rest)?;
    space(rest)?;
    let month = month(rest)?;
    space(rest)?;
    let day = number(rest, 1, 2)?;
    space(rest)?;
    let (hour, minute, second) = clock(rest)?;
    space(rest)?;
    let offset = offset(rest)?;
    space(rest)?;
    let day = Day::new(number(rest, 4, 4)?, month, day)?;
    if !rest.is_empty() || day.weekday() != named {
        return None;
    }
    day.at(hour, minute, second, offset)
}
