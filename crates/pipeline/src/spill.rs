//! Sorted runs on disk, for data that outgrows its memory. Owns the temporary files: each holds
//! blocks, each preceded by its length. A file has no name, so it disappears when it is dropped or
//! the process is killed.

use std::fs::File;
use std::io::{self, BufWriter, Read as _, Seek as _, SeekFrom, Write as _};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use crate::Error;
use crate::block_writer::{BlockWriter, CutWriter};
use crate::parallel::lock;

/// One or more sorted runs in one file.
#[derive(Debug)]
pub(crate) struct Spill {
    file: Arc<SpillFile>,
    /// The byte range of each sorted run.
    runs: Vec<Range<u64>>,
}

/// The file of a spill. It lives as long as the spill or one of its runs.
#[derive(Debug)]
struct SpillFile {
    file: Mutex<File>,
    folder: PathBuf,
}

impl Spill {
    /// Number of sorted runs.
    pub(crate) fn runs(&self) -> usize {
        self.runs.len()
    }

    /// The blocks of a sorted run; no blocks if the file has no such sorted run.
    pub(crate) fn run(&self, number: usize) -> SpilledBlocks {
        let rest = self.runs.get(number).cloned().unwrap_or(0..0);
        SpilledBlocks { file: Arc::clone(&self.file), rest }
    }
}

impl SpillFile {
    fn read(&self, at: u64) -> io::Result<Vec<u8>> {
        let mut file = lock(&self.file);
        file.seek(SeekFrom::Start(at))?;
        let mut length = [0; 4];
        file.read_exact(&mut length)?;
        let mut block = vec![0; u32::from_le_bytes(length) as usize];
        file.read_exact(&mut block)?;
        Ok(block)
    }
}

fn failed(folder: &Path, source: io::Error) -> Error {
    Error::Spill { path: folder.to_owned(), source }
}

/// The blocks of a spilled sorted run, read one after another.
#[derive(Debug)]
pub(crate) struct SpilledBlocks {
    file: Arc<SpillFile>,
    rest: Range<u64>,
}

impl SpilledBlocks {
    /// The error of a file that can't be read, or holds other bytes than were written.
    pub(crate) fn failed(&self, source: io::Error) -> Error {
        failed(&self.file.folder, source)
    }

    /// Reads the next block, `None` after the last.
    pub(crate) fn read(&mut self) -> Result<Option<Vec<u8>>, Error> {
        if self.rest.is_empty() {
            return Ok(None);
        }
        let read = self.file.read(self.rest.start);
        let block = read.map_err(|source| self.failed(source))?;
        self.rest.start += 4 + block.len() as u64;
        Ok(Some(block))
    }
}

/// Writes sorted runs, one after the other, to a temporary file.
#[derive(Debug)]
pub(crate) struct SpillWriter<'a, W> {
    entries: CutWriter<W>,
    folder: &'a Path,
    file: BufWriter<File>,
    /// Bytes that were written to the file.
    written: u64,
    runs: Vec<Range<u64>>,
}

impl<'a, W: BlockWriter> SpillWriter<'a, W> {
    /// A file in `folder` with blocks of about `size` bytes before compression.
    pub(crate) fn new(folder: &'a Path, writer: W, size: usize) -> Result<Self, Error> {
        let file = tempfile::tempfile_in(folder).map_err(|source| failed(folder, source))?;
        let (entries, file) = (CutWriter::new(writer, size), BufWriter::new(file));
        Ok(Self { entries, folder, file, written: 0, runs: Vec::new() })
    }

    /// Adds the next entry of the current sorted run.
    #[inline]
    pub(crate) fn add(&mut self, entry: W::Entry<'_>) -> Result<(), Error> {
        let full = self.entries.add(entry)?;
        full.map_or(Ok(()), |(_, block)| self.put(&block))
    }

    /// Ends the current sorted run. The next entry begins another.
    pub(crate) fn end_run(&mut self) -> Result<(), Error> {
        let last = self.entries.cut()?;
        last.map_or(Ok(()), |(_, block)| self.put(&block))?;
        let start = self.runs.last().map_or(0, |last| last.end);
        self.runs.push(start..self.written);
        Ok(())
    }

    /// Returns the sorted runs that were ended.
    pub(crate) fn finish(self) -> Result<Spill, Error> {
        let Self { folder, file, runs, .. } = self;
        let file = file.into_inner().map_err(|error| failed(folder, error.into_error()))?;
        let file = SpillFile { file: Mutex::new(file), folder: folder.to_owned() };
        Ok(Spill { file: Arc::new(file), runs })
    }

    fn put(&mut self, block: &[u8]) -> Result<(), Error> {
        // Blocks are at most 8 MiB long.
        let length = (block.len() as u32).to_le_bytes();
        let written = self.file.write_all(&length).and_then(|()| self.file.write_all(block));
        written.map_err(|source| failed(self.folder, source))?;
        self.written += 4 + block.len() as u64;
        Ok(())
    }
}
