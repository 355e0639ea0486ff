//! The verdict on a line. Owns the reasons, their names and their fixed order.

/// The reason why a record is empty. The order is part of the digest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Empty {
    /// The line has only spaces, tabs and carriage returns.
    Blank,
    /// No text pointer leads to a string, as in a delete notice.
    NoText,
}

impl Empty {
    /// All reasons, in order.
    pub const ALL: [Self; 2] = [Self::Blank, Self::NoText];

    /// Returns the name in counters and files.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Blank => "blank",
            Self::NoText => "no-text",
        }
    }
}

/// The reason why a line is malformed. The order is part of the digest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Malformed {
    /// The line is not UTF-8.
    Utf8,
    /// The line is not JSON by RFC 8259.
    Syntax,
    /// A complete value is followed by more than white space.
    Trailing,
    /// The line is JSON, but not an object.
    NotObject,
    /// The value is nested deeper than 128.
    TooDeep,
    /// The line is longer than the limit.
    TooLong,
}

impl Malformed {
    /// All reasons, in order.
    pub const ALL: [Self; 6] =
        [Self::Utf8, Self::Syntax, Self::Trailing, Self::NotObject, Self::TooDeep, Self::TooLong];

    /// Returns the name in counters and files.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Utf8 => "utf8",
            Self::Syntax => "syntax",
            Self::Trailing => "trailing",
            Self::NotObject => "not-object",
            Self::TooDeep => "too-deep",
            Self::TooLong => "too-long",
        }
    }
}

/// The parts of a record that pointers lead to, in UTF-8 with escapes resolved. A part is `None` if
/// it is absent or its value has a type that the part can't have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Record<'a> {
    /// The text to count.
    pub text: &'a [u8],
    /// The time of writing in the record's own format; a number as its digits.
    pub time: Option<&'a [u8]>,
    /// The author; a number as its digits.
    pub author: Option<&'a [u8]>,
    /// The id of the record; a number as its digits.
    pub id: Option<&'a [u8]>,
    /// The language.
    pub language: Option<&'a [u8]>,
    /// The entities that the platform found in the text: the bytes of a valid JSON object.
    pub entities: Option<&'a [u8]>,
    /// True if a part was longer than is read: the text above [`super::MAX_TEXT_BYTES`], the
    /// entities above [`super::MAX_ENTITIES_BYTES`], or another part above
    /// [`super::MAX_FIELD_BYTES`].
    pub is_cut: bool,
}

/// The verdict on a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Judgement<'a> {
    /// A record with a text.
    Record(Record<'a>),
    /// A record without a text.
    Empty(Empty),
    /// A malformed line: the reason, and the byte of the line at which the fault was found.
    Malformed(Malformed, usize),
}
