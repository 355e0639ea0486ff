//! The suite that every store must pass: call [`conformance`] with a function that opens the same
//! empty store, each time with a new handle.

#![expect(clippy::expect_used, clippy::panic, reason = "a suite for tests fails by panicking")]

use std::sync::Arc;

use bytes::Bytes;
use futures::{StreamExt as _, TryStreamExt as _};
use trends::exclusions::{Action, Change, Subject};

use crate::exclusions;
use crate::generations::{self, Publication, PublicationStatus};
use crate::{
    AttemptId, BlockKey, Insertion, Key, ListedKey, Log, Part, RunId, SourceName, Stage, Store,
    StoreError, TrendJobUid,
};

/// Runs the whole suite. Panics if the store fails a test.
pub async fn conformance(open: impl AsyncFn() -> Arc<dyn Store>) {
    one_of_many_inserts_wins(&open).await;
    a_value_is_read_whole_or_not_at_all(&open).await;
    blocks_are_stored_concurrently(&open).await;
    values_come_back_as_they_were(&open).await;
    runs_and_sources_are_listed(&open).await;
    every_key_is_listed_once(&open).await;
    a_removed_run_is_gone_and_others_stay(&open).await;
    a_run_without_a_record_is_listed_while_it_has_data(&open).await;
    the_highest_entry_of_a_log_is_found_behind_lost_ones(&open).await;
    start_numbers_are_contiguous(&open).await;
    one_of_two_publishers_of_a_number_wins(&open).await;
    a_lower_start_is_superseded_and_a_repeated_one_succeeds(&open).await;
    a_rollback_is_a_new_generation(&open).await;
    every_change_of_the_exclusions_is_kept_once(&open).await;
    exclusions_outlive_the_runs_of_their_source(&open).await;
}

fn run(name: &str) -> RunId {
    RunId::new(name).expect("a valid run")
}

fn source(name: &str) -> SourceName {
    SourceName::new(name).expect("a valid source")
}

fn block(run_name: &str, stage: Stage, name: &str) -> BlockKey {
    let attempt = AttemptId::new("attempt").expect("a valid attempt");
    BlockKey { run: run(run_name), stage, index: 0, attempt, name: name.to_owned() }
}

async fn publish(
    store: &dyn Store,
    source: &SourceName,
    name: &str,
    start: u64,
) -> PublicationStatus {
    let run = run(name);
    let publication = Publication { source, run: &run, start, published_at: "", incomplete: false };
    generations::publish(store, &publication).await.expect("an outcome")
}

async fn one_of_many_inserts_wins(open: &impl AsyncFn() -> Arc<dyn Store>) {
    let key = Key::plan(&run("contended"));
    let mut tasks = Vec::new();
    for number in 0..32_u8 {
        let (store, key) = (open().await, key.clone());
        // Large, so that a store that shows half-written values fails.
        let value = Bytes::from(vec![number; 1 << 20]);
        tasks.push(tokio::spawn(async move { (number, store.insert(&key, value).await) }));
    }
    let mut winner = None;
    let mut present = Vec::new();
    for task in tasks {
        match task.await.expect("no panic") {
            (number, Ok(Insertion::Inserted)) => {
                assert_eq!(winner.replace(number), None, "only one insert wins");
            }
            (_, Ok(Insertion::Present(value))) => present.push(value),
            (_, Err(error)) => panic!("insert: {error}"),
        }
    }
    let expected = Bytes::from(vec![winner.expect("one insert wins"); 1 << 20]);
    assert_eq!(present.len(), 31);
    assert!(present.iter().all(|value| *value == expected), "the losers get the winner's value");
    assert_eq!(open().await.get(&key).await.expect("readable"), Some(expected));
}

async fn a_value_is_read_whole_or_not_at_all(open: &impl AsyncFn() -> Arc<dyn Store>) {
    let key = |number| Key::marker(&run("watched"), Stage::Etl, number);
    let whole = |number: u32| Bytes::from(vec![number as u8; 1 << 20]);
    let mut readers = Vec::new();
    for _ in 0..4 {
        let store = open().await;
        readers.push(tokio::spawn(async move {
            for number in 0..8 {
                // Read again and again while it is written.
                let read = loop {
                    if let Some(read) = store.get(&key(number)).await.expect("readable") {
                        break read;
                    }
                    tokio::task::yield_now().await;
                };
                assert_eq!(read, whole(number), "the first value that is read is whole");
            }
        }));
    }
    let store = open().await;
    for number in 0..8 {
        store.insert(&key(number), whole(number)).await.expect("writable");
    }
    for reader in readers {
        reader.await.expect("no panic");
    }
}

