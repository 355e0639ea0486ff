//! Whole runs over a store in memory: what is published is the same however the work is divided.

use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;

use store::{AttemptId, ObjectStore, Published, RunId, SourceName, Store, exclusions};
use trends::Profile;
use trends::exclusions::{Action, Change, Subject};
use trends::{Kind, Partitions};

use super::*;
use crate::{Analysis, Limits};

async fn store() -> Arc<dyn Store> {
    let bucket = Arc::new(object_store::memory::InMemory::new());
    Arc::new(ObjectStore::over(bucket, "memory").await.unwrap())
}

fn spec(path: &Path) -> Spec {
    Spec {
        max_malformed_percent: 5.0,
        chunk_size: 64 << 20,
        max_shards: 500,
        partitions: Partitions::new(8).unwrap(),
        ..Spec::new(SourceName::new("sample").unwrap(), vec![path.display().to_string()])
    }
}

fn context(store: Arc<dyn Store>, run: &str, threads: usize, memory: usize) -> Context {
    Context::new(
        store,
        tokio::runtime::Handle::current(),
        RunId::new(run).unwrap(),
        AttemptId::new("attempt").unwrap(),
        Limits::new(threads, memory, std::env::temp_dir(), 1),
    )
}

async fn outcome(context: &Context, spec: &Spec) -> Result<Outcome, Error> {
    let (context, spec) = (context.clone(), spec.clone());
    let run = move || run(&context, Some(&spec), |_, _| Ok(()), || "2026-01-01T00:00:00Z".into());
    tokio::task::spawn_blocking(run).await.unwrap()
}

