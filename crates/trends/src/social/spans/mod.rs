//! Finding what is no running text. Owns the order of the search and that spans never overlap;
//! what each of them is stands in a file of its own.

mod cashtags;
mod emoji;
mod hashtags;
mod links;
mod mentions;

#[cfg(test)]
mod tests;

/// What a span is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum What {
    /// `body` is the tag without its sign.
    Hashtag,
    /// `body` is the screen name without its sign, and the list if there is one.
    Mention,
    /// `body` is the symbol without its sign.
    Cashtag,
    /// `body` is all of it.
    Emoji,
    /// `body` is the host; empty where the link is broken or cut off within it.
    Link,
}

/// A piece of text that is no running text, as byte offsets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Span {
    pub(super) what: What,
    pub(super) start: usize,
    pub(super) end: usize,
    /// What the term is made of, within `start..end`.
    pub(super) body: (usize, usize),
}

/// A text in which to look for a span at a place; none reaches back before `floor`, where the
/// last one ended.
#[derive(Clone, Copy)]
struct Place<'a> {
    text: &'a str,
    at: usize,
    floor: usize,
}

impl<'a> Place<'a> {
    /// The character before the place, span or not.
    fn before(self) -> Option<char> {
        self.text[..self.at].chars().next_back()
    }

    /// The text from the place on.
    fn rest(self) -> &'a str {
        &self.text[self.at..]
    }

    /// A span of `sign` bytes and a body of `length` after them.
    fn signed(self, what: What, sign: usize, length: usize) -> Span {
        let body = (self.at + sign, self.at + sign + length);
        Span { what, start: self.at, end: body.1, body }
    }
}

/// Bytes where a span may begin or show itself: `#$@`, the colon of a scheme, the dot of a host,
/// and whatever is not ASCII.
const SIGNS: [bool; 256] = {
    let mut signs = [false; 256];
    let mut byte = 0x80;
    while byte < 256 {
        signs[byte] = true;
        byte += 1;
    }
    signs[b'#' as usize] = true;
    signs[b'$' as usize] = true;
    signs[b'@' as usize] = true;
    signs[b':' as usize] = true;
    signs[b'.' as usize] = true;
    signs
};

/// Replaces `spans` with those of `text`, in their order.
pub(super) fn find(text: &str, spans: &mut Vec<Span>) {
    spans.clear();
    let bytes = text.as_bytes();
    let mut at = 0;
    let mut floor = 0;
    while let Some(dull) = bytes[at..].iter().position(|byte| SIGNS[usize::from(*byte)]) {
        at += dull;
        let place = Place { text, at, floor };
        let found = match bytes[at] {
            b'#' => hashtags::at(place, 1),
            b'@' => mentions::at(place, 1),
            b'$' => cashtags::at(place),
            b':' => links::with_scheme(place),
            b'.' => match links::bare(place) {
                Ok(span) => Some(span),
                Err(end) => {
                    at = end;
                    continue;
                }
            },
            _ => foreign(place),
        };
        if let Some(span) = found {
            at = span.end;
            floor = at;
            spans.push(span);
        } else {
            // All signs but the characters outside ASCII are one byte long.
            at += place.rest().chars().next().map_or(1, char::len_utf8);
        }
    }
}

/// What begins with a character outside ASCII.
fn foreign(place: Place<'_>) -> Option<Span> {
    let character = place.rest().chars().next()?;
    match character {
        '＃' => hashtags::at(place, character.len_utf8()),
        '＠' => mentions::at(place, character.len_utf8()),
        _ => emoji::at(place, character),
    }
}
