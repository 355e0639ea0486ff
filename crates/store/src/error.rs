//! What can go wrong with a store, said so that a caller knows whether a retry helps.

use std::error::Error;
use std::io;
use std::path::Path;

use trends::format::{FormatError, VERSION};

use crate::key::InvalidName;

/// A failed operation on a store: what was being done, to which key or path, and why it failed.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The place can't be reached or refuses; a retry may help.
    #[error("{doing} {key}")]
    Unavailable {
        /// What was being done, as "reading" or "writing".
        doing: &'static str,
        /// The key or path.
        key: String,
        /// Why.
        #[source]
        source: Box<dyn Error + Send + Sync>,
    },
    /// The place may not be used by this user.
    #[error("{doing} {key} is not allowed: {what}")]
    Denied {
        /// What was being done, as "reading" or "writing".
        doing: &'static str,
        /// The key or path.
        key: String,
        /// Why, and what would be right.
        what: String,
    },
    /// There is no room left.
    #[error(
        "no space left while writing {key}: free some and run again, nothing published was changed"
    )]
    Full {
        /// The key or path.
        key: String,
        /// Why.
        #[source]
        source: Box<dyn Error + Send + Sync>,
    },
    /// What was promised by a marker or an index is not there.
    #[error(
        "{key} is missing although it is referred to: the store was changed by hand, or a clean-up removed the run"
    )]
    Missing {
        /// The key or path.
        key: String,
    },
    /// Stored bytes are not what was written.
    #[error(
        "{key} is damaged ({what}): it is not used; run the job again to publish a fresh result"
    )]
    Damaged {
        /// The key or path.
        key: String,
        /// How it was noticed.
        what: String,
    },
    /// The store, or what it holds at a key, was written by a newer version.
    #[error("{place} has format {found}, this program knows up to {known}: use a newer trendjob")]
    Newer {
        /// The store or the key.
        place: String,
        /// Its format.
        found: u32,
        /// The newest format known here.
        known: u32,
    },
    /// Another value stands where this one was to be inserted.
    #[error("{key} already holds something else")]
    Conflict {
        /// The key.
        key: String,
    },
    /// A name that can't be part of a key.
    #[error(transparent)]
    Name(#[from] InvalidName),
    /// What was asked for can't be done, and why.
    #[error("{0}")]
    Refused(String),
}

impl StoreError {
    /// Whether the same call may succeed later without anybody changing anything.
    pub const fn is_retryable(&self) -> bool {
        matches!(self, Self::Unavailable { .. })
    }

    /// What is wrong with a block at a key that can't be decoded.
    pub fn undecodable(key: String, error: &FormatError) -> Self {
        match error {
            FormatError::Newer(found) => {
                Self::Newer { place: key, found: u32::from(*found), known: u32::from(VERSION) }
            }
            error => Self::Damaged { key, what: error.to_string() },
        }
    }

    /// What failed at a path of this machine.
    pub(crate) fn at_path(doing: &'static str, path: &Path, error: io::Error) -> Self {
        Self::failed(doing, path.display().to_string(), error)
    }

    /// A failure of which only the cause tells whether the disk is full.
    pub(crate) fn failed(
        doing: &'static str,
        key: String,
        error: impl Error + Send + Sync + 'static,
    ) -> Self {
        if is_full(&error) {
            return Self::Full { key, source: Box::new(error) };
        }
        if is_denied(&error) {
            let what = "this user lacks the permission, or the file system is read-only";
            return Self::Denied { doing, key, what: what.to_owned() };
        }
        Self::Unavailable { doing, key, source: Box::new(error) }
    }
}

/// Whether something that is not there is anywhere among the causes.
pub(crate) fn is_missing(error: &(dyn Error + 'static)) -> bool {
    is_caused_by(error, &[io::ErrorKind::NotFound])
}

/// Whether a full disk or quota is anywhere among the causes.
fn is_full(error: &(dyn Error + 'static)) -> bool {
    is_caused_by(error, &[io::ErrorKind::StorageFull, io::ErrorKind::QuotaExceeded])
}

/// Whether a lacking permission is anywhere among the causes.
fn is_denied(error: &(dyn Error + 'static)) -> bool {
    is_caused_by(error, &[io::ErrorKind::PermissionDenied, io::ErrorKind::ReadOnlyFilesystem])
}

fn is_caused_by(error: &(dyn Error + 'static), kinds: &[io::ErrorKind]) -> bool {
    let mut cause = Some(error);
    while let Some(error) = cause {
        let kind = error.downcast_ref::<io::Error>().map(io::Error::kind);
        if kind.is_some_and(|kind| kinds.contains(&kind)) {
            return true;
        }
        cause = error.source();
    }
    false
}