/// Lines of many lengths, so that chunk borders fall everywhere.
fn lines(count: u32) -> String {
    let mut text = String::new();
    for n in 0..count {
        let letter = |n: u32| char::from(b'a' + (n % 26) as u8);
        let word: String = (0..4).map(|d| letter(n / 26_u32.pow(d))).collect();
        let pad = " ".repeat((n * 7 % 90) as usize);
        writeln!(text, r#"{{"text":"love {word} {word}s{pad}peace"}}"#).unwrap();
    }
    text
}

#[tokio::test(flavor = "multi_thread")]
async fn any_division_of_the_work_publishes_the_same_digest() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("posts.ndjson");
    let text = lines(30_000);
    std::fs::write(&path, text.trim_end()).unwrap();
    let mut digests = std::collections::BTreeSet::new();
    for (at, (shards, threads, partitions, chunk, memory)) in [
        (None, 1, 8, 64 << 20, 1 << 30),
        (Some(7), 2, 3, 64 << 20, 1 << 30),
        (Some(64), 2, 1, 64 << 20, 1 << 30),
        (None, 3, 8, 1 << 10, 1 << 30),
        (None, 2, 5, 64 << 20, 1 << 16),
    ]
    .into_iter()
    .enumerate()
    {
        let context = context(store().await, &format!("run-{at}"), threads, memory);
        let spec = Spec {
            shards,
            chunk_size: chunk,
            partitions: Partitions::new(partitions).unwrap(),
            ..spec(&path)
        };
        let outcome = outcome(&context, &spec).await.unwrap();
        assert!(shards.is_none_or(|shards| outcome.plan.shards.len() == shards as usize));
        assert_eq!(outcome.index.records.counted, 30_000);
        if memory == 1 << 16 {
            assert!(context.progress.spilled.load(Ordering::Relaxed) > 0, "it spilled");
        }
        digests.insert(outcome.index.digest);
    }
    assert_eq!(digests.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_published_can_be_read_by_rank_and_by_term() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("posts.ndjson");
    std::fs::write(&path, lines(20_000)).unwrap();
    let context = context(store().await, "run", 2, 1 << 30);
    let outcome = outcome(&context, &spec(&path)).await.unwrap();
    let published = Published::open(context.store.clone(), outcome.generation).await.unwrap();
    let all = published.ranked(Kind::Word, 0, usize::MAX).await.unwrap();
    assert_eq!(all.len() as u64, published.topics(Kind::Word));
    assert!(all.is_sorted_by(|a, b| {
        trends::cmp_rank((a.count, a.term.as_bytes()), (b.count, b.term.as_bytes())).is_lt()
    }));
    assert_eq!((all[0].term.as_str(), all[0].count, all[0].documents), ("love", 20_000, 20_000));
    assert_eq!(all[7..19], published.ranked(Kind::Word, 7, 12).await.unwrap());
    for topic in all.iter().step_by(97) {
        let found = published.topic(Kind::Word, &topic.term).await.unwrap();
        assert_eq!(found.as_ref(), Some(topic));
    }
    assert_eq!(published.topic(Kind::Word, "nowhere").await.unwrap(), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_resumed_run_reads_finished_shards_no_more_and_publishes_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("posts.ndjson");
    std::fs::write(&path, lines(5000)).unwrap();
    let spec = Spec { shards: Some(4), ..spec(&path) };
    let whole = outcome(&context(store().await, "whole", 1, 1 << 30), &spec).await.unwrap();

    let context = context(store().await, "stopped", 1, 1 << 30);
    let stopped = context.clone();
    let planned = spec.clone();
    tokio::task::spawn_blocking(move || {
        let plan = plan(&stopped, &planned).unwrap();
        etl(&stopped, &plan, plan.shard(2).unwrap()).unwrap();
    })
    .await
    .unwrap();
    let again = Context { attempt: AttemptId::new("second").unwrap(), ..context.clone() };
    let resumed =
        tokio::task::spawn_blocking(move || run(&again, None, |_, _| Ok(()), String::new).unwrap())
            .await
            .unwrap();
    assert_eq!(resumed.index.digest, whole.index.digest);
}

#[tokio::test(flavor = "multi_thread")]
async fn too_many_malformed_lines_publish_nothing_and_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("posts.ndjson");
    std::fs::write(&path, "[\n {\"text\":\"love\"}\n]\n").unwrap();
    let context = context(store().await, "run", 1, 1 << 30);
    let error = outcome(&context, &spec(&path)).await.unwrap_err();
    let message = error.to_string();
    assert!(error.is_permanent());
    assert!(message.contains("2 of 3 lines") && message.contains("at byte 0: syntax"), "{message}");
    assert!(message.contains("jq -c '.[]'"), "{message}");
    assert_eq!(context.store.sources().await.unwrap(), []);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stored_plan_has_the_hash_it_was_made_with() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("in.ndjson");
    std::fs::write(&path, lines(3)).unwrap();
    let store = store().await;
    // Read less than exactly, this number becomes its neighbour.
    for (run, percent) in [("a", 31.245_270_191_439_438), ("b", 100.0 / 30.0)] {
        let spec = Spec { max_malformed_percent: percent, ..spec(&path) };
        let context = context(Arc::clone(&store), run, 1, 1 << 20);
        let hashes = tokio::task::spawn_blocking(move || {
            let made = plan(&context, &spec).unwrap();
            (made.hash().unwrap(), stored(&context, None).unwrap().hash().unwrap())
        });
        let (made, stored) = hashes.await.unwrap();
        assert_eq!(made, stored, "{percent}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn authors_that_are_excluded_are_frozen_in_the_plan_and_only_there() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("posts.ndjson");
    let post =
        |author: &str| format!("{{\"text\":\"love\",\"user\":{{\"id_str\":\"{author}\"}}}}\n");
    std::fs::write(&path, ["a", "b", "c"].map(post).concat()).unwrap();
    let store = store().await;
    let source = SourceName::new("sample").unwrap();
    let exclude = async |author: &str| {
        let subjects = vec![Subject::Author { author: author.to_owned() }];
        let change = Change { action: Action::Exclude, subjects, reason: None };
        exclusions::append(&*store, &source, &change, "now").await.unwrap();
    };
    exclude("b").await;
    exclude("a").await;
    let analysis = Analysis {
        profile: Profile::Social,
        exclude_authors: vec!["b".into(), "x".into()],
        ..Analysis::default()
    };
    let social = Spec { analysis, ..spec(&path) };
    let planned = async |run: &str, spec: &Spec| {
        let (context, spec) = (context(store.clone(), run, 1, 1 << 30), spec.clone());
        let plan = move || plan(&context, &spec).unwrap();
        tokio::task::spawn_blocking(plan).await.unwrap()
    };
    let plan = planned("one", &social).await;
    assert_eq!(plan.analysis.exclude_authors, ["a", "b", "x"]);
    // Every later attempt follows that plan, whatever is excluded meanwhile.
    exclude("c").await;
    assert_eq!(planned("one", &social).await, plan);
    let first = outcome(&context(store.clone(), "one", 1, 1 << 30), &social).await.unwrap();
    assert_eq!((first.plan.hash().unwrap(), first.index.excluded), (plan.hash().unwrap(), 2));
    let next = outcome(&context(store.clone(), "two", 1, 1 << 30), &social).await.unwrap();
    assert_eq!(next.index.excluded, 3);
    let seed = outcome(&context(store.clone(), "three", 1, 1 << 30), &spec(&path)).await.unwrap();
    assert_eq!((seed.plan.analysis.is_default(), seed.index.excluded), (true, 0));
}
