//! Reads sorted runs block by block, from disk or from the store, and merges them. Owns the error
//! of a block that can't be decoded; the type of the blocks defines the order of their entries.

use std::cmp::Ordering;

use bytes::Bytes;
use store::StoreError;
use store::document::{AttemptKey, read_block};
use trends::RowRef;
use trends::format::{FormatError, RowReader};
use trends::merge::{Cursor, Heap, Sequence};
use trends::result::{BlockRef, TermBlock};

use crate::spill::SpilledBlocks;
use crate::{Context, Error};

/// The blocks of a sorted run, read one after another.
pub(crate) enum Blocks<'a> {
    /// Blocks of an attempt.
    Stored(StoredBlocks<'a>),
    /// Blocks on disk.
    Spilled(SpilledBlocks),
}

/// Some blocks of an attempt.
pub(crate) struct StoredBlocks<'a> {
    context: &'a Context,
    attempt: AttemptKey,
    unread: std::vec::IntoIter<&'a BlockRef>,
    /// The block that was read last.
    last: Option<&'a BlockRef>,
}

impl<'a> Blocks<'a> {
    /// Blocks of an attempt, in their order.
    pub(crate) fn stored(
        context: &'a Context,
        attempt: AttemptKey,
        blocks: impl IntoIterator<Item = &'a BlockRef>,
    ) -> Self {
        let unread = blocks.into_iter().collect::<Vec<_>>().into_iter();
        Self::Stored(StoredBlocks { context, attempt, unread, last: None })
    }

    fn read(&mut self) -> Result<Option<Bytes>, Error> {
        match self {
            Self::Spilled(blocks) => Ok(blocks.read()?.map(Bytes::from)),
            Self::Stored(StoredBlocks { context, attempt, unread, last }) => {
                *last = unread.next();
                let Some(block) = last else { return Ok(None) };
                Ok(Some(context.wait(read_block(&*context.store, attempt, block))?))
            }
        }
    }

    /// The error of the block that was read last, which can't be decoded.
    fn undecodable(&self, error: &FormatError) -> Error {
        match self {
            Self::Spilled(blocks) => blocks.failed(std::io::Error::other(error.clone())),
            Self::Stored(StoredBlocks { attempt, last, .. }) => {
                let name = last.map_or("", |block| &block.name);
                StoreError::undecodable(attempt.block(name).to_string(), error).into()
            }
        }
    }
}

/// A sorted run with one of its blocks decoded.
struct OpenRun<'a, B> {
    blocks: Blocks<'a>,
    block: Option<B>,
    /// Decodes a block.
    open: fn(&[u8]) -> Result<B, FormatError>,
}

impl<B> OpenRun<'_, B> {
    /// Decodes the next block; `None` after the last.
    fn next_block(&mut self) -> Result<Option<&mut B>, Error> {
        self.block = None;
        let Some(bytes) = self.blocks.read()? else { return Ok(None) };
        let block = (self.open)(&bytes).map_err(|error| self.blocks.undecodable(&error))?;
        Ok(Some(self.block.insert(block)))
    }
}

/// A cursor over the rows of a sorted run.
pub(crate) struct RowCursor<'a>(OpenRun<'a, RowReader>);

impl<'a> RowCursor<'a> {
    /// A cursor whose current row is the first.
    pub(crate) fn new(blocks: Blocks<'a>) -> Result<Self, Error> {
        let mut cursor = Self(OpenRun { blocks, block: None, open: RowReader::open });
        cursor.0.next_block()?;
        Ok(cursor)
    }

    /// A cursor over blocks of terms of an attempt.
    pub(crate) fn of_terms(
        context: &'a Context,
        attempt: AttemptKey,
        terms: &'a [TermBlock],
    ) -> Result<Self, Error> {
        Self::new(Blocks::stored(context, attempt, terms.iter().map(|term| &term.block)))
    }

    /// The error of the current row, whose content can't be decoded.
    pub(crate) fn undecodable(&self, error: &FormatError) -> Error {
        self.0.blocks.undecodable(error)
    }
}

impl Cursor for RowCursor<'_> {
    type Error = Error;

    fn row(&self) -> Option<RowRef<'_>> {
        self.0.block.as_ref().and_then(Cursor::row)
    }

    fn advance(&mut self) -> Result<(), Error> {
        let OpenRun { blocks, block, .. } = &mut self.0;
        if let Some(rows) = block {
            rows.advance().map_err(|error| blocks.undecodable(&error))?;
        }
        if self.row().is_none() { self.0.next_block().map(drop) } else { Ok(()) }
    }
}

/// A decoded block whose entries are taken out one after another.
pub(crate) trait EntryBlock: Sized {
    /// An entry.
    type Entry;

    /// Decodes a block.
    fn open(block: &[u8]) -> Result<Self, FormatError>;

    /// The next entry, `None` at the end.
    fn next(&mut self) -> Result<Option<Self::Entry>, FormatError>;

    /// The order of two entries. No two entries of the runs that are merged are equal.
    fn order(a: &Self::Entry, b: &Self::Entry) -> Ordering;
}

/// A sorted run of entries with a current entry.
struct EntryCursor<'a, B: EntryBlock> {
    run: OpenRun<'a, B>,
    entry: Option<B::Entry>,
}

impl<'a, B: EntryBlock> EntryCursor<'a, B> {
    fn new(blocks: Blocks<'a>) -> Result<Self, Error> {
        let run = OpenRun { blocks, block: None, open: B::open };
        let mut cursor = Self { run, entry: None };
        cursor.next()?;
        Ok(cursor)
    }

