//! The generation log in cases that two well-behaved publishers never cause.

use super::*;
use crate::log::tests::{Lossy, assert_names};
use crate::retention::purge;
use crate::{BlockKey, Insertion, ObjectStore, Stage, Store, TrendJobUid};

fn source() -> SourceName {
    SourceName::new("s").unwrap()
}

fn run(name: &str) -> RunId {
    RunId::new(name).unwrap()
}

async fn publish(
    store: &dyn Store,
    name: &str,
    start: u64,
) -> Result<PublicationStatus, StoreError> {
    let publication = Publication {
        source: &source(),
        run: &run(name),
        start,
        published_at: "now",
        incomplete: false,
    };
    super::publish(store, &publication).await
}

#[tokio::test]
async fn an_entry_of_a_newer_format_is_refused() {
    let store = ObjectStore::in_memory().await.unwrap();
    publish(&store, "one", 1).await.unwrap();
    let key = Key::generation(&source(), 2);
    store.insert(&key, r#"{"format":2,"somethingElse":[]}"#.into()).await.unwrap();
    let errors = [
        newest(&store, &source(), 0).await.unwrap_err(),
        history(&store, &source(), 9).await.unwrap_err(),
        publish(&store, "three", 3).await.unwrap_err(),
        rollback(&store, &source(), 1, "now").await.unwrap_err(),
    ];
    for error in errors {
        assert!(matches!(&error, StoreError::Newer { found: 2, known: 1, .. }), "{error:?}");
        assert!(error.to_string().contains(&key.to_string()), "{error}");
    }
}

#[tokio::test]
async fn a_damaged_entry_is_named() {
    let store = ObjectStore::in_memory().await.unwrap();
    store.insert(&Key::generation(&source(), 1), "?".into()).await.unwrap();
    let error = newest(&store, &source(), 0).await.unwrap_err();
    assert!(matches!(&error, StoreError::Damaged { .. }), "{error:?}");
    assert!(error.to_string().contains("generations/s/00000000000000000001"), "{error}");
}

#[tokio::test]
async fn another_run_with_the_same_start_number_is_a_conflict() {
    let store = ObjectStore::in_memory().await.unwrap();
    for (name, start) in [("one", 1), ("two", 2)] {
        publish(&store, name, start).await.unwrap();
    }
    let outcome = publish(&store, "impostor", 2).await;
    assert!(matches!(outcome, Err(StoreError::Conflict { .. })), "{outcome:?}");
}

#[tokio::test]
async fn publishing_again_returns_the_same_generation_after_any_rollbacks() {
    let store = ObjectStore::in_memory().await.unwrap();
    for (name, start) in [("one", 1), ("two", 2)] {
        store.insert(&Key::run(&run(name)), "{}".into()).await.unwrap();
        publish(&store, name, start).await.unwrap();
    }
    let first = publish(&store, "two", 2).await.unwrap();
    for to in [1, 2, 1] {
        rollback(&store, &source(), to, "later").await.unwrap();
        assert_eq!(publish(&store, "two", 2).await.unwrap(), first);
    }
    let log = history(&store, &source(), 9).await.unwrap();
    assert_eq!(log.len(), 5, "nothing was inserted again");
    assert!(log.iter().all(|entry| entry.highest_start <= 2));
}

#[tokio::test]
async fn a_long_log_is_found_from_any_entry_and_read_from_its_end() {
    let store = ObjectStore::in_memory().await.unwrap();
    for start in 1..=70 {
        publish(&store, &format!("run-{start}"), start).await.unwrap();
    }
    for known in 0..=70 {
        let newest = newest(&store, &source(), known).await.unwrap().expect("published");
        assert_eq!(newest.generation, 70, "from {known}");
    }
    let numbers = |log: Vec<Generation>| log.iter().map(|g| g.generation).collect::<Vec<_>>();
    let last = history(&store, &source(), 3).await.unwrap();
    assert_eq!(numbers(last), [70, 69, 68]);
    assert_eq!(history(&store, &source(), 1000).await.unwrap().len(), 70);
    assert_eq!(numbers(since(&store, &source(), 68, 1000).await.unwrap()), [70, 69]);
    assert_eq!(numbers(since(&store, &source(), 0, 1).await.unwrap()), [70]);
    assert!(since(&store, &source(), 70, 1000).await.unwrap().is_empty());
    let other = SourceName::new("other").unwrap();
    assert_eq!(newest(&store, &other, 0).await.unwrap(), None);
    assert!(history(&store, &other, 9).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_purged_run_is_not_published() {
    let store = ObjectStore::in_memory().await.unwrap();
    store.insert(&Key::run(&run("one")), "{}".into()).await.unwrap();
    publish(&store, "one", 1).await.unwrap();
    store.insert(&Key::retired(&run("gone")), "{}".into()).await.unwrap();
    let refused = publish(&store, "gone", 2).await.unwrap_err();
    assert!(matches!(&refused, StoreError::Refused(why) if why.contains("purged")), "{refused:?}");
    assert_eq!(history(&store, &source(), 9).await.unwrap().len(), 1, "nothing was inserted");
}

/// A store in which a TrendJob is purged at the moment an entry is inserted.
#[derive(Debug)]
struct PurgedMeanwhile {
    inner: ObjectStore,
    /// The UID of the TrendJob, and the number of the entry.
    uid: &'static str,
    at: u64,
}

#[async_trait::async_trait]
impl Store for PurgedMeanwhile {
    async fn insert(&self, key: &Key, value: bytes::Bytes) -> Result<Insertion, StoreError> {
        if *key == Key::generation(&source(), self.at) {
            let uid = TrendJobUid::new(self.uid).unwrap();
            purge(&self.inner, &source(), &uid, "now", async {}).await?;
        }
        self.inner.insert(key, value).await
    }

    async fn get(&self, key: &Key) -> Result<Option<bytes::Bytes>, StoreError> {
        self.inner.get(key).await
    }

    async fn runs(&self) -> Result<Vec<RunId>, StoreError> {
        self.inner.runs().await
    }

    async fn sources(&self) -> Result<Vec<SourceName>, StoreError> {
        self.inner.sources().await
    }

    async fn put_block(&self, key: &BlockKey, bytes: bytes::Bytes) -> Result<(), StoreError> {
        self.inner.put_block(key, bytes).await
    }

    async fn get_block(&self, key: &BlockKey) -> Result<bytes::Bytes, StoreError> {
        self.inner.get_block(key).await
    }

    async fn highest(&self, log: Log, source: &SourceName) -> Result<u64, StoreError> {
        self.inner.highest(log, source).await
    }

    fn list(&self, part: crate::Part) -> crate::Listing<'_> {
        self.inner.list(part)
    }

    async fn remove_blocks(&self, run: &RunId, stage: Stage) -> Result<(), StoreError> {
        self.inner.remove_blocks(run, stage).await
    }

    async fn remove_run(&self, run: &RunId) -> Result<(), StoreError> {
        self.inner.remove_run(run).await
    }
}

/// Two runs are published, of the TrendJobs `a` and `b`, and `uid` is purged when entry `at` is
/// inserted.
async fn purged_meanwhile(uid: &'static str, at: u64) -> PurgedMeanwhile {
    let inner = ObjectStore::in_memory().await.unwrap();
    for (name, start) in [("a-0", 1), ("b-0", 2), ("c-0", 3)] {
        let record = format!(r#"{{"source":"s","start":{start}}}"#);
        inner.insert(&Key::run(&run(name)), record.into()).await.unwrap();
        if start < 3 {
            publish(&inner, name, start).await.unwrap();
        }
    }
    PurgedMeanwhile { inner, uid, at }
}

/// Returns the run that the newest entry shows, and the number of the entry.
async fn shown(store: &dyn Store) -> (Option<String>, u64) {
    let newest = newest(store, &source(), 0).await.unwrap().unwrap();
    let run = (!newest.withdrawn).then(|| newest.run.to_string());
    (run, newest.generation)
}

#[tokio::test]
async fn a_run_that_is_purged_while_it_is_published_is_withdrawn() {
    let store = purged_meanwhile("c", 3).await;
    let refused = publish(&store, "c-0", 3).await.unwrap_err();
    assert!(matches!(&refused, StoreError::Refused(_)), "{refused:?}");
    assert_eq!(shown(&store).await, (Some("b-0".to_owned()), 4));
}

#[tokio::test]
async fn a_run_that_is_purged_while_a_rollback_shows_it_is_withdrawn() {
    let store = purged_meanwhile("a", 3).await;
    let refused = rollback(&store, &source(), 1, "now").await.unwrap_err();
    assert!(matches!(&refused, StoreError::Refused(_)), "{refused:?}");
    assert_eq!(shown(&store).await, (Some("b-0".to_owned()), 4));
}

#[tokio::test]
async fn a_purge_never_shows_a_run_that_another_purge_removes() {
    let store = purged_meanwhile("a", 3).await;
    let uid = TrendJobUid::new("b").unwrap();
    purge(&store, &source(), &uid, "now", async {}).await.unwrap();
    assert_eq!(shown(&store).await, (None, 3));
}

#[tokio::test]
async fn a_publisher_that_died_before_its_second_look_is_refused_when_it_tries_again() {
    let store = ObjectStore::in_memory().await.unwrap();
    store.insert(&Key::run(&run("c-0")), r#"{"source":"s"}"#.into()).await.unwrap();
    publish(&store, "c-0", 1).await.unwrap();
    let uid = TrendJobUid::new("c").unwrap();
    crate::marks::mark_purged(&store, &uid, "now").await.unwrap();
    let refused = publish(&store, "c-0", 1).await.unwrap_err();
    assert!(matches!(&refused, StoreError::Refused(_)), "{refused:?}");
    assert_eq!(shown(&store).await, (None, 2));
}

#[tokio::test]
async fn a_reader_skips_an_entry_whose_run_is_gone_and_no_other() {
    let store = purged_meanwhile("none", 9).await;
    let newest = newest(&store, &source(), 0).await.unwrap().unwrap();
    let missing = || StoreError::Missing { key: "a block".to_owned() };
    let mut visible = Visible::new(&store, newest.clone());
    let refused = visible.skip(missing()).await;
    assert!(refused.is_err(), "a run without a mark is damaged");
    crate::marks::mark_purged(&store, &TrendJobUid::new("b").unwrap(), "now").await.unwrap();
    let mut visible = Visible::new(&store, newest);
    visible.skip(missing()).await.unwrap();
    assert_eq!(visible.entry().unwrap().run, run("a-0"));
}

#[tokio::test]
async fn the_publication_of_a_run_is_found_in_a_long_log() {
    let store = ObjectStore::in_memory().await.unwrap();
    for start in (2..=40).step_by(2) {
        store.insert(&Key::run(&run(&format!("run-{start}"))), "{}".into()).await.unwrap();
        publish(&store, &format!("run-{start}"), start).await.unwrap();
        if start > 2 {
            rollback(&store, &source(), 1, "now").await.unwrap();
        }
    }
    let newest = newest(&store, &source(), 0).await.unwrap().unwrap();
    for start in 1..=50 {
        let run = run(&format!("run-{start}"));
        let found = Publications::new(&store, &newest).of(&run, start).await.unwrap();
        let found = found.map(|entry| (entry.start, entry.rollback_to));
        let is_published = start <= 40 && start % 2 == 0;
        assert_eq!(found, is_published.then_some((start, None)));
    }
    assert_eq!(Publications::new(&store, &newest).of(&run("run-4"), 6).await.unwrap(), None);
}

/// A log of ten entries: two runs, and rollbacks from one to the other. Its entry `hole` is lost.
async fn log_without(hole: u64) -> Lossy {
    let lossy = Lossy::new().await;
    for (name, start) in [("one", 1), ("two", 2)] {
        lossy.store.insert(&Key::run(&run(name)), "{}".into()).await.unwrap();
        publish(&lossy.store, name, start).await.unwrap();
    }
    for to in [1, 2, 1, 2, 1, 2, 1, 2] {
        rollback(&lossy.store, &source(), to, "later").await.unwrap();
    }
    lossy.lose(&Key::generation(&source(), hole)).await;
    lossy
}

#[tokio::test]
async fn no_entry_is_inserted_below_the_newest_one_whatever_entry_is_lost() {
    for hole in 1..=9 {
        let (lossy, key) = (log_without(hole).await, Key::generation(&source(), hole));
        match publish(&lossy.store, "three", 3).await {
            Ok(PublicationStatus::Published(entry)) => assert_eq!(entry.generation, 11),
            Ok(status) => panic!("without {hole}: {status:?}"),
            Err(error) => assert_names(&error, &key),
        }
        let lossy = log_without(hole).await;
        match rollback(&lossy.store, &source(), 5, "later").await {
            Ok(entry) => assert_eq!(entry.generation, 11),
            Err(error) => assert_names(&error, &key),
        }
        // The newest run is purged: its entry is withdrawn.
        let lossy = log_without(hole).await;
        crate::marks::retire(&lossy.store, &run("two"), 0).await.unwrap();
        match withdraw_gone(&lossy.store, &source(), "later").await {
            Ok(Some(entry)) => assert_eq!((entry.generation, &entry.run), (11, &run("one"))),
            Ok(None) => panic!("without {hole}: nothing is withdrawn"),
            Err(error) => assert_names(&error, &key),
        }
        assert_eq!(at(&lossy.store, &source(), hole).await.unwrap(), None, "the hole stays");
    }
}

#[tokio::test]
async fn a_reader_of_a_log_without_its_first_entry_is_not_told_that_nothing_is_published() {
    let lossy = log_without(1).await;
    let error = newest(&lossy.store, &source(), 0).await.unwrap_err();
    assert_names(&error, &Key::generation(&source(), 1));
    let other = SourceName::new("other").unwrap();
    assert_eq!(newest(&lossy.store, &other, 0).await.unwrap(), None);
}

#[tokio::test]
async fn a_run_that_could_not_be_published_takes_no_start_number() {
    let lossy = log_without(3).await;
    let error = take_start(&lossy.store, &source(), &run("three")).await.unwrap_err();
    assert_names(&error, &Key::generation(&source(), 3));
    assert_eq!(lossy.count(Log::Starts).await, 0);
}

#[tokio::test]
async fn a_lost_start_number_is_never_taken_again() {
    for lost in 1..=5 {
        let lossy = Lossy::new().await;
        for expected in 1..=5 {
            let name = format!("run-{expected}");
            let start = take_start(&lossy.store, &source(), &run(&name)).await.unwrap();
            assert_eq!(start, expected);
            publish(&lossy.store, &name, start).await.unwrap();
        }
        lossy.lose(&Key::start(&source(), lost)).await;
        let start = take_start(&lossy.store, &source(), &run("next")).await.unwrap();
        assert_eq!(start, 6, "without {lost}");
    }
}

#[tokio::test]
async fn a_damaged_newest_entry_stops_a_run_before_its_work_and_can_be_moved_away() {
    let lossy = Lossy::new().await;
    for (name, start) in [("one", 1), ("two", 2)] {
        publish(&lossy.store, name, start).await.unwrap();
    }
    let key = Key::generation(&source(), 2);
    lossy.spoil(&key).await;
    let errors = [
        take_start(&lossy.store, &source(), &run("three")).await.unwrap_err(),
        newest(&lossy.store, &source(), 0).await.unwrap_err(),
        rollback(&lossy.store, &source(), 1, "now").await.unwrap_err(),
    ];
    for error in errors.map(|error| error.to_string()) {
        assert!(error.contains(&key.to_string()) && error.contains("moved away"), "{error}");
        assert!(!error.contains("run the job again"), "{error}");
    }
    assert_eq!(lossy.count(Log::Starts).await, 0);
    lossy.lose(&key).await;
    assert_eq!(shown(&lossy.store).await, (Some("one".to_owned()), 1));
    let published = publish(&lossy.store, "three", 3).await.unwrap();
    assert!(matches!(published, PublicationStatus::Published(entry) if entry.generation == 2));
}
