//! What the log answers in the cases that two well-behaved publishers never bring about.

use super::*;
use crate::ObjectStore;

fn source() -> SourceName {
    SourceName::new("s").unwrap()
}

fn run(name: &str) -> RunId {
    RunId::new(name).unwrap()
}

async fn publish(store: &dyn Store, name: &str, start: u64) -> Result<Outcome, StoreError> {
    super::publish(store, &source(), &run(name), start, "now", false).await
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
        assert!(error.to_string().contains(key.as_str()), "{error}");
    }
}

#[tokio::test]
async fn an_entry_that_is_no_entry_is_named() {
    let store = ObjectStore::in_memory().await.unwrap();
    store.insert(&Key::generation(&source(), 1), "?".into()).await.unwrap();
    let error = newest(&store, &source(), 0).await.unwrap_err();
    assert!(matches!(&error, StoreError::Damaged { .. }), "{error:?}");
    assert!(error.to_string().contains("generations/s/00000000000000000001"), "{error}");
}

#[tokio::test]
async fn a_run_is_not_told_that_another_one_with_its_number_is_its_own() {
    let store = ObjectStore::in_memory().await.unwrap();
    for (name, start) in [("one", 1), ("two", 2)] {
        publish(&store, name, start).await.unwrap();
    }
    let outcome = publish(&store, "impostor", 2).await;
    assert!(matches!(outcome, Err(StoreError::Conflict { .. })), "{outcome:?}");
}

#[tokio::test]
async fn a_published_run_is_told_the_same_generation_whatever_was_rolled_back_since() {
    let store = ObjectStore::in_memory().await.unwrap();
    for (name, start) in [("one", 1), ("two", 2)] {
        store.insert(&Key::run(&run(name)), "{}".into()).await.unwrap();
        publish(&store, name, start).await.unwrap();
    }
    let told = publish(&store, "two", 2).await.unwrap();
    for to in [1, 2, 1] {
        rollback(&store, &source(), to, "later").await.unwrap();
        assert_eq!(publish(&store, "two", 2).await.unwrap(), told);
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
