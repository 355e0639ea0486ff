//! Where the text of a record is. Owns JSON pointers (RFC 6901) and those of the presets.

/// The most characters a pointer may have.
const MAX_LENGTH: usize = 256;

/// A path into a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pointer {
    /// Object keys or array indexes, from the outside in.
    pub(super) parts: Vec<String>,
}

/// A pointer that is none.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{pointer:?} is no JSON pointer: {what}; write it as /post/text, with ~1 for / and ~0 for ~ in a key"
)]
pub struct InvalidPointer {
    pointer: String,
    what: &'static str,
}

impl Pointer {
    /// Reads a pointer of at least one part.
    pub fn parse(pointer: &str) -> Result<Self, InvalidPointer> {
        let invalid = |what| InvalidPointer { pointer: pointer.to_owned(), what };
        if pointer.len() > MAX_LENGTH {
            return Err(invalid("it is longer than 256 characters"));
        }
        let Some(rest) = pointer.strip_prefix('/') else {
            return Err(invalid("it doesn't begin with /"));
        };
        let part = |part: &str| {
            let mut pieces = part.split('~');
            let escapes = pieces.by_ref().skip(1).all(|piece| piece.starts_with(['0', '1']));
            escapes.then(|| part.replace("~1", "/").replace("~0", "~"))
        };
        let parts: Option<Vec<_>> = rest.split('/').map(part).collect();
        parts
            .map(|parts| Self { parts })
            .ok_or_else(|| invalid("a ~ is followed by neither 0 nor 1"))
    }
}

/// The places of a record's text, in order of preference.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fields {
    pub(super) text: Vec<Pointer>,
    pub(super) strip_tags: bool,
}

impl Fields {
    fn preset(text: &[&[&str]], strip_tags: bool) -> Self {
        let pointer = |parts: &&[&str]| Pointer {
            parts: parts.iter().map(|part| (*part).to_owned()).collect(),
        };
        Self { text: text.iter().map(pointer).collect(), strip_tags }
    }

    /// Twitter v1.1 statuses.
    pub fn twitter() -> Self {
        Self::preset(&[&["text"], &["full_text"], &["extended_tweet", "full_text"]], false)
    }

    /// `DataSift` interactions.
    pub fn datasift() -> Self {
        Self::preset(&[&["interaction", "content"]], false)
    }

    /// Mastodon statuses, whose text is HTML.
    pub fn mastodon() -> Self {
        Self::preset(&[&["content"]], true)
    }

    /// Pointers to the text, the first that holds a string wins.
    pub fn custom(text: &[impl AsRef<str>]) -> Result<Self, InvalidPointer> {
        let text = text.iter().map(|pointer| Pointer::parse(pointer.as_ref()));
        Ok(Self { text: text.collect::<Result<_, _>>()?, strip_tags: false })
    }
}
