//! One change of exclusions. Owns its JSON and the checks that need no other change.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::glob;
use crate::result::normalize;
use crate::term::MAX_TERM_BYTES;
use crate::{Kind, Profile};

/// The longest pattern, in bytes.
pub const MAX_PATTERN_BYTES: usize = 128;
/// The longest identity of an author, in bytes.
pub const MAX_AUTHOR_BYTES: usize = 256;
/// The longest reason, in bytes.
pub const MAX_REASON_BYTES: usize = 512;
/// The most subjects of one change, which is stored as one value.
pub const MAX_SUBJECTS: usize = 100;

/// A change of exclusions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// The action on all subjects.
    pub action: Action,
    /// The subjects, 1 to [`MAX_SUBJECTS`] of them.
    pub subjects: Vec<Subject>,
    /// The reason, if one was given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// The action of a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Action {
    /// Excludes the subjects: results no longer show a term, and later runs do not count the
    /// records of an author.
    Exclude,
    /// Readmits the subjects.
    Readmit,
}

/// A subject of a change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Subject {
    /// A term, in any form: each result folds it by its own profile. Among phrases a word stands
    /// for every phrase with that word.
    Term {
        /// The term.
        term: String,
        /// The kind it is excluded from; all kinds if absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        kind: Option<Kind>,
    },
    /// Every term that a pattern matches as a whole: `*` stands for any number of characters, `?`
    /// for exactly one, and every other character for itself, folded as terms are.
    Pattern {
        /// The pattern.
        pattern: String,
        /// The kind it is excluded from; all kinds if absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        kind: Option<Kind>,
    },
    /// An author, by the identity that records have.
    Author {
        /// The identity.
        author: String,
    },
}

impl Subject {
    /// Returns true if its exclusion affects published results, not only later runs.
    pub const fn is_read_time(&self) -> bool {
        !matches!(self, Self::Author { .. })
    }

    fn check(&self) -> Result<(), InvalidChange> {
        match self {
            Self::Term { term, kind } => {
                check_length("a term", term, MAX_TERM_BYTES)?;
                let is_term = |kind: Kind| !normalize(Profile::Social, kind, term).is_empty();
                let is_any = super::kinds(*kind).any(is_term) && !term.trim().is_empty();
                is_any.then_some(()).ok_or_else(|| InvalidChange::NoTerm(term.clone()))
            }
            Self::Pattern { pattern, kind } => {
                check_length("a pattern", pattern, MAX_PATTERN_BYTES)?;
                let selects = |kind| !glob::is_all(&glob::folded(Profile::Social, kind, pattern));
                let is_any = super::kinds(*kind).any(selects) && !pattern.trim().is_empty();
                is_any.then_some(()).ok_or_else(|| InvalidChange::Everything(pattern.clone()))
            }
            Self::Author { author } => {
                check_length("an author", author, MAX_AUTHOR_BYTES)?;
                let trimmed = !author.is_empty() && author.trim() == author;
                trimmed.then_some(()).ok_or_else(|| InvalidChange::NoAuthor(author.clone()))
            }
        }
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (noun, text, kind) = match self {
            Self::Term { term, kind } => ("the term", term, kind),
            Self::Pattern { pattern, kind } => ("the pattern", pattern, kind),
            Self::Author { author } => ("the author", author, &None),
        };
        write!(f, "{noun} {text:?}")?;
        match kind {
            Some(kind) => write!(f, " of the kind {kind}"),
            None => Ok(()),
        }
    }
}

/// The reason why a change is invalid, whatever the changes before it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidChange {
    /// The change has no subject, or too many.
    #[error("a change has 1 to {MAX_SUBJECTS} terms, patterns or authors, this one has {0}")]
    Subjects(usize),
    /// A text is too long.
    #[error("{what} may have at most {most} bytes, this one has {length}")]
    TooLong {
        /// The text, as "a term".
        what: &'static str,
        /// Its length in bytes.
        length: usize,
        /// The greatest length.
        most: usize,
    },
    /// A text that can't be a term.
    #[error("{0:?} can't be a term: write it as results show it")]
    NoTerm(String),
    /// A pattern that matches every term or none.
    #[error("the pattern {0:?} would exclude every term, or none: add a character other than '*'")]
    Everything(String),
    /// A text that can't be an author.
    #[error(
        "{0:?} can't be an author: write the identity as records have it, without space around it"
    )]
    NoAuthor(String),
}

impl Change {
    /// Checks all rules that don't depend on earlier changes.
    ///
    /// # Errors
    /// If the change breaks one of them.
    pub fn check(&self) -> Result<(), InvalidChange> {
        if self.subjects.is_empty() || self.subjects.len() > MAX_SUBJECTS {
            return Err(InvalidChange::Subjects(self.subjects.len()));
        }
        if let Some(reason) = &self.reason {
            check_length("a reason", reason, MAX_REASON_BYTES)?;
        }
        self.subjects.iter().try_for_each(Subject::check)
    }
}

fn check_length(what: &'static str, text: &str, most: usize) -> Result<(), InvalidChange> {
    let length = text.len();
    if length <= most { Ok(()) } else { Err(InvalidChange::TooLong { what, length, most }) }
}
