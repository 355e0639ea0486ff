//! Reading an object from one end to the other, from a file or a server.

use std::io::Read;

use super::compression::Compression;
use super::file::InputFile;
use super::object::{Object, ObjectLocation};
use super::remote::Remote;
use crate::Error;
use crate::cancel::Cancel;

/// An open object.
pub(crate) enum OpenObject<'a> {
    /// A local file.
    File(InputFile<'a>),
    /// The answer of a server.
    #[cfg(feature = "http")]
    Http(Box<super::http::HttpReader<'a>>),
}

impl<'a> OpenObject<'a> {
    /// Opens an object to be read from byte `from` to the end of the line at byte `wanted`.
    #[cfg_attr(not(feature = "http"), expect(unused_variables, reason = "for servers only"))]
    pub(crate) fn open(
        object: &'a Object,
        remote: &Remote,
        cancel: &Cancel,
        from: u64,
        wanted: u64,
    ) -> Result<Self, Error> {
        match &object.location {
            ObjectLocation::File { path, .. } => InputFile::open(object, path).map(Self::File),
            #[cfg(feature = "http")]
            ObjectLocation::Http { .. } => {
                let reader = super::http::HttpReader::new(remote, cancel, object, from, wanted)?;
                Ok(Self::Http(Box::new(reader)))
            }
            #[cfg(not(feature = "http"))]
            ObjectLocation::Http { .. } => Err(without_http(&object.name)),
        }
    }

    /// Returns a reader of the object's bytes.
    pub(crate) fn reader(&mut self) -> Box<dyn Read + '_> {
        match self {
            Self::File(file) => Box::new(file.reader()),
            #[cfg(feature = "http")]
            Self::Http(reader) => Box::new(reader),
        }
    }

    /// Fails if the object, which has been read, is no longer the one that was planned.
    pub(crate) fn check_unchanged(&self) -> Result<(), Error> {
        match self {
            Self::File(file) => file.check_unchanged(),
            // Every answer of the server was checked.
            #[cfg(feature = "http")]
            Self::Http(_) => Ok(()),
        }
    }
}

/// Reads the size, compression and version of the object behind a URL. Returns the object, and the
/// URL that the server redirected to in the end.
#[cfg_attr(not(feature = "http"), expect(unused_variables, reason = "for servers only"))]
pub(crate) fn inspect_remote(
    remote: &Remote,
    cancel: &Cancel,
    uri: &str,
    declared: Option<Compression>,
) -> Result<(Object, String), Error> {
    #[cfg(feature = "http")]
    return super::http::inspect(remote, cancel, uri, declared);
    #[cfg(not(feature = "http"))]
    return Err(without_http(&super::url::shown(uri)));
}

#[cfg(not(feature = "http"))]
fn without_http(uri: &str) -> Error {
    Error::Input(format!(
        "{uri}: this program was built without http; build it with --features http, or download the file"
    ))
}
