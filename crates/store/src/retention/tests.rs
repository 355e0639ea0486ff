//! What goes and what stays, decided from logs and done to stores.

use super::*;
use crate::generations::{self, Outcome};
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

/// Begins a run: it exists and has stored something.
async fn begin(store: &dyn Store, name: &str) -> u64 {
    store.insert(&Key::run(&run(name)), "{}".into()).await.unwrap();
    store.put_block(&block(name), "x".into()).await.unwrap();
    generations::begin(store, &source(), &run(name)).await.unwrap()
}

async fn publish(store: &dyn Store, name: &str) {
    let start = begin(store, name).await;
    let outcome = generations::publish(store, &source(), &run(name), start, "", false).await;
    assert!(matches!(outcome, Ok(Outcome::Published(_))), "{outcome:?}");
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
fn what_a_rollback_made_visible_is_kept() {
    let log = log(&[(1, "a"), (4, "d"), (3, "c"), (2, "b"), (1, "a")]);
    assert_eq!(names(beyond(&log, 2)), ["b"]);
}

#[tokio::test]
async fn what_is_beyond_the_retention_goes_when_the_grace_is_over() {
    let folder = tempfile::tempdir().unwrap();
    let store = ObjectStore::in_memory().await.unwrap();
    for name in ["a", "b", "c", "d"] {
        publish(&store, name).await;
    }
    let at = async |now| clean_up(&store, folder.path(), KEEP, now).await.unwrap();
    assert_eq!(at(1000).await, Cleaned { retired: 2, ..Cleaned::default() });
    assert_eq!(kept(&store).await, ["a", "b", "c", "d"], "readers have them open");
    assert_eq!(at(1599).await, Cleaned::default());
    assert_eq!(at(1600).await, Cleaned { removed: 2, ..Cleaned::default() });
    assert_eq!(kept(&store).await, ["c", "d"]);
    assert_eq!(at(9999).await, Cleaned::default(), "there is nothing left to do");
    let refused = generations::rollback(&store, &source(), 1, "").await.unwrap_err();
    assert!(refused.to_string().contains("retired"), "{refused}");
    assert_eq!(generations::history(&store, &source(), 9).await.unwrap().len(), 4, "the log stays");
}

#[tokio::test]
async fn a_run_that_was_rolled_back_to_while_it_was_retired_stays() {
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
    let mut cleaned = Cleaned::default();
    for now in [0, 1000] {
        let go = retire(&store, &source(), &run("a"), KEEP, now, &mut cleaned).await.unwrap();
        assert!(!go, "it is visible");
    }
    assert_eq!(clean_up(&store, folder.path(), KEEP, 9999).await.unwrap(), Cleaned::default());
    assert_eq!(kept(&store).await, ["a", "b", "c"]);
}

#[tokio::test]
async fn a_run_in_progress_is_left_alone_and_an_abandoned_one_removed() {
    let folder = tempfile::tempdir().unwrap();
    let store = ObjectStore::in_memory().await.unwrap();
    publish(&store, "published").await;
    for name in ["abandoned", "progressing"] {
        begin(&store, name).await;
    }
    let lock = RunLock::acquire(folder.path(), &run("progressing")).unwrap();
    let cleaned = clean_up(&store, folder.path(), KEEP, 0).await.unwrap();
    assert_eq!(cleaned, Cleaned { abandoned: 1, ..Cleaned::default() });
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
    assert!(!logs.name(&run("just-now")));
    let removed = remove_unpublished(&store, folder.path(), &mut logs, &run("just-now")).await;
    assert!(!removed.unwrap());
    assert_eq!(kept(&store).await, ["earlier", "just-now"]);
    assert!(RunLock::is_free(folder.path(), &run("just-now")).unwrap());
}
