//! One local file of a plan. Owns its identity and positioned reading.

use std::fs::{File, Metadata};
use std::io::{self, Read, Seek};
use std::path::{Path, PathBuf};
use std::time::{Duration, UNIX_EPOCH};

use sha2::Digest as _;
use trends::digest::hex;

use super::compression::Compression;
use super::discover::FoundFile;
use super::object::{self, FileVersion, Identity, Object, ObjectLocation};
use crate::Error;

/// The time before a file that seems changed is looked at again. Network file systems remember the
/// size and time of a file for 3 seconds at least, unless it is opened anew.
const SECOND_LOOK: Duration = Duration::from_secs(3);

/// Reads the size, compression and version of a file.
///
/// # Errors
/// If it can't be opened or read, or is not compressed as `declared`.
pub fn inspect(
    found: &FoundFile,
    declared: Option<Compression>,
    identity: Identity,
) -> Result<Object, Error> {
    let name = &found.name();
    let failed = |source| Error::Read { path: PathBuf::from(name), offset: None, source };
    let path = std::path::absolute(&found.path).map_err(failed)?;
    if path.to_str().is_none() {
        // A plan is JSON, which can't hold such a path.
        return Err(Error::Input(format!(
            "the path of {name} is not UTF-8: rename it, or pipe the file in"
        )));
    }
    let mut file = File::open(&path).map_err(failed)?;
    let metadata = file.metadata().map_err(failed)?;
    let mut head = Vec::new();
    file.by_ref().take(4).read_to_end(&mut head).map_err(failed)?;
    let compression = object::compression(name, &head, declared)?;
    let version = match identity {
        Identity::Modified => FileVersion::Modified(modified(&metadata)),
        Identity::Content => FileVersion::Content(content(&mut file).map_err(failed)?),
    };
    let location = ObjectLocation::File { path, version };
    Ok(Object { name: name.clone(), size: metadata.len(), compression, location })
}

fn modified(metadata: &Metadata) -> u64 {
    let since = metadata.modified().ok().and_then(|at| at.duration_since(UNIX_EPOCH).ok());
    since.and_then(|since| u64::try_from(since.as_nanos()).ok()).unwrap_or(0)
}

fn content(file: &mut File) -> io::Result<String> {
    file.rewind()?;
    let mut hash = sha2::Sha256::new();
    let mut buffer = vec![0; 64 << 10];
    loop {
        let count = file.read(&mut buffer)?;
        if count == 0 {
            return Ok(hex(&hash.finalize()));
        }
        hash.update(&buffer[..count]);
    }
}

/// An open file.
#[derive(Debug)]
pub(crate) struct InputFile<'a> {
    object: &'a Object,
    file: File,
}

impl<'a> InputFile<'a> {
    /// Opens a file and checks that it is unchanged since it was planned. A node of a network file
    /// system may remember an older state for some seconds, so a file that seems changed is opened
    /// once more.
    pub(crate) fn open(object: &'a Object, path: &Path) -> Result<Self, Error> {
        match Self::open_once(object, path) {
            Err(Error::SourceChanged { what, .. }) => {
                second_look(object, &what);
                Self::open_once(object, path)
            }
            opened => opened,
        }
    }

    fn open_once(object: &'a Object, path: &Path) -> Result<Self, Error> {
        let failed =
            |source| Error::Read { path: PathBuf::from(&object.name), offset: None, source };
        let mut file = File::open(path).map_err(failed)?;
        if let ObjectLocation::File { version: FileVersion::Content(planned), .. } =
            &object.location
            && content(&mut file).map_err(failed)? != *planned
        {
            return Err(object.changed("its content is different".to_owned()));
        }
        file.rewind().map_err(failed)?;
        let input = Self { object, file };
        input.check_metadata()?;
        Ok(input)
    }

    /// Checks that the file, which has been read, is still as it was planned. Looks a second time
    /// before it fails.
    pub(crate) fn check_unchanged(&self) -> Result<(), Error> {
        match self.check_metadata() {
            Err(Error::SourceChanged { what, .. }) => {
                second_look(self.object, &what);
                self.check_metadata()
            }
            checked => checked,
        }
    }

