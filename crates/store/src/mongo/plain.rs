//! Plain documents for people in a shell and for readers of the original layout: `trends-<source>`
//! with `{_id: rank, word, count, documents, generation, exclusions}`. Owns how they follow what is
//! visible, and without which words.
//!
//! They are a copy: written beside the old ones, then renamed over them. Where a server can't rename
//! over a collection that exists there is a short gap between dropping the old and renaming the new.

use std::sync::Arc;
use std::time::Duration;

use backon::{BackoffBuilder as _, ExponentialBuilder};
use mongodb::bson::{Document, doc};
use tokio::time::sleep;
use trends::Kind;
use trends::exclusions::Exclusions;

use super::{MongoStore, fault};
use crate::generations::{newest, since};
use crate::{AttemptId, Generation, Published, SourceName, StoreError, View, exclusions};

/// What parts the name of a collection from that of a run whose documents are written beside it. No
/// source, run or attempt can hold it. Not a dot: some servers can't rename names with dots.
pub(super) const BESIDE: char = '~';

/// How often it is tried again to put a collection in the place of another, if others come between.
const TURNS: usize = 50;

/// Documents of one insert.
const BATCH: usize = 1000;

/// The fields that say which generation a document is of, and which version of what is excluded it was
/// written without.
const GENERATION: &str = "generation";
const EXCLUSIONS: &str = "exclusions";

/// How many documents were asked for, by source: excluding words must not make it fewer for good.
const ASKED_FOR: &str = "trendjob.plain";
const LIMIT: &str = "limit";

/// What the documents are made of.
#[derive(Debug, PartialEq, Eq)]
struct MadeOf {
    generation: Option<Generation>,
    exclusions: Arc<Exclusions>,
}

impl MadeOf {
    async fn newest(store: &MongoStore, source: &SourceName) -> Result<Self, StoreError> {
        let generation = newest(store, source, 0).await?;
        let exclusions = exclusions::current(store, source, &Arc::default()).await?;
        Ok(Self { generation, exclusions })
    }

    /// The same as documents say it.
    fn numbers(&self) -> (Option<i64>, i64) {
        let generation = self.generation.as_ref().map(|newest| number(newest.generation));
        (generation, number(self.exclusions.version()))
    }
}

/// Makes the plain documents of a source those of its newest generation, the `limit` highest-ranked words
/// that are not excluded; again, until neither another generation nor another exclusion came between.
pub async fn refresh(
    store: &MongoStore,
    source: &SourceName,
    attempt: &AttemptId,
    limit: u64,
) -> Result<(), StoreError> {
    let asked_for = store.database.collection::<Document>(ASKED_FOR);
    let remember = || async {
        let limit = doc! { "_id": source.as_str(), LIMIT: number(limit) };
        asked_for.replace_one(doc! { "_id": source.as_str() }, limit).upsert(true).await
    };
    store.retry("writing", ASKED_FOR, remember).await?;
    rewrite(store, source, attempt, limit).await
}

async fn rewrite(
    store: &MongoStore,
    source: &SourceName,
    attempt: &AttemptId,
    limit: u64,
) -> Result<(), StoreError> {
    let target = format!("trends-{source}");
    let mut shown: Option<MadeOf> = None;
    loop {
        let newest = MadeOf::newest(store, source).await?;
        if shown.as_ref() == Some(&newest) {
            return Ok(());
        }
        match &newest.generation {
            Some(generation) if !generation.withdrawn && limit > 0 => {
                let beside = format!("{target}{BESIDE}{}{BESIDE}{attempt}", generation.run);
                let written = write(store, generation, &newest.exclusions, &beside, limit).await?;
                // A publisher of a later generation may have swept it away while it was written.
                if count(store, &beside).await? != written || !swap(store, &beside, &target).await?
                {
                    continue;
                }
                sweep(store, &target, generation).await?;
            }
            _ => drop_collection(store, &target).await?,
        }
        shown = Some(newest);
    }
}

