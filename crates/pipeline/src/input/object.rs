//! The objects of a plan, with the version that identifies each later. Owns their JSON; other files
//! open and read them.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::compression::Compression;
use crate::Error;

/// One input object, as it was when the run was planned.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Object {
    /// The name of the object for the user and in messages. That of a URL holds no signature.
    pub name: String,
    /// The size in bytes, as stored.
    pub size: u64,
    /// The compression.
    pub compression: Compression,
    /// The location and the planned version.
    #[serde(rename = "place")]
    pub location: ObjectLocation,
}

/// The location of an object, and the version that was planned.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum ObjectLocation {
    /// A file that every process of the run finds under the same path.
    #[serde(rename_all = "camelCase")]
    File {
        /// Absolute; every process resolves its symbolic links anew.
        path: PathBuf,
        /// The version, which must not change during the run.
        version: FileVersion,
    },
    /// The content behind a URL.
    #[serde(rename_all = "camelCase")]
    Http {
        /// The URL. Its query may hold a signature: show the name of the object instead.
        url: String,
        /// Its `ETag`, or else its time of last change, as the server writes it.
        version: Option<String>,
        /// True if the server serves byte ranges of it, and the version ties them together.
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

/// The kind of [`FileVersion`] that identifies the files of a run.
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

    /// Returns the object as outputs show it: its URL holds nothing that may be a signature.
    #[must_use]
    pub fn shown(&self) -> Self {
        let mut shown = self.clone();
        if let ObjectLocation::Http { url, .. } = &mut shown.location {
            url.clone_from(&self.name);
        }
        shown
    }

    /// The error for an object that is no longer the planned one.
    pub(crate) fn changed(&self, what: String) -> Error {
        Error::SourceChanged { path: PathBuf::from(&self.name), what }
    }
}

/// Returns the compression of an object: the `declared` one, or else that of its first bytes.
///
/// # Errors
/// If the first bytes don't have the declared compression.
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
    // An empty file is an empty input, whatever compression is declared.
    Ok(if head.is_empty() { Compression::None } else { compression })
}
