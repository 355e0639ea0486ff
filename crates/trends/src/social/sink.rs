//! The receiver of a post's terms.

use crate::Kind;

/// Receives the terms of posts: those of a post's text in their order, then those of its entities.
pub trait TermSink {
    /// Receives a term: the key to count it under, never empty, and the form it was written in.
    fn term(&mut self, kind: Kind, key: &str, form: &str);

    /// Receives a word of 1 to 16 ASCII letters and digits whose form differs from its key in case
    /// only. Calls [`TermSink::term`]; a sink that is faster with numbers overrides it.
    fn plain_word(&mut self, word: PlainWord<'_>) {
        let bytes = word.key.to_le_bytes();
        let key = bytes.get(..word.form.len()).map(std::str::from_utf8);
        self.term(Kind::Word, key.and_then(Result::ok).unwrap_or_default(), word.form);
    }

    /// Receives two neighbouring words, stop words included, if the kinds include [`Kind::Phrase`].
    ///
    /// Only spaces, hyphens, quotation marks and commas stand between neighbours: never a link,
    /// mention, hashtag, emoji, number, line break or the end of a sentence.
    fn pair(&mut self, left: PairWord<'_>, right: PairWord<'_>);
}

/// A word of 1 to 16 letters and digits in ASCII.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PlainWord<'a> {
    /// The bytes of the key, little-endian and zero-padded.
    pub key: u128,
    /// The bytes of the form, little-endian and zero-padded.
    pub written: u128,
    /// The form, as long as the key.
    pub form: &'a str,
}

/// One of two neighbouring words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PairWord<'a> {
    /// The key.
    pub key: &'a str,
    /// The form.
    pub form: &'a str,
    /// True if the word itself is not counted: it is a stop word or too short.
    pub stop: bool,
}
