//! What can be said of a line. Owns the reasons, their names and their fixed order.

/// A record without a text. The order is part of the digest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Empty {
    /// Nothing but spaces, tabs and carriage returns.
    Blank,
    /// A record in which no text pointer holds a string, as a delete notice.
    NoText,
}

impl Empty {
    /// Every reason, in order.
    pub const ALL: [Self; 2] = [Self::Blank, Self::NoText];

    /// The name in counters and files.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Blank => "blank",
            Self::NoText => "no-text",
        }
    }
}

/// Why a line is no record. The order is part of the digest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Malformed {
    /// It is not UTF-8.
    Utf8,
    /// It is not JSON as of RFC 8259.
    Syntax,
    /// Something other than white space follows a complete value.
    Trailing,
    /// It is JSON, but no object.
    NotObject,
    /// It is nested deeper than 128.
    TooDeep,
    /// It is longer than the longest line that is read.
    TooLong,
}

impl Malformed {
    /// Every reason, in order.
    pub const ALL: [Self; 6] =
        [Self::Utf8, Self::Syntax, Self::Trailing, Self::NotObject, Self::TooDeep, Self::TooLong];

    /// The name in counters and files.
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

/// What was asked for of a record: UTF-8, escapes resolved. A part that is asked for and is neither
/// a string nor, where numbers can stand, a number is not there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Record<'a> {
    /// What is counted.
    pub text: &'a [u8],
    /// When it was written, as the record says it; a number as its digits.
    pub time: Option<&'a [u8]>,
    /// Who wrote it; a number as its digits.
    pub author: Option<&'a [u8]>,
    /// Its name; a number as its digits.
    pub id: Option<&'a [u8]>,
    /// The language it says it is in.
    pub language: Option<&'a [u8]>,
    /// What the platform found in the text: a valid JSON object, as it stands in the line.
    pub entities: Option<&'a [u8]>,
}

/// The verdict on a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Judgement<'a> {
    /// A record with a text.
    Record(Record<'a>),
    /// A record without one.
    Empty(Empty),
    /// No record, and the byte of the line at which that was noticed.
    Malformed(Malformed, usize),
}
