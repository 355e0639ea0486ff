//! The runs that a clean-up removes and keeps, from logs and in stores.

use super::*;
use crate::generations::{self, Publication, PublicationStatus};
use crate::log::tests::{Lossy, assert_names};
use crate::runs::{self, Beginning};
use crate::{AttemptId, BlockKey, ObjectStore, RunLock, TrendJobUid};

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

#[tokio::test]
async fn a_run_that_workers_have_begun_in_the_folder_is_left_to_the_rules_of_a_cluster() {
    let folder = tempfile::tempdir().unwrap();
    let store = ObjectStore::in_memory().await.unwrap();
    publish(&store, "published").await;
    begin_at(&store, "of-workers", 1000, true).await;
    let clean = async |now| clean_up(&store, folder.path(), KEEP, now).await.unwrap();
    assert_eq!(clean(1000).await, CleanupReport::default());
    assert_eq!(kept(&store).await, ["of-workers", "published"]);
    publish(&store, "later").await;
    assert_eq!(clean(1001).await, CleanupReport { retired: 1, ..CleanupReport::default() });
    assert_eq!(clean(1601).await, CleanupReport { removed: 1, ..CleanupReport::default() });
    assert_eq!(kept(&store).await, ["later", "published"]);
}

#[tokio::test]
async fn a_run_is_kept_however_many_rollbacks_the_log_has() {
    let folder = tempfile::tempdir().unwrap();
    let store = ObjectStore::in_memory().await.unwrap();
    for name in ["a", "b", "c", "d"] {
        publish(&store, name).await;
    }
    for _ in 0..600 {
        generations::rollback(&store, &source(), 3, "").await.unwrap();
        generations::rollback(&store, &source(), 4, "").await.unwrap();
    }
    let five = Retention { runs: 5, grace: 0 };
    assert_eq!(clean_up(&store, folder.path(), five, 9).await.unwrap(), CleanupReport::default());
    assert_eq!(kept(&store).await, ["a", "b", "c", "d"]);
}

