//! Where the terms of a post go.

use crate::Kind;

/// Takes the terms of posts, in the order of the text; those of a post's entities follow.
pub trait TermSink {
    /// A term of a kind: the key it is counted under, never empty, and the form it was written in.
    fn term(&mut self, kind: Kind, key: &str, form: &str);

    /// A word that is its key but for case, of 1 to 16 letters and digits in ASCII: told like any
    /// [`TermSink::term`] unless a sink is faster with numbers.
    fn plain_word(&mut self, word: PlainWord<'_>) {
        let bytes = word.key.to_le_bytes();
        let key = bytes.get(..word.form.len()).map(std::str::from_utf8);
        self.term(Kind::Word, key.and_then(Result::ok).unwrap_or_default(), word.form);
    }

    /// Two neighbouring words of the stream before stop words are removed, told only when
    /// [`Kind::Phrase`] is asked for.
    ///
    /// Between neighbours there is nothing but spaces, hyphens, quotation marks and commas: never
    /// a link, mention, hashtag, emoji, number, line break or the end of a sentence.
    fn pair(&mut self, left: PairWord<'_>, right: PairWord<'_>);
}

/// A word of 1 to 16 letters and digits in ASCII.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PlainWord<'a> {
    /// The bytes it is counted under, little-endian and zero-padded.
    pub key: u128,
    /// The bytes it was written as, in the same way.
    pub written: u128,
    /// What it was written as, and as long as its key.
    pub form: &'a str,
}

/// One of two neighbouring words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PairWord<'a> {
    /// What it is counted under.
    pub key: &'a str,
    /// What it was written as.
    pub form: &'a str,
    /// Whether it is no word to count: a stop word, or too short.
    pub stop: bool,
}
