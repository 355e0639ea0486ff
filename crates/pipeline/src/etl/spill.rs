//! Sorted runs on disk, when counting outgrows its memory. Owns the temporary files and how many there
//! may be; their blocks are those of partials.

use std::fs::File;
use std::io::{BufWriter, Read, Seek, SeekFrom, Write};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use trends::RowRef;
use trends::count::SortedRows;
use trends::format::{RowReader, RowWriter};
use trends::merge::{Cursor, merge};

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
    /// The most that are kept apart: each is an open file, and a block in memory when it is read.
    pub(super) const MOST: usize = 16;

    /// Writes the runs to a temporary file in `folder`; it is gone when this is dropped, or the
    /// process killed.
    pub(super) fn write(folder: &Path, runs: Vec<SortedRows>) -> Result<Self, Error> {
        let mut writer = SpillWriter::new(folder)?;
        for mut run in runs {
            while let Some(row) = run.row() {
                writer.push(&row)?;
                let Ok(()) = run.advance();
            }
            writer.end_partition()?;
        }
        writer.finish()
    }

    /// Merges spills into one.
    pub(super) fn merged(folder: &Path, spills: &[Self]) -> Result<Self, Error> {
        let mut writer = SpillWriter::new(folder)?;
        let partitions = spills.first().map_or(0, |spill| spill.partitions.len());
        for partition in 0..partitions {
            // There are at most 1,024 partitions.
            let cursors = spills.iter().map(|spill| spill.partition(partition as u16));
            merge(cursors.collect::<Result<_, _>>()?, |row| writer.push(&row))?;
            writer.end_partition()?;
        }
        writer.finish()
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

/// Writes rows, partition by partition.
struct SpillWriter<'a> {
    folder: &'a Path,
    out: BufWriter<File>,
    rows: RowWriter,
    at: u64,
    partitions: Vec<Range<u64>>,
}

impl<'a> SpillWriter<'a> {
    fn new(folder: &'a Path) -> Result<Self, Error> {
        let file = tempfile::tempfile_in(folder).map_err(|source| failed(folder, source))?;
        let (out, rows) = (BufWriter::new(file), RowWriter::default());
        Ok(Self { folder, out, rows, at: 0, partitions: Vec::new() })
    }

    fn push(&mut self, row: &RowRef<'_>) -> Result<(), Error> {
        self.rows.push(row);
        if self.rows.raw_len() >= BLOCK { self.cut() } else { Ok(()) }
    }

    fn cut(&mut self) -> Result<(), Error> {
        let block = self.rows.finish().map_err(unencodable)?;
        // A block is far below 4 GiB.
        let length = (block.len() as u32).to_le_bytes();
        let written = self.out.write_all(&length).and_then(|()| self.out.write_all(&block));
        written.map_err(|source| failed(self.folder, source))?;
        self.at += 4 + block.len() as u64;
        Ok(())
    }

    fn end_partition(&mut self) -> Result<(), Error> {
        if self.rows.rows() > 0 {
            self.cut()?;
        }
        let start = self.partitions.last().map_or(0, |last| last.end);
        self.partitions.push(start..self.at);
        Ok(())
    }

    fn finish(self) -> Result<Spill, Error> {
        let Self { folder, out, partitions, .. } = self;
        let file = out.into_inner().map_err(|error| failed(folder, error.into_error()))?;
        Ok(Spill { file: Mutex::new(file), folder: folder.to_owned(), partitions })
    }
}

fn failed(folder: &Path, source: std::io::Error) -> Error {
    Error::Spill { path: folder.to_owned(), source }
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
        let failed = |source| failed(&self.spill.folder, source);
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
            let advanced = reader.advance();
            advanced.map_err(|error| failed(&self.spill.folder, std::io::Error::other(error)))?;
        }
        if self.row().is_none() { self.next_block() } else { Ok(()) }
    }
}
