//! The exclusion log when it is long, damaged, of a newer format, or written by many at once.

use std::sync::Arc;

use trends::exclusions::{Action, MAX_PATTERNS, Subject};

use super::*;
use crate::ObjectStore;
use crate::log::tests::{Lossy, assert_names};

fn source() -> SourceName {
    SourceName::new("s").unwrap()
}

fn change(action: Action, term: &str) -> Change {
    let term = Subject::Term { term: term.to_owned(), kind: None };
    Change { action, subjects: vec![term], reason: None }
}

async fn exclude(store: &dyn Store, term: &str) -> (Arc<Exclusions>, Option<Entry>) {
    append(store, &source(), &change(Action::Exclude, term), "now").await.unwrap()
}

#[tokio::test]
async fn an_entry_of_a_newer_format_or_with_another_number_is_refused_by_name() {
    for (entry, part) in [
        (r#"{"format":2,"somethingElse":[]}"#, "use a newer trendjob"),
        ("?", "is damaged"),
        (
            r#"{"format":1,"number":7,"source":"s","at":"","action":"exclude","subjects":[]}"#,
            "it has the number 7",
        ),
    ] {
        let store = ObjectStore::in_memory().await.unwrap();
        exclude(&store, "love").await;
        let key = Key::exclusion(&source(), 2);
        store.insert(&key, entry.into()).await.unwrap();
        let errors = [
            current(&store, &source(), &Arc::default()).await.unwrap_err(),
            append(&store, &source(), &change(Action::Exclude, "x"), "now").await.unwrap_err(),
        ];
        for error in errors.map(|error| error.to_string()) {
            assert!(error.contains(part) && error.contains(&key.to_string()), "{error}");
            assert!(!error.contains("run the job again"), "that changes no exclusion: {error}");
        }
    }
}

#[tokio::test]
async fn a_change_without_effect_is_not_written_and_an_impossible_one_is_refused() {
    let store = ObjectStore::in_memory().await.unwrap();
    let (_, entry) = exclude(&store, "Love").await;
    assert_eq!(entry.unwrap().number, 1);
    let (exclusions, entry) = exclude(&store, "love ").await;
    assert_eq!((exclusions.version(), entry), (1, None));
    let readmit = change(Action::Readmit, "peace");
    let refused = append(&store, &source(), &readmit, "now").await.unwrap_err();
    assert!(matches!(&refused, StoreError::Refused(why) if why.contains("is not excluded")));
    let refused = append(&store, &source(), &change(Action::Exclude, ""), "now").await.unwrap_err();
    assert!(matches!(&refused, StoreError::Refused(why) if why.contains("can't be a term")));
    assert_eq!(current(&store, &source(), &Arc::default()).await.unwrap().version(), 1);
}

#[tokio::test]
async fn a_long_log_is_read_from_the_known_version_and_anew_in_another_store() {
    let store = ObjectStore::in_memory().await.unwrap();
    let mut known = vec![Arc::<Exclusions>::default()];
    for number in 1..=70 {
        known.push(exclude(&store, &format!("term{number}")).await.0);
    }
    let last = known.last().unwrap();
    assert_eq!((last.version(), last.terms().count()), (70, 70));
    for before in &known {
        assert_eq!(&current(&store, &source(), before).await.unwrap(), last);
    }
    let other = ObjectStore::in_memory().await.unwrap();
    assert_eq!(current(&other, &source(), last).await.unwrap(), Arc::default());
    let (one, _) = exclude(&other, "one").await;
    assert_eq!(current(&other, &source(), last).await.unwrap(), one);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_limits_hold_however_many_append_at_once() {
    let store = Arc::new(ObjectStore::in_memory().await.unwrap());
    let mut tasks = Vec::new();
    for number in 0..MAX_PATTERNS + 20 {
        let store = Arc::clone(&store);
        tasks.push(tokio::spawn(async move {
            let pattern = Subject::Pattern { pattern: format!("{number}*"), kind: None };
            let change = Change { action: Action::Exclude, subjects: vec![pattern], reason: None };
            append(&*store, &source(), &change, "now").await
        }));
    }
    let mut refused = 0;
    for task in tasks {
        match task.await.unwrap() {
            Ok((_, entry)) => assert!(entry.is_some()),
            Err(StoreError::Refused(why)) if why.contains("at most 100") => refused += 1,
            Err(error) => panic!("{error}"),
        }
    }
    assert_eq!(refused, 20);
    let exclusions = current(&*store, &source(), &Arc::default()).await.unwrap();
    assert_eq!(exclusions.patterns().count(), MAX_PATTERNS);
}

#[tokio::test]
async fn no_lost_entry_readmits_what_later_ones_exclude() {
    for hole in 1..=9 {
        let lossy = Lossy::new().await;
        for n in 1..=10 {
            exclude(&lossy.store, &format!("term{n}")).await;
        }
        let key = Key::exclusion(&source(), hole);
        lossy.lose(&key).await;
        let change = change(Action::Exclude, "other");
        assert_names(&current(&lossy.store, &source(), &Arc::default()).await.unwrap_err(), &key);
        assert_names(&append(&lossy.store, &source(), &change, "").await.unwrap_err(), &key);
        assert_eq!(lossy.count(Log::Exclusions).await, 9, "nothing was written");
    }
}
