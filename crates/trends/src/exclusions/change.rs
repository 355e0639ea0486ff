//! What one change of exclusions says. Owns its JSON and what of it is valid by itself.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::glob;
use crate::result::normalize;
use crate::row::MAX_TERM_BYTES;
use crate::{Kind, Profile};

/// The longest pattern, in bytes.
pub const MAX_PATTERN_BYTES: usize = 128;
/// The longest identity of an author, in bytes.
pub const MAX_AUTHOR_BYTES: usize = 256;
/// The longest reason, in bytes.
pub const MAX_REASON_BYTES: usize = 512;
/// The most subjects of one change: it is stored as one value.
pub const MAX_SUBJECTS: usize = 100;

/// A change of what is excluded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// What is done.
    pub action: Action,
    /// To what, 1 to [`MAX_SUBJECTS`] of them.
    pub subjects: Vec<Subject>,
    /// Why, if it was said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// What a change does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Action {
    /// From now on readers are not shown it, or it is not counted.
    Exclude,
    /// What was excluded no longer is.
    Readmit,
}

/// What a change is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Subject {
    /// A term, in any way of writing it: each result folds it by its own profile. Of phrases, a word is every
    /// phrase with that word.
    Term {
        /// The term.
        term: String,
        /// Of one kind, or of all.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        kind: Option<Kind>,
    },
    /// Every term that fits a pattern as a whole: `*` stands for any characters, also none, `?` for
    /// exactly one, and everything else for itself, folded as terms are.
    Pattern {
        /// The pattern.
        pattern: String,
        /// Of one kind, or of all.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        kind: Option<Kind>,
    },
    /// An author, by the identity in the records.
    Author {
        /// The identity.
        author: String,
    },
}

impl Subject {
    /// Whether it is about what readers are shown of results there are, not about what later runs count.
    pub const fn is_read_time(&self) -> bool {
        !matches!(self, Self::Author { .. })
    }

    fn check(&self) -> Result<(), InvalidChange> {
        match self {
            Self::Term { term, kind } => {
                at_most("a term", term, MAX_TERM_BYTES)?;
                let can_be = |kind: Kind| !normalize(Profile::Social, kind, term).is_empty();
                let some = super::kinds(*kind).any(can_be) && !term.trim().is_empty();
                some.then_some(()).ok_or_else(|| InvalidChange::NoTerm(term.clone()))
            }
            Self::Pattern { pattern, kind } => {
                at_most("a pattern", pattern, MAX_PATTERN_BYTES)?;
                let can_match = |kind| !glob::is_all(&glob::folded(Profile::Social, kind, pattern));
                let some = super::kinds(*kind).any(can_match) && !pattern.trim().is_empty();
                some.then_some(()).ok_or_else(|| InvalidChange::Everything(pattern.clone()))
            }
            Self::Author { author } => {
                at_most("an author", author, MAX_AUTHOR_BYTES)?;
                let trimmed = !author.is_empty() && author.trim() == author;
                trimmed.then_some(()).ok_or_else(|| InvalidChange::NoAuthor(author.clone()))
            }
        }
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (what, text, kind) = match self {
            Self::Term { term, kind } => ("the term", term, kind),
            Self::Pattern { pattern, kind } => ("the pattern", pattern, kind),
            Self::Author { author } => ("the author", author, &None),
        };
        write!(f, "{what} {text:?}")?;
        match kind {
            Some(kind) => write!(f, " of the kind {kind}"),
            None => Ok(()),
        }
    }
}

/// Why something is no change.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidChange {
    /// It is about nothing, or too much.
    #[error("a change is about 1 to {MAX_SUBJECTS} terms, patterns or authors, this one about {0}")]
    Subjects(usize),
    /// It takes too much room.
    #[error("{what} may take {most} bytes, this one takes {length}")]
    TooLong {
        /// What does.
        what: &'static str,
        /// How much it takes.
        length: usize,
        /// How much it may take.
        most: usize,
    },
    /// It can't be a term.
    #[error("{0:?} can be no term: give it as results write it")]
    NoTerm(String),
    /// It would fit everything.
    #[error(
        "the pattern {0:?} would leave out everything, or nothing: give it a character other than '*'"
    )]
    Everything(String),
    /// It can't be an author.
    #[error(
        "{0:?} can be no author: give the identity as records write it, without space around it"
    )]
    NoAuthor(String),
}

impl Change {
    /// Checks what can be told without knowing what is excluded.
    ///
    /// # Errors
    /// With what would be right.
    pub fn check(&self) -> Result<(), InvalidChange> {
        if self.subjects.is_empty() || self.subjects.len() > MAX_SUBJECTS {
            return Err(InvalidChange::Subjects(self.subjects.len()));
        }
        if let Some(reason) = &self.reason {
            at_most("a reason", reason, MAX_REASON_BYTES)?;
        }
        self.subjects.iter().try_for_each(Subject::check)
    }
}

fn at_most(what: &'static str, text: &str, most: usize) -> Result<(), InvalidChange> {
    let length = text.len();
    if length <= most { Ok(()) } else { Err(InvalidChange::TooLong { what, length, most }) }
}
