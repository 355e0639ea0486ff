//! Ranking topics by scores: sections in order, each cut at its limit, sorted externally within the
//! memory budget. Owns the limits; the order is that of sections and of `ScoredTopic::cmp_rank`.

use std::cmp::Ordering;
use std::collections::{BinaryHeap, HashMap};
use std::fs::File;
use std::io::{BufReader, BufWriter, Read, Seek, Write};
use std::path::PathBuf;

use store::StoreError;
use trends::format::{FormatError, ScoredReader, ScoredTopic, ScoredWriter, SectionKey};
use trends::result::ScoredBlock;
use trends::{Bucket, Kind, Score};

use crate::blocks::{BlockSink, unencodable};
use crate::{Context, Error};

/// Topics of a ranking in the last window.
const LATEST: usize = 10_000;
/// Topics of a ranking in any other window.
const EARLIER: usize = 1_000;

/// A smaller budget would make a file of every few topics.
const MIN_BUDGET: usize = 1 << 18;

/// Bytes of topics per block, before compression.
const BLOCK: usize = 128 << 10;

/// How many topics a section may have. Cutting the sections of each partition loses nothing: whoever
/// is among the first of all is among the first of his partition.
pub(crate) fn limit(latest: Option<i64>, (_, _, bucket): SectionKey) -> usize {
    let is_latest = bucket == Bucket::WHOLE || latest == Some(bucket.0);
    if is_latest { LATEST } else { EARLIER }
}

type Entry = (SectionKey, ScoredTopic);

fn order(a: &Entry, b: &Entry) -> Ordering {
    a.0.cmp(&b.0).then_with(|| a.1.cmp_rank(&b.1))
}

/// Collects the topics of a partition in any order.
pub(super) struct Ranks {
    entries: Vec<Entry>,
    bytes: usize,
    budget: usize,
    folder: PathBuf,
    runs: Vec<File>,
    latest: Option<i64>,
    /// The least value that still matters in each section that has been full.
    least: HashMap<SectionKey, f64>,
}

impl Ranks {
    /// `latest` is the last window.
    pub(super) fn new(context: &Context, latest: Option<i64>) -> Self {
        let budget = context.limits.memory.max(MIN_BUDGET);
        let folder = context.limits.spill.clone();
        let least = HashMap::new();
        Self { entries: Vec::new(), bytes: 0, budget, folder, runs: Vec::new(), latest, least }
    }

    /// Adds a topic of value `value`, which is only made if it may be within the limit.
    pub(super) fn add(
        &mut self,
        score: Score,
        kind: Kind,
        bucket: i64,
        value: f64,
        topic: impl FnOnce() -> ScoredTopic,
    ) -> Result<(), Error> {
        let key = (kind, score, Bucket(bucket));
        if self.least.get(&key).is_some_and(|least| value < *least) {
            return Ok(());
        }
        let topic = topic();
        self.bytes += size_of::<Entry>() + topic.term.len();
        self.bytes += topic.form.as_ref().map_or(0, String::len);
        self.entries.push((key, topic));
        if self.bytes > self.budget { self.make_room() } else { Ok(()) }
    }

    /// Drops what is beyond the limits; where that is too little, writes what is left.
    fn make_room(&mut self) -> Result<(), Error> {
        self.cut();
        if self.bytes > self.budget / 2 { self.spill() } else { Ok(()) }
    }

    /// Sorts what is in memory and drops what is beyond the limits.
    fn cut(&mut self) {
        self.entries.sort_unstable_by(order);
        let (mut section, mut place) = (None, 0);
        let (latest, least) = (self.latest, &mut self.least);
        let mut bytes = 0;
        self.entries.retain(|(key, topic)| {
            place = if section == Some(*key) { place + 1 } else { 0 };
            section = Some(*key);
            let limit = limit(latest, *key);
            if place + 1 == limit {
                least.insert(*key, topic.value);
            }
            let is_kept = place < limit;
            if is_kept {
                bytes += size_of::<Entry>() + topic.term.len();
                bytes += topic.form.as_ref().map_or(0, String::len);
            }
            is_kept
        });
        self.bytes = bytes;
    }

    /// Writes what is in memory as a sorted run of length-prefixed blocks.
    fn spill(&mut self) -> Result<(), Error> {
        let failed = |source| Error::Spill { path: self.folder.clone(), source };
        let file = tempfile::tempfile_in(&self.folder).map_err(failed)?;
        self.cut();
        let failed = |source| Error::Spill { path: self.folder.clone(), source };
        let mut out = BufWriter::new(file);
        let mut write = |block: Vec<u8>| {
            // A block is far below 4 GiB.
            let length = (block.len() as u32).to_le_bytes();
            out.write_all(&length).and_then(|()| out.write_all(&block)).map_err(failed)
        };
        let mut writer = ScoredWriter::default();
        for (key, topic) in self.entries.drain(..) {
            writer.push(key, &topic);
            if writer.raw_len() >= BLOCK
                && let Some((_, block)) = writer.finish().map_err(unencodable)?
            {
                write(block)?;
            }
        }
        if let Some((_, block)) = writer.finish().map_err(unencodable)? {
            write(block)?;
        }
        let mut file = out.into_inner().map_err(|error| failed(error.into_error()))?;
        file.rewind().map_err(failed)?;
        self.runs.push(file);
        self.bytes = 0;
        Ok(())
    }

