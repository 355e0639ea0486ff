//! Sorted sequences of entries, block by block, from disk or from the store, and their merge. Owns the runs
//! that are spilled to disk, and what is said of a block that can't be read; the order of entries and what
//! becomes of them is their owner's.

use std::cmp::Ordering;
use std::collections::BinaryHeap;
use std::fs::File;
use std::io::{BufReader, BufWriter, ErrorKind, Read as _, Seek as _, Write as _};
use std::path::{Path, PathBuf};

use store::StoreError;
use store::document::{AttemptKey, read_block};
use trends::format::FormatError;
use trends::result::BlockRef;

use crate::{Context, Error};

/// A block of entries in order, read one after another.
pub(crate) trait SortedBlock: Sized {
    /// What it holds.
    type Entry;

    /// Opens a block.
    fn open(block: &[u8]) -> Result<Self, FormatError>;

    /// The next entry, `None` at the end.
    fn next(&mut self) -> Result<Option<Self::Entry>, FormatError>;

    /// Which of two entries comes first.
    fn order(a: &Self::Entry, b: &Self::Entry) -> Ordering;
}

/// Writes a sorted run: blocks, each behind its length, to a file without a name, which is gone when it is
/// dropped or the process killed.
#[derive(Debug)]
pub(crate) struct RunWriter {
    out: BufWriter<File>,
    folder: PathBuf,
}

impl RunWriter {
    /// A run in a folder.
    pub(crate) fn new(folder: &Path) -> Result<Self, Error> {
        let folder = folder.to_owned();
        match tempfile::tempfile_in(&folder) {
            Ok(file) => Ok(Self { out: BufWriter::new(file), folder }),
            Err(source) => Err(Error::Spill { path: folder, source }),
        }
    }

    /// Adds the next block, which is far below 4 GiB.
    pub(crate) fn push(&mut self, block: &[u8]) -> Result<(), Error> {
        let length = (block.len() as u32).to_le_bytes();
        let written = self.out.write_all(&length).and_then(|()| self.out.write_all(block));
        written.map_err(|source| Error::Spill { path: self.folder.clone(), source })
    }

    /// The run that was written.
    pub(crate) fn finish(self) -> Result<Run, Error> {
        let Self { out, folder } = self;
        let file = out.into_inner().map_err(std::io::IntoInnerError::into_error);
        let rewound = file.and_then(|mut file| file.rewind().map(|()| file));
        match rewound {
            Ok(file) => Ok(Run { file, folder }),
            Err(source) => Err(Error::Spill { path: folder, source }),
        }
    }
}

/// A sorted run on disk.
#[derive(Debug)]
pub(crate) struct Run {
    file: File,
    folder: PathBuf,
}

/// Where a block was read from.
enum Origin {
    Folder(PathBuf),
    Store(String),
}

impl Origin {
    /// That a block from there is not what was written.
    fn damaged(&self, error: &FormatError) -> Error {
        match self {
            Self::Folder(path) => {
                let source = std::io::Error::other(error.clone());
                Error::Spill { path: path.clone(), source }
            }
            Self::Store(key) => StoreError::undecodable(key.clone(), error).into(),
        }
    }
}

type Blocks<'a> = Box<dyn FnMut() -> Result<Option<(Vec<u8>, Origin)>, Error> + 'a>;

/// A sorted sequence that is read block by block.
pub(crate) struct Sorted<'a, B> {
    blocks: Blocks<'a>,
    block: Option<(B, Origin)>,
}

impl<'a, B: SortedBlock> Sorted<'a, B> {
    /// What was spilled.
    pub(crate) fn spilled(run: Run) -> Self {
        let Run { file, folder } = run;
        let mut reader = BufReader::new(file);
        let mut read = move || {
            let mut length = [0; 4];
            match reader.read_exact(&mut length) {
                Err(error) if error.kind() == ErrorKind::UnexpectedEof => return Ok(None),
                read => read?,
            }
            let mut block = vec![0; u32::from_le_bytes(length) as usize];
            reader.read_exact(&mut block)?;
            Ok(Some(block))
        };
        Self::of(move || match read() {
            Ok(block) => Ok(block.map(|block| (block, Origin::Folder(folder.clone())))),
            Err(source) => Err(Error::Spill { path: folder.clone(), source }),
        })
    }

