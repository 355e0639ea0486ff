//! Reading the parts of a time from the front of a text. Owns the notation of a number, a name and
//! a zone; knows nothing of their order.

const MONTHS: [&[u8]; 12] = [
    b"jan", b"feb", b"mar", b"apr", b"may", b"jun", b"jul", b"aug", b"sep", b"oct", b"nov", b"dec",
];
const WEEKDAYS: [&[u8]; 7] = [b"sun", b"mon", b"tue", b"wed", b"thu", b"fri", b"sat"];

/// Takes `least` to `most` digits off the front. `most` is at most 18, so that they fit.
pub(super) fn number(text: &mut &[u8], least: usize, most: usize) -> Option<i64> {
    let length = text.iter().take(most).take_while(|byte| byte.is_ascii_digit()).count();
    if length < least {
        return None;
    }
    let (digits, rest) = text.split_at(length);
    *text = rest;
    Some(digits.iter().fold(0, |value, digit| value * 10 + i64::from(digit - b'0')))
}

/// Takes a byte off the front if it is `wanted`.
pub(super) fn literal(text: &mut &[u8], wanted: u8) -> Option<()> {
    *text = text.strip_prefix(&[wanted])?;
    Some(())
}

/// Takes white space off the front, at least one byte.
pub(super) fn space(text: &mut &[u8]) -> Option<()> {
    let rest = text.trim_ascii_start();
    if rest.len() == text.len() {
        return None;
    }
    *text = rest;
    Some(())
}

/// Takes a month's English abbreviation off the front: 1 to 12.
pub(super) fn month(text: &mut &[u8]) -> Option<i64> {
    name(text, &MONTHS).map(|index| index + 1)
}

/// Takes a weekday's English abbreviation off the front: 0 to 6 from Sunday.
pub(super) fn weekday(text: &mut &[u8]) -> Option<i64> {
    name(text, &WEEKDAYS)
}

fn name(text: &mut &[u8], names: &[&[u8]]) -> Option<i64> {
    let (found, rest) = text.split_at_checked(3)?;
    let index = names.iter().position(|name| name.eq_ignore_ascii_case(found))?;
    *text = rest;
    Some(index as i64)
}

/// Takes `hh:mm[:ss]` off the front.
pub(super) fn clock(text: &mut &[u8]) -> Option<(i64, i64, i64)> {
    let hour = number(text, 2, 2)?;
    literal(text, b':')?;
    let minute = number(text, 2, 2)?;
    let second = match literal(text, b':') {
        Some(()) => number(text, 2, 2)?,
        None => 0,
    };
    Some((hour, minute, second))
}

/// Takes `+hhmm`, `+hh:mm` or `+hh`, with `+` or `-`, off the front: seconds east of UTC.
pub(super) fn offset(text: &mut &[u8]) -> Option<i64> {
    let (sign, rest) = text.split_first()?;
    let sign = match sign {
        b'+' => 1,
        b'-' => -1,
        _ => return None,
    };
    *text = rest;
    let hour = number(text, 2, 2)?;
    let minute = match literal(text, b':') {
        Some(()) => number(text, 2, 2)?,
        None => number(text, 2, 2).unwrap_or(0),
    };
    (hour < 24 && minute < 60).then_some(sign * (hour * 3600 + minute * 60))
}