    pub(super) fn finish(mut self, sink: &mut BlockSink<'_>) -> Result<Vec<ScoredBlock>, Error> {
        let mut blocks = SectionBlocks::default();
        if self.runs.is_empty() {
            self.cut();
            for (key, topic) in &self.entries {
                blocks.add(*key, topic, sink)?;
            }
        } else {
            self.spill()?;
            let folder = &self.folder;
            let runs = std::mem::take(&mut self.runs).into_iter();
            let runs = runs.map(|file| Sections::new(spilled(file, folder.clone())));
            merge_sections(runs.collect(), self.latest, |key, topic| blocks.add(key, topic, sink))?;
        }
        blocks.finish(sink)
    }
}

/// The blocks of a spilled run.
fn spilled(file: File, folder: PathBuf) -> impl FnMut() -> Result<Option<ScoredReader>, Error> {
    let mut reader = BufReader::new(file);
    move || {
        let failed = |source| Error::Spill { path: folder.clone(), source };
        let mut length = [0; 4];
        match reader.read_exact(&mut length) {
            Err(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => return Ok(None),
            read => read.map_err(failed)?,
        }
        let mut block = vec![0; u32::from_le_bytes(length) as usize];
        reader.read_exact(&mut block).map_err(failed)?;
        let opened = ScoredReader::open(&block);
        opened.map(Some).map_err(|error| failed(std::io::Error::other(error)))
    }
}

/// Cuts sections, given in order, into stored blocks.
#[derive(Debug, Default)]
pub(crate) struct SectionBlocks {
    writer: ScoredWriter,
    blocks: Vec<ScoredBlock>,
}

impl SectionBlocks {
    pub(crate) fn add(
        &mut self,
        key: SectionKey,
        topic: &ScoredTopic,
        sink: &mut BlockSink<'_>,
    ) -> Result<(), Error> {
        self.writer.push(key, topic);
        if self.writer.raw_len() >= BLOCK { self.cut(sink) } else { Ok(()) }
    }

    fn cut(&mut self, sink: &mut BlockSink<'_>) -> Result<(), Error> {
        if let Some(((kind, score, Bucket(bucket)), block)) =
            self.writer.finish().map_err(unencodable)?
        {
            let block = sink.put(format!("scored-{:06}", self.blocks.len()), block)?;
            self.blocks.push(ScoredBlock { kind, score, bucket, block });
        }
        Ok(())
    }

    pub(crate) fn finish(mut self, sink: &mut BlockSink<'_>) -> Result<Vec<ScoredBlock>, Error> {
        self.cut(sink)?;
        Ok(self.blocks)
    }
}

/// Sorted sections that are read block by block.
pub(crate) struct Sections<'a> {
    next_block: Box<dyn FnMut() -> Result<Option<ScoredReader>, Error> + 'a>,
    block: Option<ScoredReader>,
}

impl<'a> Sections<'a> {
    pub(crate) fn new(
        next_block: impl FnMut() -> Result<Option<ScoredReader>, Error> + 'a,
    ) -> Self {
        Self { next_block: Box::new(next_block), block: None }
    }

    fn next(&mut self, from: usize) -> Result<Option<Head>, Error> {
        loop {
            if let Some(block) = &mut self.block
                && let Some(entry) = block.topic().map_err(|error| inconsistent(&error))?
            {
                return Ok(Some(Head { entry, from }));
            }
            let Some(block) = (self.next_block)()? else { return Ok(None) };
            self.block = Some(block);
        }
    }
}

/// A block whose checksum fits and whose content does not.
fn inconsistent(error: &FormatError) -> StoreError {
    StoreError::undecodable("a block of a partition's scores".to_owned(), error)
}

/// The topic a cursor stands on; the greatest of a heap comes first.
struct Head {
    entry: Entry,
    from: usize,
}

impl Ord for Head {
    fn cmp(&self, other: &Self) -> Ordering {
        order(&other.entry, &self.entry).then_with(|| other.from.cmp(&self.from))
    }
}

impl PartialOrd for Head {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Head {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Head {}

/// Merges sections of different topics into one sequence, each cut at its limit.
pub(crate) fn merge_sections(
    mut cursors: Vec<Sections<'_>>,
    latest: Option<i64>,
    mut emit: impl FnMut(SectionKey, &ScoredTopic) -> Result<(), Error>,
) -> Result<(), Error> {
    let mut heap = BinaryHeap::new();
    for (from, cursor) in cursors.iter_mut().enumerate() {
        heap.extend(cursor.next(from)?);
    }
    let (mut section, mut place) = (None, 0);
    while let Some(Head { entry: (key, topic), from }) = heap.pop() {
        place = if section == Some(key) { place + 1 } else { 0 };
        section = Some(key);
        if place < limit(latest, key) {
            emit(key, &topic)?;
        }
        if let Some(cursor) = cursors.get_mut(from) {
            heap.extend(cursor.next(from)?);
        }
    }
    Ok(())
}
