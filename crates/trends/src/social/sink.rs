//! Where the terms of a post go.

use crate::Kind;

/// Takes the terms of posts, in the order of the text; those of a post's entities follow.
pub trait TermSink {
    /// A term of a kind: the key it is counted under, never empty, and the form it was written in.
    fn term(&mut self, kind: Kind, key: &str, form: &str);

    /// Two neighbouring words of the stream before stop words are removed, told only when
    /// [`Kind::Phrase`] is asked for.
    ///
    /// Between neighbours there is nothing but spaces, hyphens, quotation marks and commas: never
    /// a link, mention, hashtag, emoji, number, line break or the end of a sentence.
    fn pair(&mut self, left: PairWord<'_>, right: PairWord<'_>);
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