async fn blocks_are_stored_concurrently(open: &impl AsyncFn() -> Arc<dyn Store>) {
    let store = open().await;
    // Each twice, as from an attempt that lost the reply to its first write.
    let numbers = (0..32_u8).map(|number| number / 2);
    let name = |number| block("at-once", Stage::Aggregate, &format!("block-{number}"));
    let bytes = |number| Bytes::from(vec![number; 64 << 10]);
    let store = &*store;
    let puts = numbers.map(async |number| store.put_block(&name(number), bytes(number)).await);
    futures::future::try_join_all(puts).await.expect("writable");
    for number in 0..16 {
        let found = open().await.get_block(&name(number)).await.expect("readable");
        assert_eq!(found, bytes(number));
    }
}

async fn values_come_back_as_they_were(open: &impl AsyncFn() -> Arc<dyn Store>) {
    let store = open().await;
    assert_eq!(store.get(&Key::plan(&run("missing"))).await.expect("readable"), None);
    let values = [Bytes::new(), Bytes::from_static(b"\0\xff\n"), vec![7; 1 << 20].into()];
    for (number, value) in values.into_iter().enumerate() {
        let key = block("values", Stage::Etl, &format!("block-{number}"));
        store.put_block(&key, value.clone()).await.expect("writable");
        store.put_block(&key, value.clone()).await.expect("repeatable");
        assert_eq!(open().await.get_block(&key).await.expect("readable"), value);
    }
    let missing = store.get_block(&block("values", Stage::Etl, "missing")).await;
    assert!(matches!(missing, Err(StoreError::Missing { .. })), "{missing:?}");
}

async fn runs_and_sources_are_listed(open: &impl AsyncFn() -> Arc<dyn Store>) {
    let store = open().await;
    for name in ["listed-b", "listed-a"] {
        store.insert(&Key::run(&run(name)), "{}".into()).await.expect("writable");
        publish(&*store, &source(name), name, 1).await;
    }
    let runs = open().await.runs().await.expect("listable");
    let listed: Vec<_> = runs.iter().filter(|run| run.as_str().starts_with("listed")).collect();
    assert_eq!(listed, [&run("listed-a"), &run("listed-b")]);
    let sources = open().await.sources().await.expect("listable");
    assert!(sources.contains(&source("listed-a")) && sources.is_sorted());
}

async fn every_key_is_listed_once(open: &impl AsyncFn() -> Arc<dyn Store>) {
    let store = open().await;
    let (run, source) = (run("enumerated"), source("enumerated"));
    let markers = (0..1_100).map(|index| Key::marker(&run, Stage::Aggregate, index));
    let uid = TrendJobUid::new("enumerated").expect("a valid uid");
    let ends = [Key::run(&run), Key::plan(&run), Key::retired(&run), Key::purged(&uid)];
    let entries = [Key::start(&source, 1), Key::generation(&source, 2), Key::exclusion(&source, 3)];
    let keys: Vec<Key> = markers.chain(ends).chain(entries).collect();
    let inserts = futures::stream::iter(&keys).map(|key| store.insert(key, "{}".into()));
    let inserted: Vec<_> = inserts.buffer_unordered(16).collect().await;
    assert!(inserted.iter().all(Result::is_ok), "writable");
    let mut expected: Vec<String> = keys.iter().map(Key::to_string).collect();
    for stage in Stage::ALL {
        let block = BlockKey { index: 41, ..block("enumerated", stage, "x-00001") };
        store.put_block(&block, "x".into()).await.expect("writable");
        expected.push(block.to_string());
    }
    let mut listed = listed(&*store).await;
    listed.retain(|key| key.contains("/enumerated"));
    listed.sort();
    expected.sort();
    assert_eq!(listed, expected);
    store.remove_run(&run).await.expect("removable");
    let left = self::listed(&*open().await).await;
    assert!(!left.iter().any(|key| key.starts_with("runs/enumerated/")), "{left:?}");
}

/// The keys of all parts.
async fn listed(store: &dyn Store) -> Vec<String> {
    let mut keys = Vec::new();
    for part in Part::ALL {
        let found: Vec<ListedKey> = store.list(part).try_collect().await.expect("listable");
        keys.extend(found.into_iter().map(|key| match key {
            ListedKey::Value(key) => key.to_string(),
            ListedKey::Block(key) => key.to_string(),
            ListedKey::Foreign(name) => panic!("no store has written {name}"),
        }));
    }
    keys
}

