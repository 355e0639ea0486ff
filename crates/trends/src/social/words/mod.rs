//! From text to words. Owns the definition of a word and the breaks between words that are not
//! neighbours; knows nothing of stop words and spans.

mod ascii;
#[cfg(feature = "cjk")]
mod dictionary;
mod unicode;

#[cfg(test)]
mod tests;

/// The number of letters and digits that a counted word needs, unless one of its characters is a
/// word on its own.
pub(super) const MIN_LETTERS: usize = 3;

/// A word or a break.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Piece<'a> {
    /// A word as it was written, in NFKC, with at least one letter.
    Word(&'a str),
    /// A word of ASCII letters and digits only.
    Plain(&'a str),
    /// A break: the words on both sides are not neighbours.
    Break,
}

/// Calls `each` for the pieces of `text`, in their order.
///
/// ASCII white space always separates words (UAX #29 joins only marks to it), so each part between
/// white space can be cut on its own: ASCII by a table, other text by the rules. On ASCII the two
/// agree. `normalized` is a buffer, kept from one text to the next.
pub(super) fn pieces(text: &str, normalized: &mut String, each: &mut impl FnMut(Piece<'_>)) {
    let mut rest = text;
    while let Some(at) = first_non_ascii(rest) {
        let (before, after) = rest.as_bytes().split_at(at);
        let start = before.iter().rposition(u8::is_ascii_whitespace).map_or(0, |space| space + 1);
        let length = after.iter().position(u8::is_ascii_whitespace).unwrap_or(after.len());
        ascii::pieces(&rest[..start], each);
        unicode::pieces(&rest[start..at + length], normalized, each);
        rest = &rest[at + length..];
    }
    ascii::pieces(rest, each);
}

/// Returns the position of the first byte outside ASCII.
fn first_non_ascii(text: &str) -> Option<usize> {
    const BLOCK: usize = 32;
    let blocks = text.as_bytes().chunks(BLOCK);
    let ascii = BLOCK * blocks.take_while(|block| block.is_ascii()).count();
    let rest = text.as_bytes().get(ascii..)?;
    rest.iter().position(|byte| !byte.is_ascii()).map(|at| ascii + at)
}

/// Returns true if a word is long enough to count.
pub(super) fn is_long_enough(word: &str) -> bool {
    if word.is_ascii() {
        let letters = word.bytes().filter(u8::is_ascii_alphanumeric);
        return letters.take(MIN_LETTERS).count() == MIN_LETTERS;
    }
    let mut letters = 0;
    word.chars().any(|character| {
        letters += usize::from(character.is_alphanumeric());
        letters == MIN_LETTERS || super::characters::is_word_alone(character)
    })
}
