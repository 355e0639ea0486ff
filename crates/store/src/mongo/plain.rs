//! Plain documents for people in a shell and for readers of the original layout: the collection
//! `trends-<source>` of `{_id: rank, word, count, documents, generation, exclusions}`. Keeps
//! them up to date with the visible result and the exclusions.
//!
//! They are a copy. It is written to a temporary collection, which is then renamed over the old
//! one. A server that can't rename over an existing collection leaves a short gap between dropping
//! the old one and renaming the new one.

use std::sync::Arc;
use std::time::Duration;

use backon::{BackoffBuilder as _, ExponentialBuilder};
use mongodb::bson::{Document, doc};
use tokio::time::sleep;
use trends::Kind;
use trends::exclusions::Exclusions;

use super::{MongoStore, fault};
use crate::generations::{Visible, newest, since};
use crate::{AttemptId, Generation, PublishedResult, SourceName, StoreError, View, exclusions};

/// The separator between the name of a collection and the rest of the name of its temporary
/// collections. No source, run or attempt can contain it. It is not a dot, because some servers
/// can't rename collections with a dot in the name.
pub(super) const SEPARATOR: char = '~';

/// The most retries of a rename while other writers rename to the same name.
const MAX_RETRIES: usize = 50;

/// The most documents per insert.
const BATCH: usize = 1000;

/// The field with the generation of a document.
const GENERATION: &str = "generation";
/// The field with the version of the exclusions that a document was written with.
const EXCLUSIONS: &str = "exclusions";

/// The collection of the wanted numbers of documents, by source. Exclusions can leave fewer
/// documents, so their number alone doesn't show the wanted one.
const WANTED: &str = "trendjob.plain";
/// The field with the wanted number.
const LIMIT: &str = "limit";

/// The generation and the exclusions that documents are written from.
#[derive(Debug, PartialEq, Eq)]
struct VisibleState {
    generation: Option<Generation>,
    exclusions: Arc<Exclusions>,
}

impl VisibleState {
    async fn newest(store: &MongoStore, source: &SourceName) -> Result<Self, StoreError> {
        let generation = newest(store, source, 0).await?;
        let exclusions = exclusions::current(store, source, &Arc::default()).await?;
        Ok(Self { generation, exclusions })
    }

    /// The fields of documents that are written from this state.
    fn versions(&self) -> (Option<i64>, i64) {
        let generation = self.generation.as_ref().map(|newest| number(newest.generation));
        (generation, number(self.exclusions.version()))
    }
}

/// Writes the plain documents of a source: the `limit` highest-ranked words of its newest
/// generation that are not excluded. Repeats this until neither the generation nor the exclusions
/// have changed meanwhile.
pub async fn refresh(
    store: &MongoStore,
    source: &SourceName,
    attempt: &AttemptId,
    limit: u64,
) -> Result<(), StoreError> {
    let wanted = store.database.collection::<Document>(WANTED);
    let remember = || async {
        let limit = doc! { "_id": source.as_str(), LIMIT: number(limit) };
        wanted.replace_one(doc! { "_id": source.as_str() }, limit).upsert(true).await
    };
    store.retry("writing", WANTED, remember).await?;
    rewrite(store, source, attempt, limit).await
}

async fn rewrite(
    store: &MongoStore,
    source: &SourceName,
    attempt: &AttemptId,
    limit: u64,
) -> Result<(), StoreError> {
    let target = format!("trends-{source}");
    let mut written: Option<VisibleState> = None;
    loop {
        let newest = VisibleState::newest(store, source).await?;
        if written.as_ref() == Some(&newest) {
            return Ok(());
        }
        let state = newest.generation.clone().filter(|_| limit > 0);
        let shown = match state {
            Some(generation) => {
                let temporary =
                    format!("{target}{SEPARATOR}{}{SEPARATOR}{attempt}", generation.run);
                let visible = Visible::new(store, generation);
                let shown = write_visible(store, visible, &newest.exclusions, &temporary, limit);
                shown.await?.map(|(entry, documents)| (entry, documents, temporary))
            }
            None => None,
        };
        if let Some((entry, documents, temporary)) = shown {
            // The publisher of a later generation may have swept the collection meanwhile.
            if !is_whole(store, &temporary, documents).await?
                || !swap(store, &temporary, &target).await?
            {
                continue;
            }
            sweep(store, &target, &entry).await?;
        } else {
            drop_collection(store, &target).await?;
        }
        written = Some(newest);
    }
}

