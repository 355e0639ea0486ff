//! The generation log in cases that two well-behaved publishers never cause.

use super::*;
use crate::{BlockKey, Insertion, ObjectStore, Stage, Store};

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

/// A store that retires a run at the moment its generation is inserted.
#[derive(Debug)]
struct PurgedMeanwhile(ObjectStore);

#[async_trait::async_trait]
impl Store for PurgedMeanwhile {
    async fn insert(&self, key: &Key, value: bytes::Bytes) -> Result<Insertion, StoreError> {
        if key.to_string() == "generations/s/00000000000000000002" {
            self.0.insert(&Key::retired(&run("two")), "{}".into()).await?;
        }
        self.0.insert(key, value).await
    }

    async fn get(&self, key: &Key) -> Result<Option<bytes::Bytes>, StoreError> {
        self.0.get(key).await
    }

    async fn runs(&self) -> Result<Vec<RunId>, StoreError> {
        self.0.runs().await
    }

    async fn sources(&self) -> Result<Vec<SourceName>, StoreError> {
        self.0.sources().await
    }

    async fn put_block(&self, key: &BlockKey, bytes: bytes::Bytes) -> Result<(), StoreError> {
        self.0.put_block(key, bytes).await
    }

    async fn get_block(&self, key: &BlockKey) -> Result<bytes::Bytes, StoreError> {
        self.0.get_block(key).await
    }

    fn list(&self, part: crate::Part) -> crate::Listing<'_> {
        self.0.list(part)
    }

    async fn remove_blocks(&self, run: &RunId, stage: Stage) -> Result<(), StoreError> {
        self.0.remove_blocks(run, stage).await
    }

    async fn remove_run(&self, run: &RunId) -> Result<(), StoreError> {
        self.0.remove_run(run).await
    }
}

#[tokio::test]
async fn a_run_that_is_purged_while_it_is_published_is_withdrawn() {
    let store = PurgedMeanwhile(ObjectStore::in_memory().await.unwrap());
    store.insert(&Key::run(&run("one")), "{}".into()).await.unwrap();
    publish(&store, "one", 1).await.unwrap();
    let refused = publish(&store, "two", 2).await.unwrap_err();
    assert!(matches!(&refused, StoreError::Refused(_)), "{refused:?}");
    let newest = newest(&store, &source(), 0).await.unwrap().unwrap();
    assert_eq!((newest.generation, newest.run, newest.rollback_to), (3, run("one"), Some(1)));
}
