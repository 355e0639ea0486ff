//! The places of a record's parts. Owns JSON pointers (RFC 6901) and the pointers of the presets.

/// The longest pointer, in bytes.
const MAX_LENGTH: usize = 256;

/// A path into a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pointer {
    /// Object keys or array indexes, outermost first.
    pub(super) parts: Vec<String>,
}

/// The error for a text that is not a JSON pointer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{pointer:?} is not a JSON pointer: {reason}; write it as /post/text, with ~1 for / and ~0 for ~ in a key"
)]
pub struct InvalidPointer {
    pointer: String,
    reason: &'static str,
}

impl Pointer {
    /// Parses a pointer of at least one part.
    pub fn parse(pointer: &str) -> Result<Self, InvalidPointer> {
        let invalid = |reason| InvalidPointer { pointer: pointer.to_owned(), reason };
        if pointer.len() > MAX_LENGTH {
            return Err(invalid("it is longer than 256 bytes"));
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

/// A part of a record, which pointers lead to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Part {
    /// The text to count: a string.
    Text,
    /// The text that replaces a truncated one: a string.
    LongText,
    /// The mark of a truncated text: `true`.
    Truncated,
    /// The time of writing: a string or a number.
    Time,
    /// The author: a string or a number.
    Author,
    /// The id of the record: a string or a number.
    Id,
    /// The language: a string.
    Language,
    /// The entities that the platform found in the text: an object.
    Entities,
    /// The entities of the text that replaces a truncated one: an object.
    LongEntities,
}

/// The pointers to a record's parts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fields {
    /// The pointers to each part, in order of preference.
    pub(super) pointers: Vec<(Part, Pointer)>,
    /// True if the text is HTML, whose tags are removed.
    pub(super) strip_tags: bool,
}

/// A user's RFC 6901 pointers to a record's parts, each list in order of preference.
#[derive(Debug, Clone, Copy, Default)]
pub struct CustomFields<'a> {
    /// Pointers to the text; the first that leads to a string wins.
    pub text: &'a [String],
    /// Pointers to the time of writing.
    pub time: &'a [String],
    /// Pointers to the author.
    pub author: &'a [String],
    /// Pointers to the id of the record.
    pub id: &'a [String],
    /// Pointers to the language.
    pub language: &'a [String],
}

impl Fields {
    fn preset(pointers: &[(Part, &[&str])], strip_tags: bool) -> Self {
        let pointer = |(part, parts): &(Part, &[&str])| {
            (*part, Pointer { parts: parts.iter().map(|part| (*part).to_owned()).collect() })
        };
        Self { pointers: pointers.iter().map(pointer).collect(), strip_tags }
    }

    /// Returns the fields of Twitter v1.1 statuses.
    pub fn twitter() -> Self {
        let pointers: &[(Part, &[&str])] = &[
            (Part::Text, &["text"]),
            (Part::Text, &["full_text"]),
            (Part::Text, &["extended_tweet", "full_text"]),
            (Part::LongText, &["extended_tweet", "full_text"]),
            (Part::Truncated, &["truncated"]),
            (Part::Time, &["created_at"]),
            (Part::Author, &["user", "id_str"]),
            (Part::Author, &["user", "id"]),
            (Part::Author, &["user", "screen_name"]),
            (Part::Id, &["id_str"]),
            (Part::Id, &["id"]),
            (Part::Language, &["lang"]),
            (Part::Entities, &["entities"]),
            (Part::LongEntities, &["extended_tweet", "entities"]),
        ];
        Self::preset(pointers, false)
    }

    /// Returns the fields of `DataSift` interactions.
    pub fn datasift() -> Self {
        let pointers: &[(Part, &[&str])] = &[
            (Part::Text, &["interaction", "content"]),
            (Part::Time, &["interaction", "created_at"]),
            (Part::Author, &["interaction", "author", "id"]),
            (Part::Author, &["interaction", "author", "username"]),
            (Part::Id, &["interaction", "id"]),
            (Part::Language, &["language", "tag"]),
            (Part::Language, &["interaction", "author", "language"]),
        ];
        Self::preset(pointers, false)
    }

    /// Returns the fields of Mastodon statuses, whose text is HTML.
    pub fn mastodon() -> Self {
        let pointers: &[(Part, &[&str])] = &[
            (Part::Text, &["content"]),
            (Part::Time, &["created_at"]),
            (Part::Author, &["account", "id"]),
            (Part::Id, &["id"]),
            (Part::Language, &["language"]),
        ];
        Self::preset(pointers, true)
    }

    /// Parses a user's pointers.
    pub fn custom(custom: &CustomFields<'_>) -> Result<Self, InvalidPointer> {
        let CustomFields { text, time, author, id, language } = *custom;
        let parts = [
            (Part::Text, text),
            (Part::Time, time),
            (Part::Author, author),
            (Part::Id, id),
            (Part::Language, language),
        ];
        let pointers = parts.iter().flat_map(|(part, pointers)| {
            pointers.iter().map(|pointer| Ok((*part, Pointer::parse(pointer)?)))
        });
        Ok(Self { pointers: pointers.collect::<Result<_, _>>()?, strip_tags: false })
    }

    /// Returns the fields of the `Seed` profile: the text, and the time if rows are counted by
    /// windows. Fewer pointers are faster.
    #[must_use]
    pub fn text_only(mut self, and_time: bool) -> Self {
        self.pointers.retain(|(part, _)| *part == Part::Text || (and_time && *part == Part::Time));
        self
    }
}