#[tokio::test]
async fn a_dry_run_by_hand_lists_what_the_next_one_removes_and_changes_nothing() {
    let store = ObjectStore::in_memory().await.unwrap();
    begin_at(&store, "superseded", 0, true).await;
    publish(&store, "published").await;
    begin_at(&store, "dead", 100, true).await;
    begin_at(&store, "young", 900, true).await;
    store.put_block(&block("late"), "x".into()).await.unwrap();
    store.insert(&crate::Key::retired(&run("late")), r#"{"at":0}"#.into()).await.unwrap();
    let options = |dry_run| GcOptions { now: 1000, older_than: 500, grace: 600, dry_run };
    let listed = gc(&store, None, options(true)).await.unwrap();
    let reasons: Vec<_> = listed.iter().map(|found| (found.run.as_str(), found.reason)).collect();
    let expected = [
        ("late", Reason::LateData),
        ("dead", Reason::Abandoned),
        ("superseded", Reason::Superseded),
    ];
    assert_eq!(reasons, expected);
    assert!(listed.iter().all(|found| found.outcome == Outcome::Removed), "{listed:?}");
    assert_eq!(store.runs().await.unwrap().len(), 5, "nothing was removed");
    assert!(!runs::is_marked(&store, &run("dead")).await.unwrap(), "nothing was marked");
    assert_eq!(gc(&store, None, options(false)).await.unwrap(), listed);
    assert_eq!(kept(&store).await, ["published", "young"]);
    assert_eq!(gc(&store, None, options(false)).await.unwrap(), []);
}

#[tokio::test]
async fn a_clean_up_that_ends_a_purge_leaves_its_time_to_readers() {
    let store = ObjectStore::in_memory().await.unwrap();
    for name in ["kept-0", "purged-0"] {
        publish(&store, name).await;
    }
    // The purge dies right after its mark.
    let uid = TrendJobUid::new("purged").unwrap();
    crate::marks::mark_purged(&store, &uid, "").await.unwrap();
    let clean = async |now| clean_up_source(&store, &source(), KEEP, now).await.unwrap();
    for now in [1000, 1002] {
        assert_eq!(clean(now).await, CleanupReport::default(), "at {now}");
        let newest = generations::newest(&store, &source(), 0).await.unwrap().unwrap();
        assert_eq!((newest.generation, newest.run.as_str()), (3, "kept-0"), "it is hidden at once");
        assert_eq!(kept(&store).await, ["kept-0", "purged-0"]);
    }
    assert_eq!(clean(1003).await, CleanupReport { removed: 1, ..CleanupReport::default() });
    assert_eq!(kept(&store).await, ["kept-0"]);
}

/// A plan pod that began before its run was retired stores the plan once more while the run is
/// removed, and a process rolls back to the run meanwhile. Both die before they look again.
#[tokio::test]
async fn a_removed_run_is_gone_although_a_late_plan_pod_stored_its_plan_again() {
    let store = ObjectStore::in_memory().await.unwrap();
    for name in ["one", "two"] {
        publish(&store, name).await;
    }
    crate::marks::retire(&store, &run("one"), 0).await.unwrap();
    store.remove_run(&run("one")).await.unwrap();
    store.insert(&crate::Key::plan(&run("one")), "{}".into()).await.unwrap();
    let entry = generations::at(&store, &source(), 1).await.unwrap().unwrap();
    let entry =
        generations::Generation { generation: 3, highest_start: 2, rollback_to: Some(1), ..entry };
    let key = crate::Key::generation(&source(), 3);
    let entry = crate::envelope::seal(&key, 1, &entry).unwrap();
    store.insert(&key, entry).await.unwrap();
    let newest = generations::newest(&store, &source(), 0).await.unwrap().unwrap();
    let mut visible = generations::Visible::new(&store, newest);
    visible.skip(StoreError::Missing { key: "a block".to_owned() }).await.unwrap();
    assert_eq!(visible.entry().map(|entry| entry.generation), Some(2), "readers skip it");
    clean_up_source(&store, &source(), KEEP, 9000).await.unwrap();
    let newest = generations::newest(&store, &source(), 0).await.unwrap().unwrap();
    assert_eq!((newest.generation, newest.run.as_str()), (4, "two"));
    assert_eq!(kept(&store).await, ["two"], "the plan is removed, too");
}

/// The search for the end may read the key of the lost entry, or leap over it.
#[tokio::test]
async fn the_runs_of_a_source_stay_whatever_entry_of_its_log_is_lost() {
    let folder = tempfile::tempdir().unwrap();
    let none = Retention { grace: 0, ..KEEP };
    let options = GcOptions { now: 9000, older_than: 0, grace: 0, dry_run: false };
    for hole in 1..=4 {
        let lossy = Lossy::new().await;
        let store = &lossy.store;
        for name in ["a", "b", "c", "d", "e"] {
            publish(store, name).await;
        }
        let key = crate::Key::generation(&source(), hole);
        lossy.lose(&key).await;
        let locally = clean_up(store, folder.path(), none, 9000).await.err();
        let by_hand = gc(store, Some(folder.path()), options).await.err();
        let shared = clean_up_source(store, &source(), none, 9000).await.err();
        for error in [locally, by_hand, shared] {
            assert_names(&error.expect("the log can't be trusted"), &key);
        }
        assert_eq!(kept(store).await, ["a", "b", "c", "d", "e"], "without {hole}");
    }
}

#[tokio::test]
async fn a_run_stays_if_the_entry_that_showed_it_a_moment_ago_is_lost() {
    let lossy = Lossy::new().await;
    let (store, at) = (&lossy.store, rfc3339);
    for name in ["a", "b", "c"] {
        publish(store, name).await;
    }
    for (to, time) in [(1, 1000), (3, 1010), (2, 1020), (3, 1030)] {
        generations::rollback(store, &source(), to, &at(time)).await.unwrap();
    }
    lossy.lose(&crate::Key::generation(&source(), 4)).await;
    // A later run is published: `a` was visible less than 600 seconds ago.
    let newest = generations::newest(store, &source(), 5).await.unwrap().unwrap();
    assert_eq!(newest.generation, 7);
    crate::marks::retire(store, &run("a"), 0).await.unwrap();
    assert!(clean_up_source(store, &source(), KEEP, 1040).await.is_err());
    assert_eq!(kept(store).await, ["a", "b", "c"]);
}
