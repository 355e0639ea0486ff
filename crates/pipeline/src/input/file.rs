//! One local file of a plan. Owns its identity and positioned reading.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use serde::{Deserialize, Serialize};

use super::Compression;
use crate::Error;

/// One input file, as it was when the run was planned.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Object {
    /// The file, absolute.
    pub path: PathBuf,
    /// How the user and the messages call it.
    pub name: String,
    /// Bytes, as stored.
    pub size: u64,
    /// Last change in nanoseconds since the epoch, 0 where there is none.
    pub modified: u64,
    /// How it is compressed.
    pub compression: Compression,
}

impl Object {
    /// Looks at a file.
    ///
    /// # Errors
    /// If it can't be opened or read, or is not compressed in the way that was said.
    pub fn inspect(path: &Path, name: &str, said: Option<Compression>) -> Result<Self, Error> {
        let failed = |source| Error::Read { path: PathBuf::from(name), offset: None, source };
        let file = File::open(path).map_err(failed)?;
        let metadata = file.metadata().map_err(failed)?;
        let mut head = Vec::new();
        file.take(4).read_to_end(&mut head).map_err(failed)?;
        let found = Compression::detect(&head);
        let compression = said.unwrap_or(found);
        if compression != found && compression != Compression::None && !head.is_empty() {
            return Err(Error::Input(format!(
                "{name} is not {compression}: it starts with {head:02x?}; set its real compression, or leave it to be found out"
            )));
        }
        // An empty file is an empty input, whatever its name promises.
        let compression = if head.is_empty() { Compression::None } else { compression };
        let (size, modified) = identity(&metadata);
        Ok(Self { path: path.to_owned(), name: name.to_owned(), size, modified, compression })
    }
}

fn identity(metadata: &std::fs::Metadata) -> (u64, u64) {
    let since = metadata.modified().ok().and_then(|at| at.duration_since(UNIX_EPOCH).ok());
    let modified = since.and_then(|since| u64::try_from(since.as_nanos()).ok());
    (metadata.len(), modified.unwrap_or(0))
}

/// An open object.
#[derive(Debug)]
pub(crate) struct InputFile<'a> {
    object: &'a Object,
    file: File,
}

impl<'a> InputFile<'a> {
    /// Opens an object and checks that it is still the one that was planned.
    pub(crate) fn open(object: &'a Object) -> Result<Self, Error> {
        let failed =
            |source| Error::Read { path: PathBuf::from(&object.name), offset: None, source };
        let file = File::open(&object.path).map_err(failed)?;
        let input = Self { object, file };
        input.unchanged()?;
        Ok(input)
    }

    /// Checks that the file still is what was planned.
    pub(crate) fn unchanged(&self) -> Result<(), Error> {
        let metadata = self.file.metadata().map_err(|source| self.failed(0, source))?;
        let (size, modified) = identity(&metadata);
        if size != self.object.size {
            return Err(self.changed(format!("{} bytes instead of {size}", self.object.size)));
        }
        if modified != self.object.modified {
            return Err(self.changed("it was written to".to_owned()));
        }
        Ok(())
    }

    pub(crate) fn object(&self) -> &'a Object {
        self.object
    }

    /// Reads the bytes `from..to` behind the first `kept` of a buffer, in place of what follows them.
    pub(crate) fn read(
        &self,
        buffer: &mut Vec<u8>,
        kept: usize,
        from: u64,
        to: u64,
    ) -> Result<(), Error> {
        let length = usize::try_from(to.saturating_sub(from)).unwrap_or(usize::MAX);
        // Not cleared first: only what was never read into is written twice.
        buffer.resize(kept + length, 0);
        let mut place = &mut buffer[kept..];
        let mut at = from;
        while !place.is_empty() {
            match read_at(&self.file, place, at) {
                Ok(0) => return Err(self.changed(format!("it ends at byte {at} now"))),
                Ok(count) => {
                    at += count as u64;
                    place = &mut place[count..];
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(source) => return Err(self.failed(at, source)),
            }
        }
        Ok(())
    }

    /// The bytes of the file from its beginning.
    pub(crate) fn reader(&self) -> impl Read + '_ {
        &self.file
    }

    fn failed(&self, offset: u64, source: io::Error) -> Error {
        Error::Read { path: PathBuf::from(&self.object.name), offset: Some(offset), source }
    }

    fn changed(&self, what: String) -> Error {
        Error::SourceChanged { path: PathBuf::from(&self.object.name), what }
    }
}

#[cfg(unix)]
fn read_at(file: &File, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
    std::os::unix::fs::FileExt::read_at(file, buffer, offset)
}

#[cfg(windows)]
fn read_at(file: &File, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
    std::os::windows::fs::FileExt::seek_read(file, buffer, offset)
}
