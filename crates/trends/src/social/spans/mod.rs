//! Finds the spans of a text: links, names and emoji. Owns the order of the search, in which spans
//! never overlap; the rules of each kind are in a file of their own.

mod cashtags;
mod emoji;
mod hashtags;
mod links;
mod mentions;

#[cfg(test)]
mod tests;

use crate::Kind;

/// A piece of text that is not cut into words, as byte offsets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Span {
    /// The kind of its term: never a word or phrase.
    pub(super) kind: Kind,
    pub(super) start: usize,
    pub(super) end: usize,
    /// The bytes of the term, within `start..end`: a hashtag, mention or cashtag without its sign,
    /// a mention with the list if it names one; the whole emoji; or the host of a link, empty if
    /// the link has none or is cut off within it.
    pub(super) body: (usize, usize),
}

/// A position in a text at which a span may begin, or which may be inside a link: the colon of its
/// scheme or a dot of its host.
#[derive(Clone, Copy)]
struct Candidate<'a> {
    text: &'a str,
    at: usize,
    /// The end of the last span; no span begins before it.
    floor: usize,
}

impl<'a> Candidate<'a> {
    /// Returns the character before the position, even if it belongs to a span.
    fn before(self) -> Option<char> {
        self.text[..self.at].chars().next_back()
    }

    /// Returns the text from the position on.
    fn rest(self) -> &'a str {
        &self.text[self.at..]
    }

    /// Returns a span of a sign of `sign` bytes and a body of `length` bytes after it.
    fn signed(self, kind: Kind, sign: usize, length: usize) -> Span {
        let body = (self.at + sign, self.at + sign + length);
        Span { kind, start: self.at, end: body.1, body }
    }
}

/// The bytes that may begin a span or reveal a link: `#`, `$`, `@`, the colon of a scheme, the dot
/// of a host, and the first bytes of the characters outside ASCII that may begin one: `©`, `®`,
/// `＃`, `＠`, U+20E3, U+FE0F and emoji. The letters of most scripts, Han among them, begin with
/// other bytes, so they are skipped without being decoded.
const SIGNS: [bool; 256] = {
    let mut signs = [false; 256];
    let first = [b'#', b'$', b'@', b':', b'.', 0xC2, 0xE2, 0xE3, 0xEF, 0xF0];
    let mut at = 0;
    while at < first.len() {
        signs[first[at] as usize] = true;
        at += 1;
    }
    signs
};

/// Replaces `spans` with the spans of `text`, in their order.
pub(super) fn find(text: &str, spans: &mut Vec<Span>) {
    spans.clear();
    let bytes = text.as_bytes();
    let mut at = 0;
    let mut floor = 0;
    while let Some(skipped) = bytes[at..].iter().position(|byte| SIGNS[usize::from(*byte)]) {
        at += skipped;
        let candidate = Candidate { text, at, floor };
        let found = match bytes[at] {
            b'#' => hashtags::parse(candidate, 1),
            b'@' => mentions::parse(candidate, 1),
            b'$' => cashtags::parse(candidate),
            b':' => links::parse_with_scheme(candidate),
            b'.' => match links::parse_bare(candidate) {
                Ok(span) => Some(span),
                Err(end) => {
                    at = end;
                    continue;
                }
            },
            _ => parse_non_ascii(candidate),
        };
        if let Some(span) = found {
            at = span.end;
            floor = at;
            spans.push(span);
        } else {
            // A sign outside ASCII has more than one byte.
            at += candidate.rest().chars().next().map_or(1, char::len_utf8);
        }
    }
}

/// Parses a span that begins with a character outside ASCII.
fn parse_non_ascii(candidate: Candidate<'_>) -> Option<Span> {
    // From U+3000 to U+3FFF, four characters in two blocks of 64 are emoji; kana are frequent.
    if let [0xE3, second, ..] = candidate.rest().as_bytes()
        && !matches!(second, 0x80 | 0x8A)
    {
        return None;
    }
    let character = candidate.rest().chars().next()?;
    match character {
        '＃' => hashtags::parse(candidate, character.len_utf8()),
        '＠' => mentions::parse(candidate, character.len_utf8()),
        _ => emoji::parse(candidate, character),
    }
}
