//! The score stage over whole partitions: its result depends neither on their number nor on the
//! memory, and contradicting blocks are found.

use std::collections::BTreeSet;

use trends::facts::TermFacts;
use trends::format::RowReader;
use trends::merge::Cursor as _;
use trends::{Partitions, Profile, RowRef};

use super::*;
use crate::aggregate::aggregate;
use crate::block_writer::TermBlocks;
use crate::etl::etl;
use crate::testing::{Fixture, counted};
use crate::{Analysis, Spec};

/// A post of an hour.
fn at(hour: u32, text: &str) -> String {
    let time = format!("2026-01-0{}T{:02}:30:00Z", 1 + hour / 24, hour % 24);
    format!("{{\"text\":\"{text}\",\"created_at\":\"{time}\"}}\n")
}

/// Two days of posts: `new york` stands together, `rare pair` too seldom, and each hour has a word
/// of its own.
fn posts() -> String {
    let mut text = String::new();
    for hour in 0..48 {
        for n in 0..(3 + hour % 5) {
            let word = ["alpha", "beta", "gamma", "delta", "omega"][(n % 5) as usize];
            text += &at(hour, &format!("new york {word} loose"));
            text += &at(hour, &format!("loose {word} {}", city(hour)));
        }
        if hour < 3 {
            text += &at(hour, "rare pair");
        }
    }
    text
}

fn city(hour: u32) -> String {
    let letter = |n: u32| char::from(b'a' + n as u8);
    format!("city{}{}", letter(hour / 24), letter(hour % 24))
}

fn spec(fixture: &Fixture, partitions: u32) -> Spec {
    let analysis = Analysis {
        profile: Profile::Social,
        kinds: vec![Kind::Word, Kind::Phrase],
        window: Some(3_600),
        scores: vec![Score::Burst, Score::Count],
        ..Analysis::default()
    };
    Spec { partitions: Partitions::new(partitions).unwrap(), analysis, ..fixture.spec() }
}

/// The shards and merged partitions of a run.
fn merged(context: &Context, plan: &Plan) -> (CountedShards, Vec<Marker<AggregateReport>>) {
    let shards: Vec<_> =
        plan.shard_indexes().map(|shard| etl(context, plan, shard).unwrap()).collect();
    let shards = counted(plan, shards);
    let indexes = plan.partition_indexes().unwrap();
    let partitions =
        indexes.map(|index| aggregate(context, plan, &shards, index).unwrap()).collect();
    (shards, partitions)
}

/// The rows of some blocks.
fn rows(
    context: &Context,
    key: &store::document::AttemptKey,
    blocks: &[trends::result::TermBlock],
) -> Vec<(String, u64, TermFacts)> {
    let mut all = Vec::new();
    for block in blocks {
        let block = store::document::read_block(&*context.store, key, &block.block);
        let mut rows = RowReader::open(&context.wait(block).unwrap()).unwrap();
        while let Some(RowRef { term, count, documents, detail, .. }) = rows.row() {
            let term = String::from_utf8(term.to_vec()).unwrap();
            all.push((term, count, TermFacts::decode(detail, documents).unwrap()));
            rows.advance().unwrap();
        }
    }
    all
}

#[test]
fn phrases_and_scores_depend_on_neither_partitions_nor_memory() {
    let fixture = Fixture::new();
    fixture.file("in", posts());
    let scored = |run: &str, partitions, memory| {
        let plan = fixture.plan(run, &spec(&fixture, partitions));
        let context = fixture.limited(run, 2, memory);
        let (shards, partitions) = merged(&context, &plan);
        let basis = Basis::of(&context, &plan, &shards, &partitions).unwrap().unwrap();
        let markers = all(&context, &plan, &basis, &partitions).unwrap();
        let mut phrases = Vec::new();
        for (index, marker) in (0..).zip(&markers) {
            let key = marker.attempt_key(&context.run, Stage::Score, index);
            phrases.extend(rows(&context, &key, &marker.report.phrases.as_ref().unwrap().terms));
        }
        phrases.sort_by(|a, b| a.0.cmp(&b.0));
        let slots: Vec<_> = markers.into_iter().flat_map(|marker| marker.report.slots).collect();
        (phrases, slots)
    };
    let (phrases, slots) = scored("one", 1, 1 << 30);
    let terms: Vec<_> = phrases.iter().map(|phrase| phrase.0.as_str()).collect();
    assert!(!terms.contains(&"rare pair"), "three times is too seldom");
    let posts = posts().matches("new york").count() as u64;
    let (_, count, facts) = phrases.iter().find(|phrase| phrase.0 == "new york").unwrap();
    let margins = facts.margins.as_ref().unwrap();
    assert_eq!((*count, margins.left, margins.right), (posts, posts, posts));
    assert_eq!(slots.len(), 1_024);
    for (run, partitions, memory) in [("five", 5, 1 << 30), ("small", 3, 1)] {
        assert_eq!(scored(run, partitions, memory), (phrases.clone(), slots.clone()), "{run}");
    }
}

