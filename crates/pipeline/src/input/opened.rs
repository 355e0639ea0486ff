//! An object that is read from one end to the other, wherever it is.

use std::io::Read;

use super::{InputFile, Object, Place, Remote};
use crate::Error;
use crate::cancel::Cancel;

/// An open object.
pub(crate) enum OpenObject<'a> {
    /// A local file.
    File(InputFile<'a>),
    /// What a server gives.
    #[cfg(feature = "http")]
    Http(Box<super::http::HttpReader<'a>>),
}

impl<'a> OpenObject<'a> {
    /// Opens an object to be read from byte `from`, mostly up to `wanted`.
    #[cfg_attr(not(feature = "http"), expect(unused_variables, reason = "for servers only"))]
    pub(crate) fn open(
        object: &'a Object,
        remote: &Remote,
        cancel: &Cancel,
        from: u64,
        wanted: u64,
    ) -> Result<Self, Error> {
        match &object.place {
            Place::File { path, .. } => InputFile::open(object, path).map(Self::File),
            #[cfg(feature = "http")]
            Place::Http { .. } => {
                let reader = super::http::HttpReader::new(remote, cancel, object, from, wanted)?;
                Ok(Self::Http(Box::new(reader)))
            }
            #[cfg(not(feature = "http"))]
            Place::Http { .. } => Err(without_http(&object.name)),
        }
    }

    /// Its bytes.
    pub(crate) fn reader(&mut self) -> Box<dyn Read + '_> {
        match self {
            Self::File(file) => Box::new(file.reader()),
            #[cfg(feature = "http")]
            Self::Http(reader) => Box::new(reader),
        }
    }

    /// Checks, when it was read, that it still is what was planned.
    pub(crate) fn finish(&self) -> Result<(), Error> {
        match self {
            Self::File(file) => file.unchanged(),
            // Each answer was checked.
            #[cfg(feature = "http")]
            Self::Http(_) => Ok(()),
        }
    }
}

/// Looks at what is behind a URL.
#[cfg_attr(not(feature = "http"), expect(unused_variables, reason = "for servers only"))]
pub(crate) fn inspect_remote(
    remote: &Remote,
    cancel: &Cancel,
    uri: &str,
    said: Option<super::Compression>,
) -> Result<Object, Error> {
    #[cfg(feature = "http")]
    return super::http::inspect(remote, cancel, uri, said);
    #[cfg(not(feature = "http"))]
    return Err(without_http(uri));
}

#[cfg(not(feature = "http"))]
fn without_http(uri: &str) -> Error {
    Error::Input(format!(
        "{uri}: this program was built without http; build it with --features http, or download the file"
    ))
}
