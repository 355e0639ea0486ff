//! Plain documents in a real server: the one that `MONGODB_URI` names.

use std::sync::Mutex;

use futures::TryStreamExt as _;
use mongodb::Client;
use mongodb::event::EventHandler;
use mongodb::event::command::CommandEvent;
use mongodb::options::ClientOptions;
use trends::exclusions::{Action, Change, Subject};

use super::super::MongoOptions;
use super::super::records::{self, RecordId};
use super::super::tests::options;
use super::*;
use crate::generations::{self, Publication, PublicationStatus};
use crate::view::tests::fixture::{self, source};
use crate::{RunId, Store as _};

async fn store(options: &MongoOptions, collections: &[&str]) -> MongoStore {
    let store = MongoStore::open(options).await.unwrap();
    for name in collections {
        let collection = store.database.collection::<Document>(name);
        collection.insert_one(doc! { "_id": *name }).await.unwrap();
    }
    store
}

async fn shown_collections(store: &MongoStore) -> Vec<String> {
    let mut names = store.collections().await.unwrap();
    names.retain(|name| name.starts_with("trends-"));
    names.sort();
    names
}

#[testing::needs(mongodb)]
#[tokio::test(flavor = "multi_thread")]
async fn the_collections_of_later_publishers_are_not_swept() {
    let options = options("swept");
    let names =
        ["trends-s", "trends-s~gone~c", "trends-s~one~a", "trends-s~two~b", "trends-st~gone~d"];
    let store = store(&options, &names).await;
    let source = SourceName::new("s").unwrap();
    let mut log = Vec::new();
    for (start, name) in [(1, "one"), (2, "two")] {
        let run = RunId::new(name).unwrap();
        let publication =
            Publication { source: &source, run: &run, start, published_at: "", incomplete: false };
        let published = generations::publish(&store, &publication).await;
        let Ok(PublicationStatus::Published(entry)) = published else { panic!("{published:?}") };
        log.push(entry);
    }
    sweep(&store, "trends-s", &log[0]).await.unwrap();
    let left = ["trends-s", "trends-st~gone~d", "trends-s~one~a", "trends-s~two~b"];
    assert_eq!(shown_collections(&store).await, left);
    sweep(&store, "trends-s", &log[1]).await.unwrap();
    assert_eq!(shown_collections(&store).await, ["trends-s", "trends-st~gone~d", "trends-s~two~b"]);
    assert!(store.runs().await.unwrap().is_empty(), "nothing else is touched");
    store.database.drop().await.unwrap();
}

/// Excludes or readmits a term.
async fn change(store: &MongoStore, action: Action, subject: Subject) {
    let change = Change { action, subjects: vec![subject], reason: None };
    exclusions::append(store, &source(), &change, "now").await.unwrap();
}

fn term(term: &str) -> Subject {
    Subject::Term { term: term.to_owned(), kind: None }
}

fn pattern(pattern: &str) -> Subject {
    Subject::Pattern { pattern: pattern.to_owned(), kind: None }
}

/// The words of the documents in order of their ranks, which have no gaps.
async fn words(store: &MongoStore) -> Vec<String> {
    let documents = store.database.collection::<Document>("trends-s");
    let found = documents.find(doc! {}).sort(doc! { "_id": 1 }).await.unwrap();
    let found: Vec<Document> = found.try_collect().await.unwrap();
    let ranks: Vec<i64> = found.iter().map(|found| found.get_i64("_id").unwrap()).collect();
    assert_eq!(ranks, (1..=found.len() as i64).collect::<Vec<_>>());
    found.iter().map(|found| found.get_str("word").unwrap().to_owned()).collect()
}

const WORDS: [(&str, u64); 5] = [("a", 9), ("b", 8), ("c", 7), ("d", 6), ("e", 5)];

async fn published(options: &MongoOptions) -> MongoStore {
    let store = store(options, &[]).await;
    let topics = WORDS.map(|(term, count)| (Kind::Word, term.to_owned(), count));
    fixture::publish(&store, 1, &topics, 2).await;
    store
}

