//! The aggregate stage over partials of one or more shards, and the order of its rankings.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;

use store::BlockKey;
use store::document::AttemptKey;
use trends::format::{RankingReader, RowWriter};
use trends::{Bucket, Partitions};

use super::*;
use crate::block_writer::ReferencedBlocks;
use crate::etl::{EtlReport, Shard, etl};
use crate::parallel::lock;
use crate::testing::{Fixture, Watch, WatchedStore, counted, post};
use crate::{BlockSizes, Spec};

/// The term and count of each topic of a ranking, in order.
fn ranked(context: &Context, key: &AttemptKey, pages: &[RankingPage]) -> Vec<(String, u64)> {
    let mut all = Vec::new();
    for page in pages {
        let block = store::document::read_block(&*context.store, key, &page.block);
        let mut topics = RankingReader::open(&context.wait(block).unwrap()).unwrap();
        while let Some(topic) = topics.topic().unwrap() {
            all.push((String::from_utf8(topic.term.to_vec()).unwrap(), topic.count));
        }
    }
    all
}

#[test]
fn topics_rank_by_count_and_equal_counts_by_their_bytes_spilled_or_not() {
    let fixture = Fixture::new();
    fixture.file("in", post("love"));
    let plan = fixture.plan("run", &fixture.spec());
    let context = fixture.context("run", "attempt");
    // Many counts are equal, so that the bytes of the terms decide.
    let topic = |n: u64| (format!("t{:05}", n * 7919 % 20_000), n % 50 + 1);
    let topics: Vec<_> = (0..20_000_u64).map(topic).collect();
    let mut expected = topics.clone();
    expected.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    for (index, budget) in [(0_u32, 1 << 30), (1, 1)] {
        let attempt = Attempt::new(&context, &plan, Stage::Aggregate, index);
        let mut sink = BlockSink::new(&attempt);
        let mut ranks = RankCollector::new(budget, fixture.folder.path().to_owned());
        for (term, count) in &topics {
            let (kind, bucket, count) = (Kind::Hashtag, Bucket::WHOLE, *count);
            let term = term.as_bytes();
            ranks.add(&RowRef { kind, term, bucket, count, documents: 1, detail: &[] }).unwrap();
        }
        let pages = ranks.finish(&mut sink).unwrap();
        sink.finish().unwrap();
        let found = ranked(&context, &attempt.key, &pages[&Kind::Hashtag]);
        assert_eq!(found, expected, "budget {budget}");
    }
}

#[test]
fn shards_are_added_up_and_their_number_shows_only_in_the_markers() {
    let fixture = Fixture::new();
    let texts = ["love peace", "peace", "love love truth", "peace truth", "hope"];
    fixture.file("in", texts.map(post).concat());
    let merged = |run: &str, shards| {
        let plan = fixture.plan(run, &Spec { shards: Some(shards), ..fixture.spec() });
        let context = fixture.context(run, "attempt");
        let shards: Vec<_> =
            plan.shard_indexes().map(|shard| etl(&context, &plan, shard).unwrap()).collect();
        let shards = counted(&plan, shards);
        let marker = aggregate(&context, &plan, &shards, plan.partition(0).unwrap()).unwrap();
        let key = marker.attempt_key(&context.run, Stage::Aggregate, 0);
        let ranking = ranked(&context, &key, &marker.report.rankings[&Kind::Word]);
        (shards.len(), ranking, marker.report.slots)
    };
    let (shards, ranking, slots) = merged("one", 1);
    assert_eq!(shards, 1);
    let counts = [("love", 3), ("peace", 3), ("truth", 2), ("hope", 1)];
    assert_eq!(ranking, counts.map(|(term, count)| (term.to_owned(), count)));
    assert_eq!(merged("three", 3), (3, ranking, slots));
}

#[test]
fn a_merged_partition_no_longer_needs_its_partials() {
    let fixture = Fixture::new();
    fixture.file("in", post("love"));
    let plan = fixture.plan("run", &fixture.spec());
    let (first, second) = (fixture.context("run", "first"), fixture.context("run", "second"));
    let shards = counted(&plan, vec![etl(&first, &plan, plan.shard(0).unwrap()).unwrap()]);
    let partition = plan.partition(0).unwrap();
    let done = aggregate(&first, &plan, &shards, partition).unwrap();
    first.wait(fixture.store.remove_blocks(&first.run, Stage::Etl)).unwrap();
    assert_eq!(aggregate(&second, &plan, &shards, partition).unwrap(), done);
    let error = merged(&second, &plan, &shards, partition).unwrap_err();
    assert!(matches!(error, Error::Store(StoreError::Missing { .. })), "{error}");
}

