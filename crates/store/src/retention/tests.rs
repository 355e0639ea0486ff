//! The runs that a clean-up removes and keeps, from logs and in stores.

use super::*;
use crate::generations::{self, Publication, PublicationStatus};
use crate::{AttemptId, BlockKey, ObjectStore, Stage};

const KEEP: Retention = Retention { runs: 2, grace: 600 };

fn source() -> SourceName {
    SourceName::new("s").unwrap()
}

fn run(name: &str) -> RunId {
    RunId::new(name).unwrap()
}

fn block(name: &str) -> BlockKey {
    let attempt = AttemptId::new("a").unwrap();
    BlockKey { run: run(name), stage: Stage::Publish, index: 0, attempt, name: "x".into() }
}

/// Starts a run: it has a record and a block.
async fn begin(store: &dyn Store, name: &str) -> u64 {
    store.insert(&Key::run(&run(name)), "{}".into()).await.unwrap();
    store.put_block(&block(name), "x".into()).await.unwrap();
    generations::take_start(store, &source(), &run(name)).await.unwrap()
}

async fn publish(store: &dyn Store, name: &str) {
    let start = begin(store, name).await;
    let publication = Publication {
        source: &source(),
        run: &run(name),
        start,
        published_at: "",
        incomplete: false,
    };
    let outcome = generations::publish(store, &publication).await;
    assert!(matches!(outcome, Ok(PublicationStatus::Published(_))), "{outcome:?}");
}

async fn kept(store: &dyn Store) -> Vec<String> {
    let runs = store.runs().await.unwrap();
    for run in &runs {
        assert!(store.get_block(&block(run.as_str())).await.is_ok(), "{run} is kept whole");
    }
    names(runs)
}

fn log(entries: &[(u64, &str)]) -> Vec<Generation> {
    let entry = |(start, run): &(u64, &str)| Generation {
        generation: 1,
        source: source(),
        run: self::run(run),
        start: *start,
        highest_start: 9,
        published_at: String::new(),
        incomplete: false,
        rollback_to: None,
        withdrawn: false,
    };
    entries.iter().map(entry).collect()
}

fn names(runs: Vec<RunId>) -> Vec<String> {
    runs.into_iter().map(String::from).collect()
}

#[test]
fn the_last_runs_are_kept_and_the_others_retired() {
    let log = log(&[(4, "d"), (3, "c"), (2, "b"), (1, "a")]);
    assert_eq!(names(beyond(&log, 3)), ["a"]);
    assert_eq!(names(beyond(&log, 0)), ["a", "b"], "two are always kept");
}

#[test]
fn the_run_that_a_rollback_shows_is_kept() {
    let log = log(&[(1, "a"), (4, "d"), (3, "c"), (2, "b"), (1, "a")]);
    assert_eq!(names(beyond(&log, 2)), ["b"]);
}

#[tokio::test]
async fn runs_beyond_the_retention_are_removed_when_the_grace_is_over() {
    let folder = tempfile::tempdir().unwrap();
    let store = ObjectStore::in_memory().await.unwrap();
    for name in ["a", "b", "c", "d"] {
        publish(&store, name).await;
    }
    let at = async |now| clean_up(&store, folder.path(), KEEP, now).await.unwrap();
    assert_eq!(at(1000).await, CleanupReport { retired: 2, ..CleanupReport::default() });
    assert_eq!(kept(&store).await, ["a", "b", "c", "d"], "readers have them open");
    assert_eq!(at(1599).await, CleanupReport::default());
    assert_eq!(at(1600).await, CleanupReport { removed: 2, ..CleanupReport::default() });
    assert_eq!(kept(&store).await, ["c", "d"]);
    assert_eq!(at(9999).await, CleanupReport::default(), "there is nothing left to do");
    let refused = generations::rollback(&store, &source(), 1, "").await.unwrap_err();
    assert!(refused.to_string().contains("retired"), "{refused}");
    assert_eq!(generations::history(&store, &source(), 9).await.unwrap().len(), 4, "the log stays");
}

#[tokio::test]
async fn a_run_that_a_rollback_shows_while_it_is_retired_stays() {
    let folder = tempfile::tempdir().unwrap();
    let store = ObjectStore::in_memory().await.unwrap();
    for name in ["a", "b", "c"] {
        publish(&store, name).await;
    }
    let log = generations::history(&store, &source(), 9).await.unwrap();
    let back = generations::rollback(&store, &source(), 1, "").await.unwrap();
    assert_eq!(back.run, run("a"));
    // The log was read before the rollback: `a` is beyond the retention in it.
    assert_eq!(names(beyond(&log, 2)), ["a"]);
    let mut report = CleanupReport::default();
    for now in [0, 1000] {
        let source = source();
        let retirement = Retirement { store: &store, source: &source, grace: KEEP.grace, now };
        let is_removable = retirement.retire(&run("a"), &mut report).await.unwrap();
        assert!(!is_removable, "it is visible");
    }
    assert_eq!(
        clean_up(&store, folder.path(), KEEP, 9999).await.unwrap(),
        CleanupReport::default()
    );
    assert_eq!(kept(&store).await, ["a", "b", "c"]);
}

#[tokio::test]
async fn a_run_in_progress_is_kept_and_an_abandoned_one_is_removed() {
    let folder = tempfile::tempdir().unwrap();
    let store = ObjectStore::in_memory().await.unwrap();
    publish(&store, "published").await;
    for name in ["abandoned", "progressing"] {
        begin(&store, name).await;
    }
    let lock = RunLock::acquire(folder.path(), &run("progressing")).unwrap();
    let cleaned = clean_up(&store, folder.path(), KEEP, 0).await.unwrap();
    assert_eq!(cleaned, CleanupReport { abandoned: 1, ..CleanupReport::default() });
    assert_eq!(kept(&store).await, ["progressing", "published"]);
    drop(lock);
    assert_eq!(clean_up(&store, folder.path(), KEEP, 0).await.unwrap().abandoned, 1);
}

#[tokio::test]
async fn a_run_that_is_published_while_the_logs_are_read_stays() {
    let folder = tempfile::tempdir().unwrap();
    let store = ObjectStore::in_memory().await.unwrap();
    publish(&store, "earlier").await;
    let mut logs = Logs { look_back: 9, ..Logs::default() };
    logs.read(&store).await.unwrap();
    publish(&store, "just-now").await;
    assert!(!logs.names(&run("just-now")));
    let removed = remove_unpublished(&store, folder.path(), &mut logs, &run("just-now")).await;
    assert!(!removed.unwrap());
    assert_eq!(kept(&store).await, ["earlier", "just-now"]);
    assert!(RunLock::is_free(folder.path(), &run("just-now")).unwrap());
}
