//! Plain documents for people in a shell and for readers of the original layout: `trends-<source>`
//! with `{_id: rank, word, count, documents}`. Owns how they follow what is visible.
//!
//! They are a copy: written beside the old ones, then renamed over them. Where a server can't rename
//! over a collection that exists there is a short gap between dropping the old and renaming the new.

use mongodb::bson::{Document, doc};
use trends::Kind;

use super::{MongoStore, fault};
use crate::generations::newest;
use crate::{AttemptId, Generation, Published, SourceName, StoreError};

/// What parts the name of a collection from that of a run whose documents are written beside it. No
/// source, run or attempt can hold it. Not a dot: some servers can't rename names with dots.
pub(super) const BESIDE: char = '~';

/// Documents of one insert.
const BATCH: usize = 1000;

/// Makes the plain documents of a source those of its newest generation, the `limit` highest-ranked words;
/// again, until no other generation came between.
pub async fn refresh(
    store: &MongoStore,
    source: &SourceName,
    attempt: &AttemptId,
    limit: u64,
) -> Result<(), StoreError> {
    let target = format!("trends-{source}");
    let mut shown: Option<Generation> = None;
    loop {
        let newest = newest(store, source, 0).await?;
        if newest == shown {
            return Ok(());
        }
        match &newest {
            Some(generation) if !generation.withdrawn && limit > 0 => {
                let beside = format!("{target}{BESIDE}{}{BESIDE}{attempt}", generation.run);
                write(store, generation, &beside, limit).await?;
                swap(store, &beside, &target).await?;
                sweep(store, &target, generation).await?;
            }
            _ => drop_collection(store, &target).await?,
        }
        shown = newest;
    }
}

/// Writes the documents of a generation to a collection that nobody reads yet.
async fn write(
    store: &MongoStore,
    generation: &Generation,
    collection: &str,
    limit: u64,
) -> Result<(), StoreError> {
    drop_collection(store, collection).await?;
    let published = Published::open(std::sync::Arc::new(store.clone()), generation.clone()).await?;
    let documents = store.database.collection::<Document>(collection);
    let index = || async {
        let index = mongodb::IndexModel::builder().keys(doc! { "word": 1 }).build();
        documents.create_index(index).await
    };
    store.retry("making the index of", collection, index).await?;
    let mut rank = 0;
    while rank < limit {
        let wanted = usize::try_from(limit - rank).map_or(BATCH, |left| left.min(BATCH));
        let topics = published.ranked(Kind::Word, rank, wanted).await?;
        if topics.is_empty() {
            break;
        }
        let count = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
        let batch: Vec<Document> = (rank + 1..)
            .zip(&topics)
            .map(|(rank, topic)| {
                doc! {
                    "_id": count(rank),
                    "word": &topic.term,
                    "count": count(topic.count),
                    "documents": count(topic.documents),
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
    Ok(())
}

/// Puts a collection in the place of another.
pub(super) async fn swap(store: &MongoStore, from: &str, to: &str) -> Result<(), StoreError> {
    let database = store.database.name();
    let command = |replace: bool| {
        let mut command = doc! {
            "renameCollection": format!("{database}.{from}"),
            "to": format!("{database}.{to}"),
        };
        if replace {
            command.insert("dropTarget", true);
        }
        command
    };
    let admin = store.database.client().database("admin");
    let over = || async {
        match admin.run_command(command(true)).await {
            // An earlier try was done, and its reply lost.
            Err(error) if fault::is_missing_namespace(&error) => Ok(true),
            Err(error) if !fault::is_passing(&error) => Ok(false),
            renamed => renamed.map(|_| true),
        }
    };
    if store.retry("renaming", from, over).await? {
        return Ok(());
    }
    drop_collection(store, to).await?;
    let rename = || async {
        match admin.run_command(command(false)).await {
            Err(error) if fault::is_missing_namespace(&error) => Ok(()),
            renamed => renamed.map(drop),
        }
    };
    store.retry("renaming", from, rename).await
}

/// Drops what publishers of other runs, which were killed, left beside the documents.
async fn sweep(store: &MongoStore, target: &str, shown: &Generation) -> Result<(), StoreError> {
    let beside = format!("{target}{BESIDE}");
    let own = format!("{beside}{}{BESIDE}", shown.run);
    for name in store.collections().await? {
        if name.starts_with(&beside) && !name.starts_with(&own) {
            drop_collection(store, &name).await?;
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