#[testing::needs(mongodb)]
#[tokio::test(flavor = "multi_thread")]
async fn excluded_words_have_no_documents_and_make_room_for_others() {
    let options = options("excluded");
    let store = published(&options).await;
    let attempt = AttemptId::new("a").unwrap();
    let update = async || update_plain_documents(&store, &source(), &attempt).await.unwrap();
    refresh(&store, &source(), &attempt, 4).await.unwrap();
    assert_eq!(words(&store).await, ["a", "b", "c", "d"]);
    change(&store, Action::Exclude, term("b")).await;
    update().await;
    assert_eq!(words(&store).await, ["a", "c", "d", "e"]);
    // Excluding every word leaves no documents. Readmitting the words writes them again.
    change(&store, Action::Exclude, pattern("?")).await;
    update().await;
    assert!(words(&store).await.is_empty());
    change(&store, Action::Readmit, pattern("?")).await;
    update().await;
    assert_eq!(words(&store).await, ["a", "c", "d", "e"]);
    // Publishing omits excluded words, too.
    let topics = WORDS.map(|(term, count)| (Kind::Word, term.to_owned(), count + 1));
    fixture::publish(&store, 2, &topics, 2).await;
    refresh(&store, &source(), &attempt, 2).await.unwrap();
    assert_eq!(words(&store).await, ["a", "c"]);
    // With a limit of 0 there are no documents, also after a change.
    refresh(&store, &source(), &attempt, 0).await.unwrap();
    change(&store, Action::Exclude, term("c")).await;
    update().await;
    assert!(words(&store).await.is_empty());
    store.database.drop().await.unwrap();
}

#[testing::needs(mongodb)]
#[tokio::test(flavor = "multi_thread")]
async fn documents_agree_with_the_log_after_concurrent_changes() {
    let options = options("agreed");
    let store = published(&options).await;
    refresh(&store, &source(), &AttemptId::new("first").unwrap(), 3).await.unwrap();
    let mut tasks = Vec::new();
    for (number, (word, _)) in WORDS.into_iter().take(3).enumerate() {
        let store = store.clone();
        tasks.push(tokio::spawn(async move {
            let attempt = AttemptId::new(&format!("task-{number}")).unwrap();
            change(&store, Action::Exclude, term(word)).await;
            update_plain_documents(&store, &source(), &attempt).await.unwrap();
        }));
    }
    for task in tasks {
        task.await.unwrap();
    }
    assert_eq!(words(&store).await, ["d", "e"]);
    store.database.drop().await.unwrap();
}

#[testing::needs(mongodb)]
#[tokio::test(flavor = "multi_thread")]
async fn concurrent_renames_to_one_name_leave_the_last_collection_whole() {
    let options = options("crowded");
    let store = store(&options, &["trends-s"]).await;
    let mut tasks = Vec::new();
    for number in 0..8 {
        let store = store.clone();
        tasks.push(tokio::spawn(async move {
            let name = format!("trends-s~{number}");
            let collection = store.database.collection::<Document>(&name);
            for turn in 0..4 {
                collection.insert_one(doc! { "_id": number, "turn": turn }).await.unwrap();
                assert!(swap(&store, &name, "trends-s").await.unwrap());
            }
        }));
    }
    for task in tasks {
        task.await.unwrap();
    }
    assert_eq!(shown_collections(&store).await, ["trends-s"]);
    let left = store.database.collection::<Document>("trends-s").find(doc! {}).await.unwrap();
    let left: Vec<Document> = left.try_collect().await.unwrap();
    assert!(matches!(&left[..], [one] if matches!(one.get_i32("turn"), Ok(3))), "{left:?}");
    store.database.drop().await.unwrap();
}

