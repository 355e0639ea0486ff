//! Ranking topics by scores: sections in order, each cut at its limit, within the memory budget.
//! Owns the limits; the order is that of section keys and of `ScoredTopic::cmp_rank`.

use std::cmp::Ordering;
use std::collections::HashMap;
use std::path::PathBuf;

use trends::Bucket;
use trends::format::{FormatError, ScoredReader, ScoredTopic, ScoredWriter, SectionKey};
use trends::result::{BlockRef, ScoredBlock};

use crate::block_writer::{Block, BlockWriter, ReferencedBlocks};
use crate::blocks::BlockSink;
use crate::sorted::{Blocks, EntryBlock, merge};
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

/// Returns the largest number of topics of a section. Cutting the sections of each partition loses
/// nothing: a topic among the first of all partitions is among the first of its own.
fn limit(latest: Option<i64>, (_, _, bucket): SectionKey) -> usize {
    let is_latest = bucket == Bucket::WHOLE || latest == Some(bucket.0);
    if is_latest { LATEST } else { EARLIER }
}

type Entry = (SectionKey, ScoredTopic);

fn order(a: &Entry, b: &Entry) -> Ordering {
    a.0.cmp(&b.0).then_with(|| a.1.cmp_rank(&b.1))
}

/// Returns the bytes of memory for an entry.
fn size((_, topic): &Entry) -> usize {
    size_of::<Entry>() + topic.term.len() + topic.form.as_ref().map_or(0, String::len)
}

/// Collects the topics of a partition in any order.
pub(super) struct Ranks {
    entries: Vec<Entry>,
    bytes: usize,
    budget: usize,
    folder: PathBuf,
    spills: Vec<Spill>,
    latest: Option<i64>,
    /// The lowest value within the limit, for each section that has reached its limit.
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

    /// Adds a topic to a section. `topic` is called only if `value` may be within the limit.
    pub(super) fn add(
        &mut self,
        key: SectionKey,
        value: f64,
        topic: impl FnOnce() -> ScoredTopic,
    ) -> Result<(), Error> {
        if self.least.get(&key).is_some_and(|least| value < *least) {
            return Ok(());
        }
        let entry = (key, topic());
        self.bytes += size(&entry);
        self.entries.push(entry);
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
        self.entries.retain(|(key, topic)| {
            place = if section == Some(*key) { place + 1 } else { 0 };
            section = Some(*key);
            let limit = limit(latest, *key);
            if place + 1 == limit {
                least.insert(*key, topic.value);
            }
            place < limit
        });
        self.bytes = self.entries.iter().map(size).sum();
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

/// The writer of sections, which come in order, into stored blocks.
pub(crate) type SectionBlocks = ReferencedBlocks<ScoredWriter>;

impl SectionBlocks {
    /// Creates a writer for all sections of an attempt.
    pub(crate) fn of_sections() -> Self {
        Self::new("scored", 6, ScoredWriter::default(), BLOCK)
    }
}

impl BlockWriter for ScoredWriter {
    type Entry<'a> = (SectionKey, &'a ScoredTopic);
    type Head = SectionKey;
    type Reference = ScoredBlock;

    fn push(&mut self, (key, topic): (SectionKey, &ScoredTopic)) {
        self.push(key, topic);
    }

    fn raw_len(&self) -> usize {
        self.raw_len()
    }

    fn finish(&mut self) -> Result<Option<Block<SectionKey>>, FormatError> {
        self.finish()
    }

    fn reference((kind, score, Bucket(bucket)): SectionKey, block: BlockRef) -> ScoredBlock {
        ScoredBlock { kind, score, bucket, block }
    }
}

impl EntryBlock for ScoredReader {
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

/// Merges the sections of several sorted runs, which share no topic, and cuts each section at its
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

#[cfg(test)]
mod tests {
    use store::Stage;
    use trends::{Kind, Score};

    use super::*;
    use crate::attempt::Attempt;
    use crate::plan::Plan;
    use crate::testing::{Fixture, post};

    const LAST: i64 = 9;

    fn planned() -> (Fixture, Plan) {
        let fixture = Fixture::new();
        fixture.file("in", post("love"));
        let plan = fixture.plan("run", &fixture.spec());
        (fixture, plan)
    }