/// The same, if others are shown: the publisher of an earlier generation, or whoever excluded something,
/// may have put them there last, and died before it saw that it was overtaken.
pub async fn catch_up(
    store: &MongoStore,
    source: &SourceName,
    attempt: &AttemptId,
    limit: u64,
) -> Result<(), StoreError> {
    let shown = shown(store, source).await?;
    let newest = MadeOf::newest(store, source).await?;
    if shown.is_some_and(|shown| shown != newest.numbers()) && limit > 0 {
        refresh(store, source, attempt, limit).await?;
    }
    Ok(())
}

/// The same with as many words as were asked for last: for whoever changes what is visible without
/// knowing how many that were.
pub async fn follow(
    store: &MongoStore,
    source: &SourceName,
    attempt: &AttemptId,
) -> Result<(), StoreError> {
    let asked_for = store.database.collection::<Document>(ASKED_FOR);
    let find = || async { asked_for.find_one(doc! { "_id": source.as_str() }).await };
    let found = store.retry("reading", ASKED_FOR, find).await?;
    let limit = match found.and_then(|found| found.get_i64(LIMIT).ok()) {
        Some(limit) => u64::try_from(limit).unwrap_or(0),
        // They were written before that was kept.
        None => count(store, &format!("trends-{source}")).await?,
    };
    let newest = MadeOf::newest(store, source).await?;
    if limit > 0 && shown(store, source).await? != Some(newest.numbers()) {
        rewrite(store, source, attempt, limit).await?;
    }
    Ok(())
}

/// What the documents say that they are made of, `None` if there are none.
async fn shown(
    store: &MongoStore,
    source: &SourceName,
) -> Result<Option<(Option<i64>, i64)>, StoreError> {
    let target = format!("trends-{source}");
    let documents = store.database.collection::<Document>(&target);
    let first = || async { documents.find_one(doc! { "_id": 1_i64 }).await };
    let first = store.retry("reading", &target, first).await?;
    Ok(first.map(|first| {
        // They had no such field before anything could be excluded.
        (first.get_i64(GENERATION).ok(), first.get_i64(EXCLUSIONS).unwrap_or(0))
    }))
}

/// Writes the documents of a generation to a collection that nobody reads yet, and says how many
/// there are.
async fn write(
    store: &MongoStore,
    generation: &Generation,
    exclusions: &Arc<Exclusions>,
    collection: &str,
    limit: u64,
) -> Result<u64, StoreError> {
    drop_collection(store, collection).await?;
    let published = Published::open(Arc::new(store.clone()), generation.clone()).await?;
    let view = View::new(Arc::new(published), Arc::clone(exclusions))?;
    let documents = store.database.collection::<Document>(collection);
    let index = || async {
        let index = mongodb::IndexModel::builder().keys(doc! { "word": 1 }).build();
        documents.create_index(index).await
    };
    store.retry("making the index of", collection, index).await?;
    let mut rank = 0;
    while rank < limit {
        let wanted = usize::try_from(limit - rank).map_or(BATCH, |left| left.min(BATCH));
        let topics = view.ranked(Kind::Word, rank, wanted).await?;
        if topics.is_empty() {
            break;
        }
        let batch: Vec<Document> = (rank + 1..)
            .zip(&topics)
            .map(|(rank, topic)| {
                doc! {
                    "_id": number(rank),
                    "word": &topic.term,
                    "count": number(topic.count),
                    "documents": number(topic.documents),
                    GENERATION: number(generation.generation),
                    EXCLUSIONS: number(exclusions.version()),
                }
            })
            .collect();
        let insert = || async {
            match documents.insert_many(&batch).ordered(false).await {
                // What an earlier try inserted before its reply was lost.
                Err(error) if fault::is_only_duplicates(&error) => Ok(()),
                inserted => inserted.map(drop),
            }
        };
        store.retry("writing plain documents to", collection, insert).await?;
        rank += topics.len() as u64;
    }
    Ok(rank)
}