    /// Goes to the next entry and returns the one before.
    fn next(&mut self) -> Result<Option<B::Entry>, Error> {
        let next = loop {
            let OpenRun { blocks, block, .. } = &mut self.run;
            if let Some(block) = block
                && let Some(entry) = block.next().map_err(|error| blocks.undecodable(&error))?
            {
                break Some(entry);
            }
            if self.run.next_block()?.is_none() {
                break None;
            }
        };
        Ok(std::mem::replace(&mut self.entry, next))
    }
}

impl<B: EntryBlock> Sequence for EntryCursor<'_, B> {
    fn is_done(&self) -> bool {
        self.entry.is_none()
    }

    fn cmp_entry(&self, other: &Self) -> Ordering {
        let entries = self.entry.as_ref().zip(other.entry.as_ref());
        entries.map_or(Ordering::Equal, |(a, b)| B::order(a, b))
    }
}

/// Merges sorted runs into one.
pub(crate) fn merge<B: EntryBlock>(
    runs: Vec<Blocks<'_>>,
    mut emit: impl FnMut(B::Entry) -> Result<(), Error>,
) -> Result<(), Error> {
    let runs: Result<Vec<_>, Error> = runs.into_iter().map(EntryCursor::<B>::new).collect();
    let mut heap = Heap::new(runs?);
    while let Some(entry) = heap.step(EntryCursor::next)?.flatten() {
        emit(entry)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use proptest::prelude::*;

    use super::*;
    use crate::block_writer::{Block, BlockWriter};
    use crate::spill::{Spill, SpillWriter};

    /// A block of bytes, each an entry.
    struct Bytes(std::vec::IntoIter<u8>);

    impl EntryBlock for Bytes {
        type Entry = u8;

        fn open(block: &[u8]) -> Result<Self, FormatError> {
            if block.contains(&255) {
                return Err(FormatError::NotABlock);
            }
            Ok(Self(Vec::from(block).into_iter()))
        }

        fn next(&mut self) -> Result<Option<u8>, FormatError> {
            match self.0.next() {
                Some(254) => Err(FormatError::Content(7)),
                next => Ok(next),
            }
        }

        fn order(a: &u8, b: &u8) -> Ordering {
            a.cmp(b)
        }
    }

    impl BlockWriter for Vec<u8> {
        type Entry<'a> = u8;
        type Head = ();
        type Reference = BlockRef;

        fn push(&mut self, entry: u8) {
            self.push(entry);
        }

        fn raw_len(&self) -> usize {
            self.len()
        }

        fn finish(&mut self) -> Result<Option<Block<()>>, FormatError> {
            Ok(Some(std::mem::take(self)).filter(|raw| !raw.is_empty()).map(|raw| ((), raw)))
        }

        fn reference((): (), block: BlockRef) -> BlockRef {
            block
        }
    }

    /// A file of sorted runs, in blocks of `size` entries.
    fn spill(folder: &Path, runs: &[Vec<u8>], size: usize) -> Result<Spill, Error> {
        let mut writer = SpillWriter::new(folder, Vec::new(), size)?;
        for run in runs {
            run.iter().try_for_each(|entry| writer.add(*entry))?;
            writer.end_run()?;
        }
        writer.finish()
    }

    fn merged(spill: &Spill) -> Result<Vec<u8>, Error> {
        let mut all = Vec::new();
        let runs = (0..spill.runs()).map(|run| Blocks::Spilled(spill.run(run)));
        merge::<Bytes>(runs.collect(), |entry| {
            all.push(entry);
            Ok(())
        })?;
        Ok(all)
    }

    proptest! {
        #[test]
        fn runs_of_any_blocks_are_merged_into_their_sorted_whole(
            mut runs: Vec<Vec<u8>>,
            size in 1_usize..5,
        ) {
            let folder = tempfile::tempdir().unwrap();
            for run in &mut runs {
                run.retain(|entry| *entry < 254);
                run.sort_unstable();
            }
            let mut whole = runs.concat();
            whole.sort_unstable();
            let spill = spill(folder.path(), &runs, size).unwrap();
            prop_assert_eq!(merged(&spill).unwrap(), whole);
        }
    }

    #[test]
    fn the_sorted_runs_of_one_file_are_read_separately() {
        let folder = tempfile::tempdir().unwrap();
        let spill = spill(folder.path(), &[vec![1, 3], vec![], vec![2, 4, 5]], 2).unwrap();
        let read = |run| {
            let mut all = Vec::new();
            let mut blocks = spill.run(run);
            while let Some(block) = blocks.read().unwrap() {
                all.push(block);
            }
            all
        };
        assert_eq!(read(0), [[1, 3]]);
        assert_eq!(read(1), Vec::<Vec<u8>>::new());
        assert_eq!(read(2), [vec![2, 4], vec![5]]);
        assert_eq!(read(3), Vec::<Vec<u8>>::new(), "there is no fourth run");
    }

    #[test]
    fn a_damaged_spill_names_its_folder() {
        let folder = tempfile::tempdir().unwrap();
        for damaged in [vec![1, 255], vec![1, 254]] {
            let error = merged(&spill(folder.path(), &[vec![0], damaged], 2).unwrap()).unwrap_err();
            let Error::Spill { path, .. } = error else { panic!("{error}") };
            assert_eq!(path, folder.path());
        }
        let missing = folder.path().join("none");
        let error = spill(&missing, &[vec![0]], 2).unwrap_err();
        assert!(error.to_string().contains("none"), "{error}");
    }
}