    /// Ranks topics, given as (window, term, value), and returns the stored ones in order.
    fn ranked(
        context: &Context,
        plan: &Plan,
        index: u32,
        topics: &[(i64, String, f64)],
    ) -> Vec<(i64, String, f64)> {
        let attempt = Attempt::new(context, plan, Stage::Score, index);
        let mut sink = BlockSink::new(&attempt);
        let mut ranks = Ranks::new(context, Some(LAST));
        for (window, term, value) in topics {
            let topic =
                || ScoredTopic { term: term.clone(), value: *value, ..ScoredTopic::default() };
            ranks.add((Kind::Word, Score::Burst, Bucket(*window)), *value, topic).unwrap();
        }
        let blocks = ranks.finish(&mut sink).unwrap();
        sink.finish().unwrap();
        let stored = blocks.iter().map(|scored| &scored.block);
        let mut all = Vec::new();
        let run = Blocks::stored(context, attempt.key.clone(), stored);
        merge::<ScoredReader>(vec![run], |((_, _, window), topic)| {
            all.push((window.0, topic.term, topic.value));
            Ok(())
        })
        .unwrap();
        all
    }

    #[test]
    fn sections_are_cut_at_their_limits_and_equal_values_rank_by_their_bytes_spilled_or_not() {
        let (fixture, plan) = planned();
        // 12,000 topics in each of two windows, in no order, with ten of each value.
        let topic = |window: i64, n: u32| {
            let place = n * 7919 % 12_000;
            (window, format!("t{place:05}"), f64::from(place / 10 + 1))
        };
        let topics: Vec<_> = (0..12_000).flat_map(|n| [topic(LAST, n), topic(3, n)]).collect();
        let mut expected = topics.clone();
        expected
            .sort_by(|a, b| a.0.cmp(&b.0).then(b.2.total_cmp(&a.2)).then_with(|| a.1.cmp(&b.1)));
        let of = |window, limit| {
            let section = expected.iter().filter(move |topic| topic.0 == window);
            section.take(limit).cloned().collect::<Vec<_>>()
        };
        let expected = [of(3, 1_000), of(LAST, 10_000)].concat();
        for (index, memory) in [(0, 1 << 30), (1, 1)] {
            let context = fixture.limited("run", 1, memory);
            assert_eq!(ranked(&context, &plan, index, &topics), expected, "memory {memory}");
        }
    }

    #[test]
    fn a_merge_of_partitions_keeps_the_first_topics_of_all() {
        let (fixture, plan) = planned();
        let context = fixture.context("run", "attempt");
        let topics: Vec<_> = (0..1_500_u32)
            .map(|n| (3, format!("t{n:04}"), f64::from(n * 31 % 1_500 + 1)))
            .collect();
        let whole = ranked(&context, &plan, 0, &topics);
        assert_eq!(whole.len(), 1_000);
        let (even, odd): (Vec<_>, Vec<_>) =
            topics.iter().cloned().partition(|topic| topic.1.ends_with(['0', '2', '4', '6', '8']));
        let mut runs = Vec::new();
        let attempts: Vec<_> =
            (1..3_u32).map(|index| Attempt::new(&context, &plan, Stage::Score, index)).collect();
        let mut stored = Vec::new();
        for (attempt, topics) in attempts.iter().zip([even, odd]) {
            let mut sink = BlockSink::new(attempt);
            let mut ranks = Ranks::new(&context, Some(LAST));
            for (window, term, value) in topics {
                let topic = || ScoredTopic { term, value, ..ScoredTopic::default() };
                ranks.add((Kind::Word, Score::Burst, Bucket(window)), value, topic).unwrap();
            }
            stored.push(ranks.finish(&mut sink).unwrap());
            sink.finish().unwrap();
        }
        for (attempt, blocks) in attempts.iter().zip(&stored) {
            let blocks = blocks.iter().map(|scored| &scored.block);
            runs.push(Blocks::stored(&context, attempt.key.clone(), blocks));
        }
        let mut merged = Vec::new();
        merge_sections(runs, Some(LAST), |(_, _, window), topic| {
            merged.push((window.0, topic.term, topic.value));
            Ok(())
        })
        .unwrap();
        assert_eq!(merged, whole);
    }
}