    /// Checks the size of the file, and its modification time if that identifies it.
    fn check_metadata(&self) -> Result<(), Error> {
        let metadata = self.file.metadata().map_err(|source| self.failed(0, source))?;
        let size = metadata.len();
        if size != self.object.size {
            let what = format!("{size} bytes instead of {}", self.object.size);
            return Err(self.object.changed(what));
        }
        match &self.object.location {
            ObjectLocation::File { version: FileVersion::Modified(planned), .. }
                if *planned != modified(&metadata) =>
            {
                Err(self.object.changed("it was written to".to_owned()))
            }
            _ => Ok(()),
        }
    }

    pub(crate) fn object(&self) -> &'a Object {
        self.object
    }

    /// Replaces all bytes of a buffer but the first `kept` by the bytes `from..to` of the file.
    pub(crate) fn read(
        &self,
        buffer: &mut Vec<u8>,
        kept: usize,
        from: u64,
        to: u64,
    ) -> Result<(), Error> {
        let length = usize::try_from(to.saturating_sub(from)).unwrap_or(usize::MAX);
        // The buffer is not cleared first, so that `resize` writes zeros only to the bytes it adds.
        buffer.resize(kept + length, 0);
        let mut rest = &mut buffer[kept..];
        let mut at = from;
        while !rest.is_empty() {
            match read_at(&self.file, rest, at) {
                Ok(0) => return Err(self.object.changed(format!("it ends at byte {at} now"))),
                Ok(count) => {
                    at += count as u64;
                    rest = &mut rest[count..];
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(source) => return Err(self.failed(at, source)),
            }
        }
        Ok(())
    }

    /// Returns a reader of the file from its beginning.
    pub(crate) fn reader(&self) -> impl Read + '_ {
        &self.file
    }

    fn failed(&self, offset: u64, source: io::Error) -> Error {
        Error::Read { path: PathBuf::from(&self.object.name), offset: Some(offset), source }
    }
}

/// Waits before a file that seems changed is looked at again.
#[expect(clippy::disallowed_methods, reason = "readers of input are threads that may block")]
fn second_look(object: &Object, what: &str) {
    tracing::warn!(file = object.name, what, delay = ?SECOND_LOOK, "looking at the file again");
    std::thread::sleep(SECOND_LOOK);
}

#[cfg(unix)]
fn read_at(file: &File, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
    std::os::unix::fs::FileExt::read_at(file, buffer, offset)
}

#[cfg(windows)]
fn read_at(file: &File, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
    std::os::windows::fs::FileExt::seek_read(file, buffer, offset)
}

#[cfg(target_os = "linux")]
#[cfg(test)]
mod tests {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt as _;

    use super::*;

    #[expect(clippy::disallowed_methods, reason = "the file is waited for on a thread")]
    #[test]
    fn a_file_that_seemed_changed_is_looked_at_again() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("in.ndjson");
        std::fs::write(&path, "{}").unwrap();
        let found = FoundFile { path, name: None };
        let object = inspect(&found, None, Identity::Modified).unwrap();
        let file = File::options().write(true).open(&found.path).unwrap();
        let planned = file.metadata().unwrap().modified().unwrap();
        let stale = planned - Duration::from_mins(1);
        file.set_modified(stale).unwrap();
        let opened = std::thread::scope(|scope| {
            let opened = scope.spawn(|| InputFile::open(&object, &found.path).map(drop));
            // Most of the delay is left: the second look finds the planned time.
            std::thread::sleep(SECOND_LOOK / 6);
            file.set_modified(planned).unwrap();
            opened.join().unwrap()
        });
        opened.unwrap();
        file.set_modified(stale).unwrap();
        let error = InputFile::open(&object, &found.path).unwrap_err();
        assert_eq!((error.reason(), error.is_permanent()), ("SourceChanged", true), "{error}");
    }

    #[test]
    fn a_path_that_is_not_utf8_is_refused_with_its_name() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(OsStr::from_bytes(b"odd\xFF.ndjson"));
        std::fs::write(&path, "{}").unwrap();
        let found = FoundFile { path, name: None };
        let error = inspect(&found, None, Identity::Modified).unwrap_err().to_string();
        assert!(error.contains("odd\u{fffd}.ndjson is not UTF-8"), "{error}");
    }
}
