//! The error of one field. Owns its text form.

use std::{error, fmt};

/// An error of one field.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FieldError {
    /// The field, such as `spec.input.uris[2]`; empty for the whole file.
    pub path: String,
    /// The error, and what would be right.
    pub message: String,
}

impl FieldError {
    pub(crate) fn new(path: &str, message: String) -> Self {
        Self { path: path.to_owned(), message }
    }

    /// An error of the whole file.
    pub(crate) fn file(message: String) -> Self {
        Self { path: String::new(), message }
    }
}

impl fmt::Display for FieldError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.path.is_empty() {
            f.write_str(&self.message)
        } else {
            write!(f, "{}: {}", self.path, self.message)
        }
    }
}

impl error::Error for FieldError {}
