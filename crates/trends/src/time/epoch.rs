//! Times as a count since 1970. Owns the choice between seconds, milli-, micro- and nanoseconds.

/// Parses `[-]digits[.fraction]` to seconds since 1970.
///
/// The number of digits without leading zeros decides the unit: up to 11 are seconds (to the year
/// 5138), 12 to 14 milliseconds, 15 to 17 microseconds, 18 to 20 nanoseconds. The shortest counts
/// of each of these smaller units lie in 1973, so no later time is ambiguous. Only seconds may have
/// a fraction.
pub(super) fn parse(text: &[u8]) -> Option<i64> {
    let (negative, unsigned) = match text.strip_prefix(b"-") {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let length = unsigned.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let (digits, fraction) = unsigned.split_at(length);
    let zeros = digits.iter().take_while(|byte| **byte == b'0').count();
    if digits.is_empty() {
        return None;
    }
    let digits = &digits[zeros..];
    let per_second = match digits.len() {
        0..=11 => 1,
        12..=14 => 1_000,
        15..=17 => 1_000_000,
        18..=20 => 1_000_000_000,
        _ => return None,
    };
    let count = digits.iter().fold(0_i128, |value, digit| value * 10 + i128::from(digit - b'0'));
    let is_past_whole = match fraction.strip_prefix(b".") {
        None if fraction.is_empty() => false,
        Some(tail)
            if per_second == 1 && !tail.is_empty() && tail.iter().all(u8::is_ascii_digit) =>
        {
            tail.iter().any(|digit| *digit != b'0')
        }
        _ => return None,
    };
    let seconds = if negative { -count } else { count }.div_euclid(per_second);
    let seconds = if negative && is_past_whole { seconds - 1 } else { seconds };
    i64::try_from(seconds).ok()
}