/// BSON has no unsigned numbers.
fn number(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// How many documents a collection holds.
pub(super) async fn count(store: &MongoStore, name: &str) -> Result<u64, StoreError> {
    let documents = store.database.collection::<Document>(name);
    let count = || async { documents.count_documents(doc! {}).await };
    store.retry("counting", name, count).await
}

/// What became of a collection that was to take the place of another.
enum Renamed {
    Done,
    /// There was none to put there.
    Missing,
    /// Something is in its place, by what the server says.
    InTheWay(String),
}

/// Puts a collection in the place of another. `false` if there was none to put there, which is also
/// what a try finds whose reply was lost.
pub(super) async fn swap(store: &MongoStore, from: &str, to: &str) -> Result<bool, StoreError> {
    let database = store.database.name();
    let admin = store.database.client().database("admin");
    let rename = async |replace: bool| {
        let mut command = doc! {
            "renameCollection": format!("{database}.{from}"),
            "to": format!("{database}.{to}"),
        };
        if replace {
            command.insert("dropTarget", true);
        }
        match admin.run_command(command).await {
            Ok(_) => Ok(Renamed::Done),
            Err(error) if fault::is_missing_namespace(&error) => Ok(Renamed::Missing),
            Err(error)
                if fault::is_existing_namespace(&error)
                    || (replace && fault::is_unsupported(&error)) =>
            {
                Ok(Renamed::InTheWay(fault::message(&error)))
            }
            Err(error) => Err(error),
        }
    };
    match store.retry("renaming", from, || rename(true)).await? {
        Renamed::Done => return Ok(true),
        Renamed::Missing => return Ok(false),
        Renamed::InTheWay(_) => {}
    }
    // Such a server may not have looked whether there is anything to put there.
    if !store.collections().await?.iter().any(|name| name == from) {
        return Ok(false);
    }
    let mut delays = ExponentialBuilder::default()
        .with_min_delay(Duration::from_millis(1))
        .with_max_delay(Duration::from_millis(100))
        .with_max_times(TURNS)
        .with_jitter()
        .build();
    loop {
        drop_collection(store, to).await?;
        let said = match store.retry("renaming", from, || rename(false)).await? {
            Renamed::Done => return Ok(true),
            Renamed::Missing => return Ok(false),
            Renamed::InTheWay(said) => said,
        };
        // Another writer put its own there since the old was dropped.
        let Some(delay) = delays.next() else {
            let tries = TURNS + 1;
            let what = format!("renaming {from} to {to}, {tries} times: {said}");
            return Err(StoreError::Refused(what));
        };
        sleep(delay).await;
    }
}

/// Drops what publishers of earlier generations, which were killed, left beside the documents. Those
/// of later ones may be at work; and one of an earlier generation that still is begins again.
async fn sweep(store: &MongoStore, target: &str, shown: &Generation) -> Result<(), StoreError> {
    let beside = format!("{target}{BESIDE}");
    let names = store.collections().await?;
    let names: Vec<&str> = names.iter().filter_map(|name| name.strip_prefix(&beside)).collect();
    if names.is_empty() {
        return Ok(());
    }
    // Read after the names: whoever writes beside has published before.
    let before = shown.generation.saturating_sub(1);
    let later = since(store, &shown.source, before, u64::MAX).await?;
    for name in names {
        let run = name.split(BESIDE).next();
        if !later.iter().any(|entry| Some(entry.run.as_str()) == run) {
            drop_collection(store, &format!("{beside}{name}")).await?;
        }
    }
    Ok(())
}

pub(super) async fn drop_collection(store: &MongoStore, name: &str) -> Result<(), StoreError> {
    let collection = store.database.collection::<Document>(name);
    let dropped = || async {
        match collection.drop().await {
            Err(error) if fault::is_missing_namespace(&error) => Ok(()),
            dropped => dropped,
        }
    };
    store.retry("dropping", name, dropped).await
}

#[cfg(test)]
mod tests {
    use futures::TryStreamExt as _;
    use trends::exclusions::{Action, Change, Subject};

    use super::super::MongoOptions;
    use super::super::tests::options;
    use super::*;
    use crate::generations::{self, Outcome};
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

    async fn beside(store: &MongoStore) -> Vec<String> {
        let mut names = store.collections().await.unwrap();
        names.retain(|name| name.starts_with("trends-"));
        names.sort();
        names
    }

    #[testing::needs(mongodb)]
    #[tokio::test(flavor = "multi_thread")]
    async fn what_a_later_publisher_writes_is_not_swept_away() {
        let options = options("swept");
        let names =
            ["trends-s", "trends-s~gone~c", "trends-s~one~a", "trends-s~two~b", "trends-st~gone~d"];
        let store = store(&options, &names).await;
        let source = SourceName::new("s").unwrap();
        let mut log = Vec::new();
        for (start, name) in [(1, "one"), (2, "two")] {
            let run = RunId::new(name).unwrap();
            let published = generations::publish(&store, &source, &run, start, "", false).await;
            let Ok(Outcome::Published(entry)) = published else { panic!("{published:?}") };
            log.push(entry);
        }
        sweep(&store, "trends-s", &log[0]).await.unwrap();
        let left = ["trends-s", "trends-st~gone~d", "trends-s~one~a", "trends-s~two~b"];
        assert_eq!(beside(&store).await, left);
        sweep(&store, "trends-s", &log[1]).await.unwrap();
        assert_eq!(beside(&store).await, ["trends-s", "trends-st~gone~d", "trends-s~two~b"]);
        assert!(store.runs().await.unwrap().is_empty(), "nothing else was touched");
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
        let follow = async || follow(&store, &source(), &attempt).await.unwrap();
        refresh(&store, &source(), &attempt, 4).await.unwrap();
        assert_eq!(words(&store).await, ["a", "b", "c", "d"]);
        change(&store, Action::Exclude, term("b")).await;
        follow().await;
        assert_eq!(words(&store).await, ["a", "c", "d", "e"]);
        // Fewer than were asked for, and then none at all: they come back all the same.
        change(&store, Action::Exclude, pattern("?")).await;
        follow().await;
        assert!(words(&store).await.is_empty());
        change(&store, Action::Readmit, pattern("?")).await;
        follow().await;
        assert_eq!(words(&store).await, ["a", "c", "d", "e"]);
        // Publishing leaves them out, too.
        let topics = WORDS.map(|(term, count)| (Kind::Word, term.to_owned(), count + 1));
        fixture::publish(&store, 2, &topics, 2).await;
        refresh(&store, &source(), &attempt, 2).await.unwrap();
        assert_eq!(words(&store).await, ["a", "c"]);
        // Where none were asked for, there are none.
        refresh(&store, &source(), &attempt, 0).await.unwrap();
        change(&store, Action::Exclude, term("c")).await;
        follow().await;
        assert!(words(&store).await.is_empty());
        store.database.drop().await.unwrap();
    }

    #[testing::needs(mongodb)]
    #[tokio::test(flavor = "multi_thread")]
    async fn documents_agree_with_the_log_however_many_exclude_and_publish_at_once() {
        let options = options("agreed");
        let store = published(&options).await;
        refresh(&store, &source(), &AttemptId::new("first").unwrap(), 3).await.unwrap();
        let mut tasks = Vec::new();
        for (number, (word, _)) in WORDS.into_iter().take(3).enumerate() {
            let store = store.clone();
            tasks.push(tokio::spawn(async move {
                let attempt = AttemptId::new(&format!("task-{number}")).unwrap();
                change(&store, Action::Exclude, term(word)).await;
                follow(&store, &source(), &attempt).await.unwrap();
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
    async fn many_may_put_theirs_in_one_place_at_once_and_the_last_is_there_whole() {
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
        assert_eq!(beside(&store).await, ["trends-s"]);
        let left = store.database.collection::<Document>("trends-s").find(doc! {}).await.unwrap();
        let left: Vec<Document> = left.try_collect().await.unwrap();
        assert!(matches!(&left[..], [one] if matches!(one.get_i32("turn"), Ok(3))), "{left:?}");
        store.database.drop().await.unwrap();
    }

    #[testing::needs(mongodb)]
    #[tokio::test(flavor = "multi_thread")]
    async fn a_collection_takes_the_place_of_another_but_only_if_it_is_there() {
        let options = options("swapped");
        let store = store(&options, &["trends-old", "trends-new"]).await;
        assert!(!swap(&store, "trends-none", "trends-new").await.unwrap());
        assert_eq!(beside(&store).await, ["trends-new", "trends-old"]);
        assert!(swap(&store, "trends-new", "trends-old").await.unwrap());
        assert_eq!(beside(&store).await, ["trends-old"]);
        let moved = store.database.collection::<Document>("trends-old").find_one(doc! {}).await;
        assert_eq!(moved.unwrap(), Some(doc! { "_id": "trends-new" }));
        store.database.drop().await.unwrap();
    }
}
