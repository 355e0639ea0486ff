//! Running text into words. Owns what a word is and what keeps two of them from being neighbours;
//! knows nothing of stop words, nor of what was taken out of the text before.

mod ascii;
#[cfg(feature = "cjk")]
mod dictionary;
mod unicode;

#[cfg(test)]
mod tests;

pub(super) use unicode::Scratch;

/// A word needs so many letters and digits, unless one of its characters is a word alone.
pub(super) const LEAST_LETTERS: usize = 3;

/// A piece of running text that matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Piece<'a> {
    /// A word as it was written, NFKC; at least one letter.
    Word(&'a str),
    /// A word of nothing but letters and digits in ASCII.
    Plain(&'a str),
    /// Something that parts phrases.
    Break,
}

/// Calls `each` for the pieces of `text`, in their order.
///
/// White space in ASCII always parts words (UAX #29 joins it to nothing but marks), so what lies
/// between is cut by whichever way is faster: the two agree.
pub(super) fn pieces(text: &str, scratch: &mut Scratch, each: &mut impl FnMut(Piece<'_>)) {
    let mut rest = text;
    while let Some(foreign) = first_foreign(rest) {
        let (before, after) = rest.as_bytes().split_at(foreign);
        let start = before.iter().rposition(u8::is_ascii_whitespace).map_or(0, |space| space + 1);
        let length = after.iter().position(u8::is_ascii_whitespace).unwrap_or(after.len());
        ascii::pieces(&rest[..start], each);
        unicode::pieces(&rest[start..foreign + length], scratch, each);
        rest = &rest[foreign + length..];
    }
    ascii::pieces(rest, each);
}

/// Where the first byte outside ASCII is.
fn first_foreign(text: &str) -> Option<usize> {
    const BLOCK: usize = 32;
    let blocks = text.as_bytes().chunks(BLOCK);
    let ascii = BLOCK * blocks.take_while(|block| block.is_ascii()).count();
    let rest = text.as_bytes().get(ascii..)?;
    rest.iter().position(|byte| !byte.is_ascii()).map(|at| ascii + at)
}

/// Whether a word is long enough to count.
pub(super) fn is_long_enough(word: &str) -> bool {
    if word.is_ascii() {
        let letters = word.bytes().filter(u8::is_ascii_alphanumeric);
        return letters.take(LEAST_LETTERS).count() == LEAST_LETTERS;
    }
    let mut letters = 0;
    word.chars().any(|character| {
        letters += usize::from(character.is_alphanumeric());
        letters == LEAST_LETTERS || super::characters::is_word_alone(character)
    })
}
