//! The objects of a plan: what is read, and how it is known to still be the same. Owns what is
//! stored of them; opening them is for others.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::Compression;
use crate::Error;

/// One input object, as it was when the run was planned.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Object {
    /// How the user and the messages call it.
    pub name: String,
    /// Bytes, as stored.
    pub size: u64,
    /// How it is compressed.
    pub compression: Compression,
    /// Where it is.
    pub place: Place,
}

/// Where an object is, and which version of it was planned.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Place {
    /// A file that every process of the run sees under the same path.
    #[serde(rename_all = "camelCase")]
    File {
        /// Absolute; links in it are followed anew by every process.
        path: PathBuf,
        /// What must not change.
        version: FileVersion,
    },
    /// What a server gives for a URL.
    #[serde(rename_all = "camelCase")]
    Http {
        /// The URL.
        url: String,
        /// Its `ETag`, or else when the server says it was last changed, as the server writes it.
        version: Option<String>,
        /// Whether the server gives parts of it.
        ranges: bool,
    },
}

/// What tells one version of a file from another of the same size.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum FileVersion {
    /// Its last change, in nanoseconds since the epoch, 0 where there is none.
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
    /// Whether any part of it can be read without the rest.
    pub fn is_splittable(&self) -> bool {
        let whole = matches!(self.place, Place::Http { ranges: false, .. });
        self.compression == Compression::None && !whole
    }

    /// Whether any thread can read any part of it at any time.
    pub(crate) fn is_plain_file(&self) -> bool {
        self.compression == Compression::None && matches!(self.place, Place::File { .. })
    }

    /// That it is not what was planned any more.
    pub(crate) fn changed(&self, what: String) -> Error {
        Error::SourceChanged { path: PathBuf::from(&self.name), what }
    }
}

/// How an object is compressed, going by its first bytes and by what was said.
///
/// # Errors
/// If it is not compressed in the way that was said.
pub(super) fn compression(
    name: &str,
    head: &[u8],
    said: Option<Compression>,
) -> Result<Compression, Error> {
    let found = Compression::detect(head);
    let compression = said.unwrap_or(found);
    if compression != found && compression != Compression::None && !head.is_empty() {
        return Err(Error::Input(format!(
            "{name} is not {compression}: it starts with {head:02x?}; set its real compression, or leave it to be found out"
        )));
    }
    // An empty file is an empty input, whatever its name promises.
    Ok(if head.is_empty() { Compression::None } else { compression })
}
