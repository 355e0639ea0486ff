//! Sorted runs on disk, when counting outgrows its memory. Owns the temporary file; its blocks are
//! those of partials.

use std::fs::File;
use std::io::{BufWriter, Read, Seek, SeekFrom, Write};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use trends::RowRef;
use trends::count::PartitionRun;
use trends::format::{RowReader, RowWriter};
use trends::merge::Cursor;

use crate::Error;
use crate::blocks::unencodable;

/// Bytes of rows per block. Small, because every run that is merged holds one.
const BLOCK: usize = 32 << 10;

/// The runs of one drain, one per partition, in one file without a name.
#[derive(Debug)]
pub(super) struct Spill {
    file: Mutex<File>,
    folder: PathBuf,
    partitions: Vec<Range<u64>>,
}

impl Spill {
    /// Writes the runs to a temporary file in `folder`; it is gone when this is dropped, or the
    /// process killed.
    pub(super) fn write(folder: &Path, runs: Vec<PartitionRun>) -> Result<Self, Error> {
        let failed = |source| Error::Spill { path: folder.to_owned(), source };
        let file = tempfile::tempfile_in(folder).map_err(failed)?;
        let mut out = BufWriter::new(file);
        let mut at = 0_u64;
        let mut partitions = Vec::with_capacity(runs.len());
        for mut run in runs {
            let start = at;
            let mut writer = RowWriter::default();
            while let Some(row) = run.row() {
                writer.push(&row);
                let Ok(()) = run.advance();
                if writer.raw_len() >= BLOCK || run.row().is_none() {
                    let block = writer.finish().map_err(unencodable)?;
                    // A block is far below 4 GiB.
                    let length = (block.len() as u32).to_le_bytes();
                    out.write_all(&length).and_then(|()| out.write_all(&block)).map_err(failed)?;
                    at += 4 + block.len() as u64;
                }
            }
            partitions.push(start..at);
        }
        let file = out.into_inner().map_err(|error| failed(error.into_error()))?;
        Ok(Self { file: Mutex::new(file), folder: folder.to_owned(), partitions })
    }

    /// The run of a partition.
    pub(super) fn partition(&self, partition: u16) -> Result<SpillCursor<'_>, Error> {
        let rest = self.partitions.get(usize::from(partition)).cloned().unwrap_or(0..0);
        let mut cursor = SpillCursor { spill: self, rest, reader: None };
        cursor.next_block()?;
        Ok(cursor)
    }

    fn read(&self, at: u64) -> std::io::Result<Vec<u8>> {
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        file.seek(SeekFrom::Start(at))?;
        let mut length = [0; 4];
        file.read_exact(&mut length)?;
        let mut block = vec![0; u32::from_le_bytes(length) as usize];
        file.read_exact(&mut block)?;
        Ok(block)
    }
}

/// Reads the run of one partition.
#[derive(Debug)]
pub(super) struct SpillCursor<'a> {
    spill: &'a Spill,
    rest: Range<u64>,
    reader: Option<RowReader>,
}

impl SpillCursor<'_> {
    fn next_block(&mut self) -> Result<(), Error> {
        self.reader = None;
        if self.rest.is_empty() {
            return Ok(());
        }
        let failed = |source| Error::Spill { path: self.spill.folder.clone(), source };
        let block = self.spill.read(self.rest.start).map_err(failed)?;
        let damaged = |error| failed(std::io::Error::other(error));
        self.reader = Some(RowReader::open(&block).map_err(damaged)?);
        self.rest.start += 4 + block.len() as u64;
        Ok(())
    }
}

impl Cursor for SpillCursor<'_> {
    type Error = Error;

    fn row(&self) -> Option<RowRef<'_>> {
        self.reader.as_ref().and_then(Cursor::row)
    }

    fn advance(&mut self) -> Result<(), Error> {
        if let Some(reader) = &mut self.reader {
            let path = &self.spill.folder;
            reader.advance().map_err(|error| Error::Spill {
                path: path.clone(),
                source: std::io::Error::other(error),
            })?;
        }
        if self.row().is_none() { self.next_block() } else { Ok(()) }
    }
}
