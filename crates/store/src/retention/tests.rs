//! The runs that a clean-up removes and keeps, from logs and in stores.

use super::*;
use crate::generations::{self, Publication, PublicationStatus};
use crate::runs::{self, Beginning};
use crate::{AttemptId, BlockKey, ObjectStore, RunLock};

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

/// Starts a run at a time: it has a record and a block.
async fn begin_at(store: &dyn Store, name: &str, now: u64, workers: bool) -> u64 {
    let beginning = Beginning { run: &run(name), source: &source(), now: Some(now), workers };
    let start = runs::begin(store, &beginning).await.unwrap().expect("it has no mark");
    store.put_block(&block(name), "x".into()).await.unwrap();
    start
}

async fn begin(store: &dyn Store, name: &str) -> u64 {
    begin_at(store, name, 0, false).await
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

fn names(runs: Vec<RunId>) -> Vec<String> {
    runs.into_iter().map(String::from).collect()
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
