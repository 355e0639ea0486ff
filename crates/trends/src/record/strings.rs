//! JSON strings: the search for their end and the resolution of their escapes. Owns the scan of
//! eight bytes at a time.

const EACH: u64 = 0x0101_0101_0101_0101;
const HIGH: u64 = 0x80 * EACH;

/// Returns the position of the closing quote of a string whose first byte after the opening quote
/// is at `at`, and true if the string has escapes. Fails with the position of a control character
/// or of an invalid escape, or with the end of the line. The line must be UTF-8.
#[inline]
pub(super) fn string_end(line: &[u8], mut at: usize) -> Result<(usize, bool), usize> {
    let mut escaped = false;
    loop {
        at = next_special(line, at);
        match line.get(at) {
            Some(b'"') => return Ok((at, escaped)),
            Some(b'\\') => {
                at += escape_length(line, at).ok_or(at)?;
                escaped = true;
            }
            _ => return Err(at),
        }
    }
}

/// Returns the position of the first quote, backslash or control character at or after `at`, or the
/// end of the line.
///
/// Reads eight bytes at a time. Each of the three tests may set wrong bits above its lowest one,
/// but only the lowest bit is used.
#[inline]
fn next_special(line: &[u8], mut at: usize) -> usize {
    while let Some(chunk) = line.get(at..).and_then(|rest| rest.first_chunk::<8>()) {
        let word = u64::from_le_bytes(*chunk);
        let zero = |word: u64| word.wrapping_sub(EACH) & !word;
        let control = word.wrapping_sub(0x20 * EACH) & !word;
        let quote = zero(word ^ (0x22 * EACH));
        let backslash = zero(word ^ (0x5C * EACH));
        let found = (control | quote | backslash) & HIGH;
        if found != 0 {
            return at + (found.trailing_zeros() / 8) as usize;
        }
        at += 8;
    }
    let tail = line.get(at..).unwrap_or_default();
    let special = |byte: &u8| *byte < 0x20 || matches!(byte, b'"' | b'\\');
    at + tail.iter().position(special).unwrap_or(tail.len())
}

/// Returns the length of the escape at `at`, `None` if it is invalid.
fn escape_length(line: &[u8], at: usize) -> Option<usize> {
    match line.get(at + 1)? {
        b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => Some(2),
        b'u' => hex4(line, at + 2).map(|_| 6),
        _ => None,
    }
}

/// Returns the value of four hexadecimal digits.
fn hex4(line: &[u8], at: usize) -> Option<u32> {
    line.get(at..at + 4)?
        .iter()
        .try_fold(0, |value, byte| char::from(*byte).to_digit(16).map(|digit| value * 16 + digit))
}

/// Appends a string's content with its escapes resolved, until `out` has more than `limit` bytes.
/// A surrogate without a partner becomes U+FFFD. The content must have passed [`string_end`].
pub(super) fn unescape(content: &[u8], limit: usize, out: &mut Vec<u8>) {
    let mut rest = content;
    while out.len() <= limit {
        let end = memchr::memchr(b'\\', rest).unwrap_or(rest.len());
        let (before, escape) = rest.split_at(end);
        // A character has at most four bytes, so the ends of the copy and of the limit differ by
        // less than one character.
        let room = limit.saturating_sub(out.len()).saturating_add(4);
        out.extend_from_slice(before.get(..room).unwrap_or(before));
        if escape.is_empty() || before.len() > room {
            return;
        }
        let (character, length) = resolve(escape);
        let mut buffer = [0; 4];
        out.extend_from_slice(character.encode_utf8(&mut buffer).as_bytes());
        rest = escape.get(length..).unwrap_or_default();
    }
}

/// Returns the character of the escape that begins `escape`, and the length of the escape.
fn resolve(escape: &[u8]) -> (char, usize) {
    let character = match escape.get(1) {
        Some(b'b') => '\u{8}',
        Some(b'f') => '\u{c}',
        Some(b'n') => '\n',
        Some(b'r') => '\r',
        Some(b't') => '\t',
        Some(b'u') => return resolve_unicode(escape),
        Some(byte) => char::from(*byte),
        None => char::REPLACEMENT_CHARACTER,
    };
    (character, 2)
}

fn resolve_unicode(escape: &[u8]) -> (char, usize) {
    let first = hex4(escape, 2).unwrap_or(0xFFFD);
    if let 0xD800..0xDC00 = first
        && escape.get(6..8) == Some(b"\\u")
        && let Some(second @ 0xDC00..0xE000) = hex4(escape, 8)
    {
        let code = 0x10000 + ((first - 0xD800) << 10) + (second - 0xDC00);
        return (char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER), 12);
    }
    (char::from_u32(first).unwrap_or(char::REPLACEMENT_CHARACTER), 6)
}
