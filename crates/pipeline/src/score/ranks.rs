//! Ranking topics by scores: sections in order, each cut at its limit, within the memory budget. Owns the
//! limits; the order is that of sections and of `ScoredTopic::cmp_rank`.

use std::cmp::Ordering;
use std::collections::HashMap;
use std::path::PathBuf;

use trends::format::{FormatError, ScoredReader, ScoredTopic, ScoredWriter, SectionKey};
use trends::result::ScoredBlock;
use trends::{Bucket, Kind, Score};

use crate::blocks::{BlockSink, unencodable};
use crate::sorted::{Run, RunWriter, Sorted, SortedBlock, merge};
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
    runs: Vec<Run>,
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

    /// Writes what is in memory as a sorted run.
    fn spill(&mut self) -> Result<(), Error> {
        let mut run = RunWriter::new(&self.folder)?;
        self.cut();
        let mut writer = ScoredWriter::default();
        for (key, topic) in self.entries.drain(..) {
            writer.push(key, &topic);
            if writer.raw_len() >= BLOCK
                && let Some((_, block)) = writer.finish().map_err(unencodable)?
            {
                run.push(&block)?;
            }
        }
        if let Some((_, block)) = writer.finish().map_err(unencodable)? {
            run.push(&block)?;
        }
        self.runs.push(run.finish()?);
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
            let runs = self.runs.into_iter().map(Sorted::spilled).collect();
            merge_sections(runs, self.latest, |key, topic| blocks.add(key, &topic, sink))?;
        }
        blocks.finish(sink)
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

impl SortedBlock for ScoredReader {
    type Entry = Entry;

    fn open(block: &[u8]) -> Result<Self, FormatError> {
        Self::open(block)
    }

    fn next(&mut self) -> Result<Option<Entry>, FormatError> {
        self.topic()
    }

    fn order(a: &Entry, b: &Entry) -> Ordering {
        order(a, b)
    }
}

/// Merges sections of different topics into one sequence, each cut at its limit.
pub(crate) fn merge_sections(
    sequences: Vec<Sorted<'_, ScoredReader>>,
    latest: Option<i64>,
    mut emit: impl FnMut(SectionKey, ScoredTopic) -> Result<(), Error>,
) -> Result<(), Error> {
    let (mut section, mut place) = (None, 0);
    merge(sequences, |(key, topic)| {
        place = if section == Some(key) { place + 1 } else { 0 };
        section = Some(key);
        if place < limit(latest, key) { emit(key, topic) } else { Ok(()) }
    })
}
