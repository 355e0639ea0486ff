//! The error for a text that is none of the known names.

use std::{error, fmt};

/// A text that is none of the known names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownName {
    /// The concept, such as "kind".
    what: &'static str,
    name: String,
    /// The known names as a list in a sentence.
    allowed: &'static str,
}

impl UnknownName {
    /// Finds the value with a name, in lower case.
    pub(crate) fn find<T: Copy>(
        (what, allowed): (&'static str, &'static str),
        values: &[T],
        name_of: impl Fn(T) -> &'static str,
        name: &str,
    ) -> Result<T, Self> {
        let found = values.iter().copied().find(|value| name_of(*value) == name);
        found.ok_or_else(|| Self { what, name: name.to_owned(), allowed })
    }
}

impl fmt::Display for UnknownName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { what, name, allowed } = self;
        write!(f, "unknown {what} {name:?}: allowed are {allowed}")
    }
}

impl error::Error for UnknownName {}