#[test]
fn a_margin_that_needs_many_batches_is_the_same() {
    let fixture = Fixture::new();
    fixture.file("in", posts());
    let plan = fixture.plan("run", &spec(&fixture, 1));
    let context = fixture.context("run", "attempt");
    let (_, partitions) = merged(&context, &plan);
    let partition = plan.partition(0).unwrap();
    let attempt = Attempt::new(&context, &plan, Stage::Score, 9_u32);
    let mut selected = Vec::new();
    for budget in [1 << 30, 1] {
        let mut sink = BlockSink::new(&attempt);
        let mut phrases = Vec::new();
        let (context, partitions) = (&context, &partitions[..]);
        let selection =
            PhraseSelection { context, partitions, partition, pairs: 1_000, windows: 48, budget };
        let stored = selection.store(&partitions[0], &mut sink, |term| {
            phrases.push(term.term.clone());
            Ok(())
        });
        stored.unwrap();
        sink.finish().unwrap();
        selected.push(phrases);
    }
    assert!(!selected[0].is_empty());
    assert_eq!(selected[0], selected[1]);
}

#[test]
fn a_series_without_a_term_is_damaged() {
    let fixture = Fixture::new();
    fixture.file("in", posts());
    let plan = fixture.plan("run", &spec(&fixture, 1));
    let context = fixture.context("run", "attempt");
    let (shards, mut partitions) = merged(&context, &plan);
    let attempt = Attempt::new(&context, &plan, Stage::Aggregate, 0_u32);
    let mut sink = BlockSink::new(&attempt);
    let mut blocks = TermBlocks::of_terms("other", 1 << 10);
    let row = |term| RowRef {
        kind: Kind::Word,
        term,
        bucket: Bucket(490_000),
        count: 1,
        documents: 1,
        detail: &[],
    };
    blocks.add(&row(b"unknown"), &mut sink).unwrap();
    partitions[0].report.series = blocks.finish(&mut sink).unwrap();
    sink.finish().unwrap();
    let partition = plan.partition(0).unwrap();
    let error = score_partition(&context, &plan, &shards, &partitions, partition).unwrap_err();
    assert_eq!(error.reason(), "StoreDamaged");
    assert!(error.to_string().contains("run run, index 0"), "{error}");
}

#[test]
fn windows_of_a_term_are_read_back_as_they_were_stored() {
    let fixture = Fixture::new();
    fixture.file("in", posts());
    let plan = fixture.plan("run", &spec(&fixture, 1));
    let context = fixture.context("run", "attempt");
    let (_, partitions) = merged(&context, &plan);
    let (marker, partition) = (&partitions[0], plan.partition(0).unwrap());
    let blocks = [&marker.report.terms[..], &marker.report.series];
    let mut series = Series::new(&context, marker, partition, blocks, 48).unwrap();
    let mut terms = BTreeSet::new();
    while let Some(term) = series.next_term().unwrap() {
        let counted: u64 = term.cells.iter().map(|cell| cell.count).sum();
        assert_eq!(counted, term.count, "{}", term.term);
        let mut buckets = Vec::new();
        term.windows(|row| {
            buckets.push(row.bucket.0);
            Ok::<_, Error>(())
        })
        .unwrap();
        assert_eq!(buckets, term.cells.iter().map(|cell| cell.bucket).collect::<Vec<_>>());
        assert!(terms.insert(term.term.clone()), "{} is read once", term.term);
    }
    let cities = terms.iter().filter(|term| term.starts_with("city")).cloned();
    assert_eq!(cities.collect::<Vec<_>>(), (0..48).map(city).collect::<Vec<_>>());
    assert!(terms.contains("york") && !terms.contains("new york"));
}
