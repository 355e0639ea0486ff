//! Ranking topics by scores: sections in order, each cut at its limit, within the memory budget.
//! Owns the limits; the order is that of section keys and of `ScoredTopic::cmp_rank`.

use std::cmp::Ordering;
use std::collections::HashMap;
use std::path::PathBuf;

use trends::Bucket;
use trends::format::{FormatError, ScoredReader, ScoredTopic, ScoredWriter, SectionKey};
use trends::result::{BlockRef, ScoredBlock};

use crate::block_writer::{Block, BlockWriter, IndexedBlocks};
use crate::blocks::BlockSink;
use crate::sorted::{Blocks, EntryBlock, SortedBlock, merge};
use crate::spill::{Spill, SpillWriter};
use crate::{Context, Error};

/// The largest number of topics of a ranking in the last window.
const LATEST: usize = 10_000;
/// The largest number of topics of a ranking in any other window.
const EARLIER: usize = 1_000;

/// The smallest budget in bytes: a smaller one would spill a file for every few topics.
const MIN_BUDGET: usize = 1 << 18;

/// Bytes of topics per block, before compression.
const BLOCK: usize = 128 << 10;

/// The largest number of topics of a section. Cutting the sections of each partition loses nothing:
/// a topic among the first of all partitions is among the first of its own.
fn limit(latest: Option<i64>, (_, _, bucket): SectionKey) -> usize {
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
    spills: Vec<Spill>,
    latest: Option<i64>,
    /// The least value within the limit, for each section that has been full.
    least: HashMap<SectionKey, f64>,
}

impl Ranks {
    /// `latest` is the last window.
    pub(super) fn new(context: &Context, latest: Option<i64>) -> Self {
        let budget = context.limits.memory.max(MIN_BUDGET);
        let folder = context.limits.spill.clone();
        let least = HashMap::new();
        Self { entries: Vec::new(), bytes: 0, budget, folder, spills: Vec::new(), latest, least }
    }

    /// Adds a topic of value `value` to a section; it is only made if it may be within the limit.
    pub(super) fn add(
        &mut self,
        key: SectionKey,
        value: f64,
        topic: impl FnOnce() -> ScoredTopic,
    ) -> Result<(), Error> {
        if self.least.get(&key).is_some_and(|least| value < *least) {
            return Ok(());
        }
        let topic = topic();
        self.bytes += size_of::<Entry>() + topic.term.len();
        self.bytes += topic.form.as_ref().map_or(0, String::len);
        self.entries.push((key, topic));
        if self.bytes > self.budget { self.make_room() } else { Ok(()) }
    }

    /// Drops the topics beyond the limits; if that frees less than half of the budget, spills the
    /// others.
    fn make_room(&mut self) -> Result<(), Error> {
        self.cut();
        if self.bytes > self.budget / 2 { self.spill() } else { Ok(()) }
    }

    /// Sorts the topics in memory and drops those beyond the limits.
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

    /// Moves the topics in memory to a sorted run on disk.
    fn spill(&mut self) -> Result<(), Error> {
        self.cut();
        let mut run = SpillWriter::new(&self.folder, ScoredWriter::default(), BLOCK)?;
        self.entries.drain(..).try_for_each(|(key, topic)| run.add((key, &topic)))?;
        run.end_run()?;
        self.spills.push(run.finish()?);
        self.bytes = 0;
        Ok(())
    }

    pub(super) fn finish(mut self, sink: &mut BlockSink<'_>) -> Result<Vec<ScoredBlock>, Error> {
        let mut blocks = SectionBlocks::of_sections();
        if self.spills.is_empty() {
            self.cut();
            self.entries.iter().try_for_each(|(key, topic)| blocks.add((*key, topic), sink))?;
        } else {
            self.spill()?;
            let runs = self.spills.iter().map(|spill| Blocks::Spilled(spill.run(0)));
            merge_sections(runs.collect(), self.latest, |key, topic| {
                blocks.add((key, &topic), sink)
            })?;
        }
        blocks.finish(sink)
    }
}

/// Sections, given in order, cut into stored blocks.
pub(crate) type SectionBlocks = IndexedBlocks<ScoredWriter>;

impl SectionBlocks {
    /// The blocks of all sections of an attempt.
    pub(crate) fn of_sections() -> Self {
        Self::new("scored", ScoredWriter::default(), BLOCK)
    }
}

impl BlockWriter for ScoredWriter {
    type Entry<'a> = (SectionKey, &'a ScoredTopic);
    type Head = SectionKey;
    type Indexed = ScoredBlock;

    fn push(&mut self, (key, topic): (SectionKey, &ScoredTopic)) {
        self.push(key, topic);
    }

    fn raw_len(&self) -> usize {
        self.raw_len()
    }

    fn finish(&mut self) -> Result<Option<Block<SectionKey>>, FormatError> {
        self.finish()
    }

    fn index((kind, score, Bucket(bucket)): SectionKey, block: BlockRef) -> ScoredBlock {
        ScoredBlock { kind, score, bucket, block }
    }
}

impl SortedBlock for ScoredReader {
    fn open(block: &[u8]) -> Result<Self, FormatError> {
        Self::open(block)
    }
}

impl EntryBlock for ScoredReader {
    type Entry = Entry;

    fn next(&mut self) -> Result<Option<Entry>, FormatError> {
        self.topic()
    }

    fn order(a: &Entry, b: &Entry) -> Ordering {
        order(a, b)
    }
}

/// Merges the sections of several sorted runs, whose topics are different, and cuts each at its
/// limit.
pub(crate) fn merge_sections(
    runs: Vec<Blocks<'_>>,
    latest: Option<i64>,
    mut emit: impl FnMut(SectionKey, ScoredTopic) -> Result<(), Error>,
) -> Result<(), Error> {
    let (mut section, mut place) = (None, 0);
    merge::<ScoredReader>(runs, |(key, topic)| {
        place = if section == Some(key) { place + 1 } else { 0 };
        section = Some(key);
        if place < limit(latest, key) { emit(key, topic) } else { Ok(()) }
    })
}
