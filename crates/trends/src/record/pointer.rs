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

/// A part of a record that pointers lead to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Part {
    /// What is counted: a string.
    Text,
    /// The text that replaces a truncated one: a string.
    LongText,
    /// Whether the text is truncated: `true`.
    Truncated,
    /// When it was written: a string or a number.
    Time,
    /// Who wrote it: a string or a number.
    Author,
    /// Its name: a string or a number.
    Id,
    /// The language it says it is in: a string.
    Language,
    /// What the platform found in the text: an object.
    Entities,
    /// The same of the text that replaces a truncated one: an object.
    LongEntities,
}

/// The places of a record's parts, each in order of preference.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fields {
    pub(super) places: Vec<(Part, Pointer)>,
    pub(super) strip_tags: bool,
}

/// Custom places of a record's parts, as RFC 6901 pointers, each in order of preference.
#[derive(Debug, Clone, Copy, Default)]
pub struct CustomFields<'a> {
    /// The text; the first that holds a string wins.
    pub text: &'a [String],
    /// When it was written.
    pub time: &'a [String],
    /// Who wrote it.
    pub author: &'a [String],
    /// Its name.
    pub id: &'a [String],
    /// Its language.
    pub language: &'a [String],
}

impl Fields {
    fn preset(places: &[(Part, &[&str])], strip_tags: bool) -> Self {
        let pointer = |(part, parts): &(Part, &[&str])| {
            (*part, Pointer { parts: parts.iter().map(|part| (*part).to_owned()).collect() })
        };
        Self { places: places.iter().map(pointer).collect(), strip_tags }
    }

    /// Twitter v1.1 statuses.
    pub fn twitter() -> Self {
        let places: &[(Part, &[&str])] = &[
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
        Self::preset(places, false)
    }

    /// `DataSift` interactions.
    pub fn datasift() -> Self {
        let places: &[(Part, &[&str])] = &[
            (Part::Text, &["interaction", "content"]),
            (Part::Time, &["interaction", "created_at"]),
            (Part::Author, &["interaction", "author", "id"]),
            (Part::Author, &["interaction", "author", "username"]),
            (Part::Id, &["interaction", "id"]),
            (Part::Language, &["language", "tag"]),
            (Part::Language, &["interaction", "author", "language"]),
        ];
        Self::preset(places, false)
    }

    /// Mastodon statuses, whose text is HTML.
    pub fn mastodon() -> Self {
        let places: &[(Part, &[&str])] = &[
            (Part::Text, &["content"]),
            (Part::Time, &["created_at"]),
            (Part::Author, &["account", "id"]),
            (Part::Id, &["id"]),
            (Part::Language, &["language"]),
        ];
        Self::preset(places, true)
    }

    /// The places a user names.
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
        Ok(Self { places: pointers.collect::<Result<_, _>>()?, strip_tags: false })
    }

    /// Only what the cleaning of the original asks for: nothing but the text, and the time where rows
    /// are counted by windows. Fewer places are faster.
    #[must_use]
    pub fn text_only(mut self, and_time: bool) -> Self {
        self.places.retain(|(part, _)| *part == Part::Text || (and_time && *part == Part::Time));
        self
    }
}