async fn a_removed_run_is_gone_and_others_stay(open: &impl AsyncFn() -> Arc<dyn Store>) {
    let store = open().await;
    for name in ["removed", "removed-not"] {
        store.insert(&Key::run(&run(name)), "{}".into()).await.expect("writable");
        store.insert(&Key::plan(&run(name)), "{}".into()).await.expect("writable");
        store.insert(&Key::marker(&run(name), Stage::Etl, 3), "{}".into()).await.expect("writable");
        for stage in [Stage::Etl, Stage::Aggregate] {
            store.put_block(&block(name, stage, "x"), "x".into()).await.expect("writable");
        }
    }
    let gone = run("removed");
    store.remove_blocks(&gone, Stage::Etl).await.expect("removable");
    store.remove_blocks(&gone, Stage::Etl).await.expect("repeatable");
    assert!(store.get_block(&block("removed", Stage::Etl, "x")).await.is_err());
    assert!(store.get_block(&block("removed", Stage::Aggregate, "x")).await.is_ok());
    assert!(store.get(&Key::marker(&gone, Stage::Etl, 3)).await.expect("readable").is_some());
    store.remove_run(&gone).await.expect("removable");
    store.remove_run(&gone).await.expect("repeatable");
    assert!(!store.runs().await.expect("listable").contains(&gone));
    for key in [Key::run(&gone), Key::plan(&gone), Key::marker(&gone, Stage::Etl, 3)] {
        assert_eq!(store.get(&key).await.expect("readable"), None, "{key}");
    }
    let other = run("removed-not");
    assert!(store.get(&Key::plan(&other)).await.expect("readable").is_some());
    assert!(store.get_block(&block("removed-not", Stage::Etl, "x")).await.is_ok());
}

async fn a_run_without_a_record_is_listed_while_it_has_data(
    open: &impl AsyncFn() -> Arc<dyn Store>,
) {
    let store = open().await;
    let (late, planned, marked) = (run("late-block"), run("late-plan"), run("late-marker"));
    store.put_block(&block("late-block", Stage::Etl, "x"), "x".into()).await.expect("writable");
    store.insert(&Key::plan(&planned), "{}".into()).await.expect("writable");
    store.insert(&Key::marker(&marked, Stage::Etl, 0), "{}".into()).await.expect("writable");
    for run in [late, planned, marked] {
        assert!(open().await.runs().await.expect("listable").contains(&run), "{run}");
        store.remove_run(&run).await.expect("removable");
        assert!(!open().await.runs().await.expect("listable").contains(&run), "{run}");
    }
}

async fn the_highest_entry_of_a_log_is_found_behind_lost_ones(
    open: &impl AsyncFn() -> Arc<dyn Store>,
) {
    let store = open().await;
    let logs = [Log::Starts, Log::Generations, Log::Exclusions];
    for log in logs {
        assert_eq!(store.highest(log, &source("high")).await.expect("listable"), 0);
        for (name, n) in [("high", 7), ("high", 12), ("high-er", 99), ("hig", 98), ("high.x", 97)] {
            let key = Key::Entry { log, source: source(name), n };
            store.insert(&key, "{}".into()).await.expect("writable");
        }
        assert_eq!(open().await.highest(log, &source("high")).await.expect("listable"), 12);
    }
}

async fn start_numbers_are_contiguous(open: &impl AsyncFn() -> Arc<dyn Store>) {
    let mut tasks = Vec::new();
    for number in 0..20 {
        let store = open().await;
        let run = run(&format!("start-{number}"));
        tasks.push(tokio::spawn(async move {
            generations::take_start(&*store, &source("starts"), &run).await.expect("a number")
        }));
    }
    let mut numbers = Vec::new();
    for task in tasks {
        numbers.push(task.await.expect("no panic"));
    }
    numbers.sort_unstable();
    assert_eq!(numbers, (1..=20).collect::<Vec<_>>());
}

async fn one_of_two_publishers_of_a_number_wins(open: &impl AsyncFn() -> Arc<dyn Store>) {
    let source = source("contended");
    let mut tasks = Vec::new();
    for start in 1..=8 {
        let (store, source) = (open().await, source.clone());
        tasks.push(tokio::spawn(async move {
            publish(&*store, &source, &format!("publisher-{start}"), start).await
        }));
    }
    for task in tasks {
        task.await.expect("no panic");
    }
    let store = open().await;
    let log = generations::history(&*store, &source, 100).await.expect("readable");
    let starts: Vec<u64> = log.iter().rev().map(|entry| entry.start).collect();
    assert!(starts.is_sorted() && starts.last() == Some(&8), "{starts:?}");
    let numbers: Vec<u64> = log.iter().rev().map(|entry| entry.generation).collect();
    assert_eq!(numbers, (1..=log.len() as u64).collect::<Vec<_>>(), "contiguous");
}