#[test]
fn a_partial_with_a_term_of_another_partition_is_damaged_and_named() {
    let fixture = Fixture::new();
    fixture.file("in", post("love"));
    let partitions = Partitions::new(2).unwrap();
    let plan = fixture.plan("run", &Spec { partitions, ..fixture.spec() });
    let context = fixture.context("run", "attempt");
    let own = partitions.of(trends::slot(Kind::Word, b"love"));
    let attempt = Attempt::new(&context, &plan, Stage::Etl, 0_u32);
    let mut sink = BlockSink::new(&attempt);
    let mut rows = ReferencedBlocks::new("partial", 6, RowWriter::default(), 100);
    let (kind, bucket) = (Kind::Word, Bucket::WHOLE);
    let row = RowRef { kind, term: b"love", bucket, count: 1, documents: 1, detail: &[] };
    rows.add(&row, &mut sink).unwrap();
    let blocks = rows.finish(&mut sink).unwrap();
    sink.finish().unwrap();
    // Both partitions refer to the same block; it belongs to one of them.
    let report = EtlReport { partials: vec![blocks.clone(), blocks], ..EtlReport::default() };
    let marker = attempt.mark(report).unwrap();
    let shards = counted(&plan, vec![Shard { index: plan.shard(0).unwrap(), marker }]);
    for partition in plan.partition_indexes().unwrap() {
        let result = aggregate(&context, &plan, &shards, partition);
        if partition.get() == own {
            result.unwrap();
            continue;
        }
        let error = result.unwrap_err();
        assert_eq!((error.reason(), error.is_permanent()), ("StoreDamaged", true));
        let partials = format!("the partials of run run for partition {partition} ");
        assert!(error.to_string().starts_with(&partials), "{error}");
        assert!(error.to_string().contains("\"love\""), "{error}");
    }
}

#[test]
fn missing_partitions_are_named() {
    let fixture = Fixture::new();
    fixture.file("in", post("love"));
    let plan =
        fixture.plan("run", &Spec { partitions: Partitions::new(3).unwrap(), ..fixture.spec() });
    let context = fixture.context("run", "attempt");
    etl(&context, &plan, plan.shard(0).unwrap()).unwrap();
    let partition = plan.partition(1).unwrap();
    let shards = crate::etl::all_finished(&context, &plan, &BTreeSet::new(), Some(partition));
    aggregate(&context, &plan, &shards.unwrap(), partition).unwrap();
    let error = all_finished(&context, &plan).unwrap_err();
    assert!(error.to_string().contains("marker of partitions 0, 2 yet"), "{error}");
}

/// Notes the shard of each block that is read.
#[derive(Debug, Default)]
struct Reads(Mutex<Vec<u32>>);

#[async_trait::async_trait]
impl Watch for Reads {
    async fn reading(&self, key: &BlockKey) {
        lock(&self.0).push(key.index);
    }
}

/// Merges 40 shards with this memory. Returns the digests of its slots, and the most shards that were read at
/// once: a shard is, from its first block to its last.
fn merged_at_once(fixture: &Fixture, run: &str, memory: usize) -> (Vec<String>, usize) {
    let plan = fixture.plan(run, &Spec { shards: Some(40), ..fixture.spec() });
    let mut context = fixture.limited(run, 1, 1 << 30);
    context.limits.blocks = BlockSizes { partials: 64, ..BlockSizes::default() };
    let shards: Vec<_> =
        plan.shard_indexes().map(|shard| etl(&context, &plan, shard).unwrap()).collect();
    assert_eq!(shards.len(), 40);
    let shards = counted(&plan, shards);
    context.limits.memory = memory;
    let (context, store) = WatchedStore::over(context, Reads::default());
    let marker = aggregate(&context, &plan, &shards, plan.partition(0).unwrap()).unwrap();
    let read = lock(&store.watch.0).clone();
    let mut left = BTreeMap::new();
    for shard in &read {
        *left.entry(*shard).or_insert(0) += 1;
    }
    assert!(left.values().all(|blocks| *blocks > 2), "{left:?}");
    let (mut open, mut most) = (BTreeSet::new(), 0);
    for shard in &read {
        open.insert(*shard);
        most = most.max(open.len());
        let left = left.get_mut(shard).unwrap();
        *left -= 1;
        if *left == 0 {
            open.remove(shard);
        }
    }
    (marker.report.slots, most)
}

#[test]
fn a_partition_of_many_shards_has_few_of_them_open_in_little_memory() {
    let fixture = Fixture::new();
    let letter = |n: u32| char::from(b'a' + (n % 26) as u8);
    let word = |n: u32| format!("word{}{}{}", letter(n / 26), letter(n), letter(n * 7));
    let posts = (0..4_000).map(|n| post(&word(n * 31 % 676)));
    fixture.file("in", posts.collect::<String>());
    let (slots, at_once) = merged_at_once(&fixture, "wide", 1 << 30);
    assert_eq!(at_once, 40);
    let (same, few) = merged_at_once(&fixture, "narrow", 1);
    assert_eq!(same, slots);
    assert!(few <= 16, "{few}");
}
