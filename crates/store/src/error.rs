//! The errors of a store. Owns their messages, and the decision whether a retry can help.

use std::error::Error;
use std::fmt::Display;
use std::io::{self, ErrorKind};
use std::path::Path;

use trends::format::FormatError;

use crate::key::InvalidName;

/// A failed operation on a store: the operation, the key or path, and the cause.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The store can't be reached, or answers with a failure that may pass; a retry may help.
    #[error("{doing} {key}")]
    Unavailable {
        /// The operation, as "reading" or "writing".
        doing: &'static str,
        /// The key or path.
        key: String,
        /// The cause.
        #[source]
        source: Box<dyn Error + Send + Sync>,
    },
    /// This user may not use the store.
    #[error("{doing} {key} is not allowed: {what}")]
    Denied {
        /// The operation, as "reading" or "writing".
        doing: &'static str,
        /// The key or path.
        key: String,
        /// The cause, and what would be right.
        what: String,
    },
    /// The disk or the quota is full.
    #[error(
        "no space left while writing {key}: free some space and run again; published results are unchanged"
    )]
    Full {
        /// The key or path.
        key: String,
        /// The cause.
        #[source]
        source: Box<dyn Error + Send + Sync>,
    },
    /// A value that a marker or an index refers to does not exist.
    #[error(
        "{key} is missing although a marker refers to it: the store was changed by hand, or a clean-up removed the run"
    )]
    Missing {
        /// The key or path.
        key: String,
    },
    /// An entry of a log does not exist although the log goes on behind it. The text has its key, and
    /// what would be right.
    #[error("{0}")]
    LostEntry(String),
    /// The stored bytes differ from the written ones.
    #[error("{key} is damaged ({what}): {remedy}")]
    Damaged {
        /// The key or path.
        key: String,
        /// The difference.
        what: String,
        /// The action that restores or replaces the value.
        remedy: &'static str,
    },
    /// The store, or the value of a key, was written by a newer version.
    #[error("{place} has format {found}, this program knows up to {known}: use a newer trendjob")]
    Newer {
        /// The store or the key.
        place: String,
        /// Its format.
        found: u32,
        /// The newest format that this program knows.
        known: u32,
    },
    /// The key has another value than the one to insert.
    #[error("{key} already has another value")]
    Conflict {
        /// The key.
        key: String,
    },
    /// A name that can't be part of a key.
    #[error(transparent)]
    Name(#[from] InvalidName),
    /// The request can't be met; the text has the cause and what would be right.
    #[error("{0}")]
    Refused(String),
}

impl StoreError {
    /// Returns true if the same call may succeed later without a change by the user.
    pub const fn is_retryable(&self) -> bool {
        matches!(self, Self::Unavailable { .. })
    }

    /// Returns true if something is missing that a marker or an entry refers to: it is damage, or the
    /// run was removed meanwhile, and then another look at the log helps.
    pub const fn is_missing(&self) -> bool {
        matches!(self, Self::Missing { .. })
    }

    /// Returns the error for a block that can't be decoded.
    pub fn undecodable(key: String, error: &FormatError) -> Self {
        match error {
            FormatError::Newer { found, known } => {
                Self::Newer { place: key, found: u32::from(*found), known: u32::from(*known) }
            }
            error => Self::damaged(&key, error),
        }
    }

    /// Returns the error for a damaged value of a run; `what` describes the damage.
    pub fn damaged(key: &dyn Display, what: &dyn Display) -> Self {
        let remedy = "it is not used; run the job again to publish a fresh result";
        Self::Damaged { key: key.to_string(), what: what.to_string(), remedy }
    }

    /// Replaces the remedy of damage, for a value that no run writes again.
    #[must_use]
    pub(crate) fn with_remedy(self, remedy: &'static str) -> Self {
        match self {
            Self::Damaged { key, what, .. } => Self::Damaged { key, what, remedy },
            error => error,
        }
    }

    /// Returns the error for a failure at a path of this machine.
    pub(crate) fn at_path(doing: &'static str, path: &Path, error: io::Error) -> Self {
        Self::failed(doing, path.display().to_string(), error)
    }

    /// Returns the error for a failure, by its causes: a full disk, a missing permission, or any
    /// other failure, which may pass.
    pub(crate) fn failed(
        doing: &'static str,
        key: String,
        error: impl Error + Send + Sync + 'static,
    ) -> Self {
        if is_caused_by(&error, &[ErrorKind::StorageFull, ErrorKind::QuotaExceeded]) {
            return Self::Full { key, source: Box::new(error) };
        }
        if is_caused_by(&error, &[ErrorKind::PermissionDenied, ErrorKind::ReadOnlyFilesystem]) {
            let what = "this user lacks the permission, or the file system is read-only";
            return Self::Denied { doing, key, what: what.to_owned() };
        }
        Self::Unavailable { doing, key, source: Box::new(error) }
    }
}

/// Returns true if an I/O error of one of these kinds is among the causes.
pub(crate) fn is_caused_by(error: &(dyn Error + 'static), kinds: &[ErrorKind]) -> bool {
    let causes = std::iter::successors(Some(error), |&error| error.source());
    let mut failures = causes.filter_map(|cause| cause.downcast_ref::<io::Error>());
    failures.any(|failure| kinds.contains(&failure.kind()))
}