async fn a_lower_start_is_superseded_and_a_repeated_one_succeeds(
    open: &impl AsyncFn() -> Arc<dyn Store>,
) {
    let (store, source) = (open().await, source("superseded"));
    let publish = async |name, start| publish(&*store, &source, name, start).await;
    let PublicationStatus::Published(second) = publish("second", 2).await else {
        panic!("published")
    };
    assert!(
        matches!(publish("first", 1).await, PublicationStatus::Superseded(newest) if newest == second)
    );
    assert_eq!(publish("second", 2).await, PublicationStatus::Published(second.clone()));
    let newest = generations::newest(&*store, &source, 0).await.expect("readable");
    assert_eq!(newest, Some(second));
}

async fn a_rollback_is_a_new_generation(open: &impl AsyncFn() -> Arc<dyn Store>) {
    let (store, source) = (open().await, source("rolled"));
    for (name, start) in [("one", 1), ("two", 2)] {
        store.insert(&Key::run(&run(name)), "{}".into()).await.expect("writable");
        publish(&*store, &source, name, start).await;
    }
    let back = generations::rollback(&*store, &source, 1, "").await.expect("possible");
    assert_eq!((back.generation, back.run.as_str(), back.highest_start), (3, "one", 2));
    let again = publish(&*store, &source, "two", 2).await;
    assert!(matches!(again, PublicationStatus::Published(entry) if entry.generation == 2));
    let newest = generations::newest(&*open().await, &source, 2).await.expect("readable");
    assert_eq!(newest, Some(back), "and the rollback stays visible");
    assert!(generations::rollback(&*store, &source, 1, "").await.is_err(), "visible already");
    assert!(generations::rollback(&*store, &source, 9, "").await.is_err(), "no such generation");
    store.insert(&Key::retired(&run("two")), "{}".into()).await.expect("writable");
    assert!(generations::rollback(&*store, &source, 2, "").await.is_err(), "retired");
}

fn excluding(term: &str) -> Change {
    let term = Subject::Term { term: term.to_owned(), kind: None };
    Change { action: Action::Exclude, subjects: vec![term], reason: None }
}

async fn every_change_of_the_exclusions_is_kept_once(open: &impl AsyncFn() -> Arc<dyn Store>) {
    let source = source("excluding");
    let mut tasks = Vec::new();
    for number in 0..24 {
        let (store, source) = (open().await, source.clone());
        // Each change comes from two callers at once.
        let change = excluding(&format!("term{}", number / 2));
        tasks.push(tokio::spawn(async move {
            exclusions::append(&*store, &source, &change, "now").await.expect("writable")
        }));
    }
    let mut numbers = Vec::new();
    for task in tasks {
        let (exclusions, entry) = task.await.expect("no panic");
        numbers.extend(entry.as_ref().map(|entry| entry.number));
        assert!(entry.is_none_or(|entry| entry.number == exclusions.version()));
    }
    numbers.sort_unstable();
    assert_eq!(numbers, (1..=12).collect::<Vec<_>>(), "one of two equal changes has no effect");
    let store = open().await;
    let none = Arc::default();
    let now = exclusions::current(&*store, &source, &none).await.expect("readable");
    assert_eq!((now.version(), now.terms().count()), (12, 12));
}

async fn exclusions_outlive_the_runs_of_their_source(open: &impl AsyncFn() -> Arc<dyn Store>) {
    let (store, source) = (open().await, source("outlived"));
    let none = Arc::default();
    let change = excluding("love");
    let (excluded, _) =
        exclusions::append(&*store, &source, &change, "now").await.expect("writable");
    let sources = store.sources().await.expect("listable");
    assert!(!sources.contains(&source), "a source with exclusions and no result is not listed");
    for (name, start) in [("outlived-one", 1), ("outlived-two", 2)] {
        store.insert(&Key::run(&run(name)), "{}".into()).await.expect("writable");
        publish(&*store, &source, name, start).await;
    }
    generations::rollback(&*store, &source, 1, "").await.expect("possible");
    let uid = TrendJobUid::new("outlived").expect("a valid uid");
    let purged = crate::retention::purge(&*store, &source, &uid, "", async {}).await;
    assert_eq!(purged.expect("removable"), 2);
    let now = exclusions::current(&*open().await, &source, &none).await.expect("readable");
    assert_eq!(now, excluded);
}