    /// The blocks that an attempt stored.
    pub(crate) fn stored(
        context: &'a Context,
        home: AttemptKey,
        blocks: impl IntoIterator<Item = &'a BlockRef>,
    ) -> Self
    where
        B: 'a,
    {
        let blocks: Vec<&BlockRef> = blocks.into_iter().collect();
        let mut blocks = blocks.into_iter();
        Self::of(move || {
            let Some(block) = blocks.next() else { return Ok(None) };
            let bytes = context.wait(read_block(&*context.store, &home, block))?;
            Ok(Some((bytes.into(), Origin::Store(home.block(&block.name).to_string()))))
        })
    }

    fn of(blocks: impl FnMut() -> Result<Option<(Vec<u8>, Origin)>, Error> + 'a) -> Self {
        Self { blocks: Box::new(blocks), block: None }
    }

    fn next(&mut self) -> Result<Option<B::Entry>, Error> {
        loop {
            if let Some((block, origin)) = &mut self.block
                && let Some(entry) = block.next().map_err(|error| origin.damaged(&error))?
            {
                return Ok(Some(entry));
            }
            let Some((bytes, origin)) = (self.blocks)()? else { return Ok(None) };
            let block = B::open(&bytes).map_err(|error| origin.damaged(&error))?;
            self.block = Some((block, origin));
        }
    }
}

/// The entry a sequence stands on; the greatest of a heap comes first, and of equal ones that of the first
/// sequence.
struct Head<B: SortedBlock> {
    entry: B::Entry,
    from: usize,
}

impl<B: SortedBlock> Ord for Head<B> {
    fn cmp(&self, other: &Self) -> Ordering {
        B::order(&other.entry, &self.entry).then_with(|| other.from.cmp(&self.from))
    }
}

impl<B: SortedBlock> PartialOrd for Head<B> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<B: SortedBlock> PartialEq for Head<B> {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl<B: SortedBlock> Eq for Head<B> {}

/// Merges sorted sequences into one.
pub(crate) fn merge<B: SortedBlock>(
    mut sequences: Vec<Sorted<'_, B>>,
    mut emit: impl FnMut(B::Entry) -> Result<(), Error>,
) -> Result<(), Error> {
    let mut heads = BinaryHeap::<Head<B>>::with_capacity(sequences.len());
    for (from, sequence) in sequences.iter_mut().enumerate() {
        heads.extend(sequence.next()?.map(|entry| Head { entry, from }));
    }
    while let Some(Head { entry, from }) = heads.pop() {
        emit(entry)?;
        if let Some(sequence) = sequences.get_mut(from) {
            heads.extend(sequence.next()?.map(|entry| Head { entry, from }));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// One entry per byte.
    struct Bytes(std::vec::IntoIter<u8>);

    impl SortedBlock for Bytes {
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

    fn merged(folder: &Path, runs: &[Vec<Vec<u8>>]) -> Result<Vec<u8>, Error> {
        let written = runs.iter().map(|blocks| {
            let mut writer = RunWriter::new(folder)?;
            blocks.iter().try_for_each(|block| writer.push(block))?;
            Ok(Sorted::<Bytes>::spilled(writer.finish()?))
        });
        let mut all = Vec::new();
        merge(written.collect::<Result<_, Error>>()?, |entry| {
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
            // Empty blocks are none, wherever they stand.
            let blocks = |run: &Vec<u8>| {
                let blocks = run.chunks(size).flat_map(|block| [block.to_vec(), Vec::new()]);
                blocks.collect::<Vec<_>>()
            };
            let cut: Vec<Vec<Vec<u8>>> = runs.iter().map(blocks).collect();
            let mut whole = runs.concat();
            whole.sort_unstable();
            prop_assert_eq!(merged(folder.path(), &cut).unwrap(), whole);
        }
    }

    #[test]
    fn a_run_that_is_not_what_was_written_names_its_folder() {
        let folder = tempfile::tempdir().unwrap();
        for damaged in [vec![1, 255], vec![1, 254]] {
            let error = merged(folder.path(), &[vec![vec![0]], vec![damaged]]).unwrap_err();
            let Error::Spill { path, .. } = error else { panic!("{error}") };
            assert_eq!(path, folder.path());
        }
        let missing = folder.path().join("none");
        let error = merged(&missing, &[vec![vec![0]]]).unwrap_err();
        assert!(error.to_string().contains("none"), "{error}");
    }
}