/// Writes the documents of the visible result to a temporary collection. Returns its generation and
/// the number of documents, or `None` if no result is visible.
async fn write_visible(
    store: &MongoStore,
    mut visible: Visible<'_>,
    exclusions: &Arc<Exclusions>,
    temporary: &str,
    limit: u64,
) -> Result<Option<(Generation, u64)>, StoreError> {
    while let Some(entry) = visible.entry() {
        match write(store, &entry, exclusions, temporary, limit).await {
            // Another process removes the run, and another result becomes visible.
            Err(missing @ StoreError::Missing { .. }) => visible.skip(missing).await?,
            documents => return documents.map(|documents| Some((entry, documents))),
        }
    }
    drop_collection(store, temporary).await?;
    Ok(None)
}

/// Writes the plain documents of a source if they are outdated. The publisher of an earlier
/// generation, or a command that excluded a term, may have written them last and died before it
/// noticed the newer state.
pub async fn catch_up(
    store: &MongoStore,
    source: &SourceName,
    attempt: &AttemptId,
    limit: u64,
) -> Result<(), StoreError> {
    let written = written_versions(store, source).await?;
    let newest = VisibleState::newest(store, source).await?;
    if written.is_some_and(|written| written != newest.versions()) && limit > 0 {
        refresh(store, source, attempt, limit).await?;
    }
    Ok(())
}

/// Writes the plain documents of a source if they are outdated, as many as were wanted last. Used
/// by commands that change the visible result or the exclusions, and don't know the wanted number.
pub async fn update_plain_documents(
    store: &MongoStore,
    source: &SourceName,
    attempt: &AttemptId,
) -> Result<(), StoreError> {
    let wanted = store.database.collection::<Document>(WANTED);
    let find = || async { wanted.find_one(doc! { "_id": source.as_str() }).await };
    let found = store.retry("reading", WANTED, find).await?;
    let limit = match found.and_then(|found| found.get_i64(LIMIT).ok()) {
        Some(limit) => u64::try_from(limit).unwrap_or(0),
        // Older versions did not store the wanted number.
        None => last_rank(store, &format!("trends-{source}")).await?,
    };
    let newest = VisibleState::newest(store, source).await?;
    if limit > 0 && written_versions(store, source).await? != Some(newest.versions()) {
        rewrite(store, source, attempt, limit).await?;
    }
    Ok(())
}

/// The generation and the version of the exclusions that the documents were written from; `None` if
/// there are no documents.
async fn written_versions(
    store: &MongoStore,
    source: &SourceName,
) -> Result<Option<(Option<i64>, i64)>, StoreError> {
    let target = format!("trends-{source}");
    let documents = store.database.collection::<Document>(&target);
    let first = || async { documents.find_one(doc! { "_id": 1_i64 }).await };
    let first = store.retry("reading", &target, first).await?;
    Ok(first.map(|first| {
        // Documents of versions without exclusions lack the field.
        (first.get_i64(GENERATION).ok(), first.get_i64(EXCLUSIONS).unwrap_or(0))
    }))
}

/// Writes the documents of a generation to a temporary collection, and returns their number.
async fn write(
    store: &MongoStore,
    generation: &Generation,
    exclusions: &Arc<Exclusions>,
    collection: &str,
    limit: u64,
) -> Result<u64, StoreError> {
    drop_collection(store, collection).await?;
    let published = PublishedResult::open(Arc::new(store.clone()), generation.clone()).await?;
    let view = View::new(Arc::new(published), Arc::clone(exclusions))?;
    let documents = store.database.collection::<Document>(collection);
    let index = || async {
        let index = mongodb::IndexModel::builder().keys(doc! { "word": 1 }).build();
        documents.create_index(index).await
    };
    store.retry("creating the index of", collection, index).await?;
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
                // An earlier try inserted them, and its reply was lost.
                Err(error) if fault::is_only_duplicates(&error) => Ok(()),
                inserted => inserted.map(drop),
            }
        };
        store.retry("writing plain documents to", collection, insert).await?;
        rank += topics.len() as u64;
    }
    Ok(rank)
}

