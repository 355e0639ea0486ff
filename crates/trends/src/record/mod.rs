//! From a line of input to a verdict and the text in it.

/// A record without a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Empty {
    /// Nothing but white space.
    Blank,
    /// A record in which no text pointer holds a string.
    NoText,
}
impl Empty {
    /// All.
    pub const ALL: [Self; 2] = [Self::Blank, Self::NoText];
    /// Name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Blank => "blank",
            Self::NoText => "no-text",
        }
    }
}
/// A line that is no record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Malformed {
    /// Not UTF-8.
    Utf8,
    /// Not JSON.
    Syntax,
    /// Something after the value.
    Trailing,
    /// JSON, but no object.
    NotObject,
    /// Nested too deep.
    TooDeep,
    /// Longer than allowed.
    TooLong,
}
impl Malformed {
    /// All.
    pub const ALL: [Self; 6] =
        [Self::Utf8, Self::Syntax, Self::Trailing, Self::NotObject, Self::TooDeep, Self::TooLong];
    /// Name.
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