/// A store that keeps the commands it sends.
async fn watched(options: &MongoOptions) -> (MongoStore, Arc<Mutex<Vec<Document>>>) {
    let mut store = MongoStore::open(options).await.unwrap();
    let sent = Arc::<Mutex<Vec<Document>>>::default();
    let seen = Arc::clone(&sent);
    let mut client = ClientOptions::parse(options.uri.secret()).await.unwrap();
    client.command_event_handler = Some(EventHandler::callback(move |event| {
        if let CommandEvent::Started(event) = event {
            seen.lock().unwrap().push(event.command);
        }
    }));
    store.database = Client::with_options(client).unwrap().database(&options.database);
    (store, sent)
}

#[testing::needs(mongodb)]
#[tokio::test(flavor = "multi_thread")]
async fn plain_documents_and_records_are_shown_without_a_count_of_a_whole_collection() {
    let options = options("uncounted");
    drop(published(&options).await);
    let (store, sent) = watched(&options).await;
    let attempt = AttemptId::new("a").unwrap();
    refresh(&store, &source(), &attempt, 4).await.unwrap();
    let run = newest(&store, &source(), 0).await.unwrap().unwrap().run;
    for object in 0..4 {
        let records: Vec<_> = (0..50)
            .map(|offset| (RecordId { shard: 0, object, offset }, &br#"{"text":"x"}"#[..]))
            .collect();
        records::insert(&store, &source(), &run, &records).await.unwrap();
    }
    records::publish(&store, &source(), &run, &[], 200).await.unwrap();
    // Documents of versions that did not store the wanted number.
    store.database.collection::<Document>(WANTED).drop().await.unwrap();
    change(&store, Action::Exclude, term("b")).await;
    update_plain_documents(&store, &source(), &attempt).await.unwrap();
    assert_eq!(words(&store).await, ["a", "c", "d", "e"]);
    let records = store.database.collection::<Document>("s");
    assert!(records.find_one(doc! { "text": "x" }).await.unwrap().is_some());
    for command in sent.lock().unwrap().iter() {
        let name = command.keys().next().unwrap();
        assert!(!["count", "aggregate"].contains(&name.as_str()), "{command}");
    }
    store.database.drop().await.unwrap();
}

#[testing::needs(mongodb)]
#[tokio::test(flavor = "multi_thread")]
async fn a_large_run_is_removed_in_pieces() {
    let options = options("pieces");
    let (store, sent) = watched(&options).await;
    let run = RunId::new("large").unwrap();
    let blocks: Vec<Document> =
        (0..2_500).map(|block| doc! { "_id": block, "run": run.as_str() }).collect();
    let documents = store.database.collection::<Document>("trendjob.blocks");
    documents.insert_many(blocks).await.unwrap();
    documents.insert_one(doc! { "_id": "another", "run": "small" }).await.unwrap();
    store.remove_run(&run).await.unwrap();
    assert_eq!(documents.count_documents(doc! {}).await.unwrap(), 1);
    let pieces: Vec<_> = sent
        .lock()
        .unwrap()
        .iter()
        .filter(|command| command.get_str("delete").is_ok_and(|name| name == "trendjob.blocks"))
        .map(|delete| {
            let query = delete.get_array("deletes").unwrap()[0].as_document().unwrap();
            let query = query.get_document("q").unwrap();
            query.get_document("_id").map_or(0, |ids| ids.get_array("$in").unwrap().len())
        })
        .collect();
    assert_eq!(pieces, [1_000, 1_000, 0], "and the rest by the run's name");
    store.database.drop().await.unwrap();
}

#[testing::needs(mongodb)]
#[tokio::test(flavor = "multi_thread")]
async fn a_collection_replaces_another_only_if_it_exists() {
    let options = options("swapped");
    let store = store(&options, &["trends-old", "trends-new"]).await;
    assert!(!swap(&store, "trends-none", "trends-new").await.unwrap());
    assert_eq!(shown_collections(&store).await, ["trends-new", "trends-old"]);
    assert!(swap(&store, "trends-new", "trends-old").await.unwrap());
    assert_eq!(shown_collections(&store).await, ["trends-old"]);
    let moved = store.database.collection::<Document>("trends-old").find_one(doc! {}).await;
    assert_eq!(moved.unwrap(), Some(doc! { "_id": "trends-new" }));
    store.database.drop().await.unwrap();
}