/// A number as BSON, which has no unsigned numbers.
fn number(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// Returns true if a collection has all the documents that [`write`] wrote to it. They are written
/// in order of their ranks, so a drop at any moment takes the first one.
async fn is_whole(store: &MongoStore, name: &str, documents: u64) -> Result<bool, StoreError> {
    let collection = store.database.collection::<Document>(name);
    let first = || async { collection.find_one(doc! { "_id": 1_i64 }).await };
    Ok(documents == 0 || store.retry("reading", name, first).await?.is_some())
}

/// The highest rank of a collection, which is the number of its documents: ranks have no gaps.
async fn last_rank(store: &MongoStore, name: &str) -> Result<u64, StoreError> {
    let collection = store.database.collection::<Document>(name);
    let last = || async { collection.find_one(doc! {}).sort(doc! { "_id": -1 }).await };
    let last = store.retry("reading", name, last).await?;
    Ok(last.and_then(|last| u64::try_from(last.get_i64("_id").ok()?).ok()).unwrap_or(0))
}

/// The reply to a rename.
enum RenameReply {
    Done,
    /// The collection to rename does not exist.
    Missing,
    /// The new name exists. Holds the message of the server.
    Exists(String),
}

/// Replaces the collection `to` with the collection `from`. Returns false if `from` does not exist,
/// which is also the case after an earlier try whose reply was lost.
pub(super) async fn swap(store: &MongoStore, from: &str, to: &str) -> Result<bool, StoreError> {
    let database = store.database.name();
    let admin = store.database.client().database("admin");
    let rename = async |replace: bool| {
        let mut command = doc! {
            "renameCollection": format!("{database}.{from}"),
            "to": format!("{database}.{to}"),
            // A command has no other concern than its own: a new primary could undo the rename.
            "writeConcern": { "w": "majority" },
        };
        if replace {
            command.insert("dropTarget", true);
        }
        match admin.run_command(command).await {
            Ok(reply) if reply.contains_key("writeConcernError") => Err(fault::unsettled()),
            Ok(_) => Ok(RenameReply::Done),
            Err(error) if fault::is_missing_namespace(&error) => Ok(RenameReply::Missing),
            Err(error)
                if fault::is_existing_namespace(&error)
                    || (replace && fault::is_unsupported(&error)) =>
            {
                Ok(RenameReply::Exists(fault::message(&error)))
            }
            Err(error) => Err(error),
        }
    };
    match store.retry("renaming", from, || rename(true)).await? {
        RenameReply::Done => return Ok(true),
        RenameReply::Missing => return Ok(false),
        RenameReply::Exists(_) => {}
    }
    // The server refused to replace `to`, perhaps without checking that `from` exists.
    if !store.collections().await?.iter().any(|name| name == from) {
        return Ok(false);
    }
    let mut delays = ExponentialBuilder::default()
        .with_min_delay(Duration::from_millis(1))
        .with_max_delay(Duration::from_millis(100))
        .with_max_times(MAX_RETRIES)
        .with_jitter()
        .build();
    loop {
        drop_collection(store, to).await?;
        let message = match store.retry("renaming", from, || rename(false)).await? {
            RenameReply::Done => return Ok(true),
            RenameReply::Missing => return Ok(false),
            RenameReply::Exists(message) => message,
        };
        // Another writer renamed its own collection to `to` after the drop.
        let Some(delay) = delays.next() else {
            let tries = MAX_RETRIES + 1;
            let what = format!("renaming {from} to {to}, {tries} times: {message}");
            return Err(StoreError::Refused(what));
        };
        sleep(delay).await;
    }
}

/// Drops the temporary collections of earlier generations, which killed publishers left. The
/// publishers of later generations may still be writing theirs. A publisher of an earlier
/// generation that still writes starts again.
async fn sweep(store: &MongoStore, target: &str, shown: &Generation) -> Result<(), StoreError> {
    let prefix = format!("{target}{SEPARATOR}");
    let names = store.collections().await?;
    let names: Vec<&str> = names.iter().filter_map(|name| name.strip_prefix(&prefix)).collect();
    if names.is_empty() {
        return Ok(());
    }
    // Read after the names, because a publisher writes its collection after its generation.
    let before = shown.generation.saturating_sub(1);
    let later = since(store, &shown.source, before, u64::MAX).await?;
    for name in names {
        let run = name.split(SEPARATOR).next();
        if !later.iter().any(|entry| Some(entry.run.as_str()) == run) {
            drop_collection(store, &format!("{prefix}{name}")).await?;
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
mod tests;
