//! The keys in a database, by pages of `_id`s. Owns the translation of `_id`s to keys.

use std::collections::VecDeque;

use futures::{StreamExt as _, TryStreamExt as _, stream};
use mongodb::bson::{Document, doc};

use super::MongoStore;
use crate::listing::{ListedKey, Listing, Part};
use crate::{Key, Log, SourceName, StoreError};

/// The most `_id`s that are read at once.
const PAGE: usize = 1_000;

/// The collections of a part.
fn collections(part: Part) -> &'static [&'static str] {
    match part {
        Part::Runs => &["runs", "plans", "markers", "blocks"],
        Part::Log(log) => match log {
            Log::Starts => &["starts"],
            Log::Generations => &["generations"],
            Log::Exclusions => &["exclusions"],
        },
        Part::Retired => &["retired"],
        Part::Purged => &["purged"],
    }
}

/// Returns the key of the value with an `_id` in a collection.
fn key(collection: &str, id: &str) -> ListedKey {
    let of_run = |middle: &str| {
        let (run, rest) = id.split_once('/').unwrap_or((id, ""));
        format!("runs/{run}/{middle}/{rest}")
    };
    let text = match collection {
        "runs" => format!("runs/{id}/run"),
        "plans" => format!("runs/{id}/plan"),
        "markers" => of_run("markers"),
        "blocks" => padded(&of_run("blocks")),
        _ => format!("{collection}/{id}"),
    };
    match ListedKey::parse(&text) {
        ListedKey::Foreign(_) => ListedKey::Foreign(format!("{id} in trendjob.{collection}")),
        found => found,
    }
}

/// Pads the index of a block, which an `_id` has without zeros.
fn padded(block: &str) -> String {
    let mut parts: Vec<String> = block.split('/').map(str::to_owned).collect();
    if let Some(index) = parts.get_mut(4) {
        *index = format!("{index:0>20}");
    }
    parts.join("/")
}

/// The keys of a part.
pub(super) fn list(store: &MongoStore, part: Part) -> Listing<'_> {
    stream::iter(collections(part)).flat_map(move |name| in_collection(store, name)).boxed()
}

fn in_collection<'a>(store: &'a MongoStore, name: &'static str) -> Listing<'a> {
    // The ids that are not returned yet, and the last id that was read.
    let start = (VecDeque::new(), String::new());
    stream::try_unfold(start, move |(mut ids, mut last)| async move {
        if ids.is_empty() {
            ids = page(store, name, &last).await?.into();
            last = ids.back().cloned().unwrap_or(last);
        }
        let Some(id) = ids.pop_front() else { return Ok(None) };
        Ok(Some((key(name, &id), (ids, last))))
    })
    .boxed()
}

/// Reads the next `_id`s after `last`, ascending. Skips ids that are not texts, which another
/// program wrote.
async fn page(store: &MongoStore, name: &str, last: &str) -> Result<Vec<String>, StoreError> {
    let name = format!("trendjob.{name}");
    let read = || async {
        let found = store.database.collection::<Document>(&name);
        let found = found
            .find(doc! { "_id": { "$gt": last } })
            .projection(doc! { "_id": 1 })
            .sort(doc! { "_id": 1 })
            .limit(PAGE as i64)
            .await?;
        found.try_collect::<Vec<_>>().await
    };
    let found = store.retry("listing", &name, read).await?;
    Ok(found.iter().filter_map(|found| found.get_str("_id").ok()).map(str::to_owned).collect())
}

/// Reads the highest number of a log of a source: one `_id`, by its index.
pub(super) async fn highest(
    store: &MongoStore,
    log: Log,
    source: &SourceName,
) -> Result<u64, StoreError> {
    let name = format!("trendjob.{}", log.name());
    let found = store.database.collection::<Document>(&name);
    // `0` follows `/`.
    let (from, to) = (format!("{source}/"), format!("{source}0"));
    let find = || {
        let find = found.find_one(doc! { "_id": { "$gte": &from, "$lt": &to } });
        find.projection(doc! { "_id": 1 }).sort(doc! { "_id": -1 })
    };
    let last = store.retry("listing", &name, || store.find_after(find)).await?;
    let last = last.as_ref().and_then(|last| last.get_str("_id").ok());
    Ok(match last.map(|id| key(log.name(), id)) {
        Some(ListedKey::Value(Key::Entry { n, .. })) => n,
        _ => 0,
    })
}
