//! The objects of a plan, and how an object is known to be the one that was planned. Owns their
//! JSON; other files open and read them.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::compression::Compression;
use crate::Error;

/// One input object, as it was when the run was planned.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Object {
    /// The name of the object for the user and in messages.
    pub name: String,
    /// Bytes, as stored.
    pub size: u64,
    /// How it is compressed.
    pub compression: Compression,
    /// Where it is.
    #[serde(rename = "place")]
    pub location: ObjectLocation,
}

/// Where an object is, and which version of it was planned.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum ObjectLocation {
    /// A file that every process of the run finds under the same path.
    #[serde(rename_all = "camelCase")]
    File {
        /// Absolute; links in it are followed anew by every process.
        path: PathBuf,
        /// The version, which must not change.
        version: FileVersion,
    },
    /// The content behind a URL.
    #[serde(rename_all = "camelCase")]
    Http {
        /// The URL.
        url: String,
        /// Its `ETag`, or else its time of last change, as the server writes it.
        version: Option<String>,
        /// True if the server gives parts of it.
        ranges: bool,
    },
}

/// A version of a file, apart from its size.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum FileVersion {
    /// The time of its last change, in nanoseconds since the epoch, 0 if it has none.
    Modified(u64),
    /// The SHA-256 of its content, in hexadecimal digits.
    Content(String),
}

/// How versions of files are told apart.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Identity {
    /// By their last change: for files that all processes of a run share.
    #[default]
    Modified,
    /// By their content: for small files of which every process has a copy of its own.
    Content,
}

impl Object {
    /// Returns true if any part of it can be read without the rest.
    pub fn is_splittable(&self) -> bool {
        let whole = matches!(self.location, ObjectLocation::Http { ranges: false, .. });
        self.compression == Compression::None && !whole
    }

    /// Returns true if any thread can read any part of it at any time.
    pub(crate) fn is_plain_file(&self) -> bool {
        self.compression == Compression::None
            && matches!(self.location, ObjectLocation::File { .. })
    }

    /// The error of an object that is not the planned one any more.
    pub(crate) fn changed(&self, what: String) -> Error {
        Error::SourceChanged { path: PathBuf::from(&self.name), what }
    }
}

/// Returns how an object is compressed: by its first bytes, or as it is `declared`.
///
/// # Errors
/// If the declared compression is another than that of the first bytes.
pub(super) fn compression(
    name: &str,
    head: &[u8],
    declared: Option<Compression>,
) -> Result<Compression, Error> {
    let found = Compression::detect(head);
    let compression = declared.unwrap_or(found);
    if compression != found && compression != Compression::None && !head.is_empty() {
        return Err(Error::Input(format!(
            "{name} is not {compression}: it starts with {head:02x?}; set its real compression, or leave it out to have it detected"
        )));
    }
    // An empty file is an empty input, whatever its name promises.
    Ok(if head.is_empty() { Compression::None } else { compression })
}
