//! The log of what is excluded of each source: append-only, decided by unique inserts alone, as that of
//! published results. Owns its order and that limits hold in it; what a change says and what follows from
//! all of them is for `trends`.
//!
//! It goes with the source, not with a run: rollback, retention and purges leave it alone.

use std::sync::Arc;

use futures::{StreamExt as _, TryStreamExt as _};
use serde::{Deserialize, Serialize};
use trends::exclusions::{Change, Exclusions};

use crate::log::{self, last};
use crate::{Key, SourceName, Store, StoreError};

/// The format of an entry. One of a newer format is refused, whatever else it says.
const FORMAT: u32 = 1;

/// Entries of the log read at once.
const AT_ONCE: usize = 16;

/// One change of what is excluded of a source.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// Its number, from 1 without gaps: the version of what is excluded from then on.
    pub number: u64,
    /// The source.
    pub source: SourceName,
    /// When, as RFC 3339 text.
    pub at: String,
    /// What is changed.
    #[serde(flatten)]
    pub change: Change,
}

/// What is excluded of a source now. `known` is what was found before, or the default: only what came
/// after is read, and it is given back as it is if nothing did.
pub async fn current(
    store: &dyn Store,
    source: &SourceName,
    known: &Arc<Exclusions>,
) -> Result<Arc<Exclusions>, StoreError> {
    let version = known.version();
    let newest = last(store, version, |n| Key::exclusion(source, n)).await?.map(|(n, _)| n);
    let mut exclusions = Arc::clone(known);
    let mut newest = newest.unwrap_or(0);
    if newest < version {
        // No log loses entries, so this is another store in the same place.
        exclusions = Arc::default();
        newest = last(store, 0, |n| Key::exclusion(source, n)).await?.map_or(0, |(n, _)| n);
    }
    let numbers = exclusions.version() + 1..newest + 1;
    let mut entries =
        futures::stream::iter(numbers.map(|n| read(store, source, n))).buffered(AT_ONCE);
    while let Some(Entry { change, at, .. }) = entries.try_next().await? {
        Arc::make_mut(&mut exclusions).apply(&change, &at);
    }
    Ok(exclusions)
}

/// Appends a change, unless nothing would change. Returns what is excluded then, and the entry if there
/// had to be one.
///
/// # Errors
/// `Refused` for a change that is none, readmits what is not excluded or excludes too much.
pub async fn append(
    store: &dyn Store,
    source: &SourceName,
    change: &Change,
    at: &str,
) -> Result<(Arc<Exclusions>, Option<Entry>), StoreError> {
    change.check().map_err(|error| StoreError::Refused(error.to_string()))?;
    let mut exclusions = Arc::default();
    loop {
        exclusions = current(store, source, &exclusions).await?;
        let subjects = exclusions.needed(change);
        let subjects = subjects.map_err(|error| StoreError::Refused(error.to_string()))?;
        if subjects.is_empty() {
            return Ok((exclusions, None));
        }
        let change = Change { subjects, ..change.clone() };
        let (number, source) = (exclusions.version() + 1, source.clone());
        let entry = Entry { number, source, at: at.to_owned(), change };
        if insert(store, &entry).await? {
            Arc::make_mut(&mut exclusions).apply(&entry.change, at);
            return Ok((exclusions, Some(entry)));
        }
        // Somebody was first. What they changed may have made this needless, or impossible.
    }
}

/// The last `limit` changes, newest first.
pub async fn history(
    store: &dyn Store,
    source: &SourceName,
    limit: u64,
) -> Result<Vec<Entry>, StoreError> {
    let newest = last(store, 0, |n| Key::exclusion(source, n)).await?.map_or(0, |(n, _)| n);
    let numbers = (newest.saturating_sub(limit)..newest).rev().map(|before| before + 1);
    let entries = numbers.map(|n| read(store, source, n));
    futures::stream::iter(entries).buffered(AT_ONCE).try_collect().await
}

async fn insert(store: &dyn Store, entry: &Entry) -> Result<bool, StoreError> {
    log::insert(store, &Key::exclusion(&entry.source, entry.number), FORMAT, entry).await
}

async fn read(store: &dyn Store, source: &SourceName, n: u64) -> Result<Entry, StoreError> {
    let key = Key::exclusion(source, n);
    let found = store.get(&key).await?;
    let bytes = found.ok_or_else(|| StoreError::Missing { key: key.to_string() })?;
    let entry: Entry = log::parse(&key, &bytes, FORMAT..=FORMAT)?;
    if entry.number == n {
        return Ok(entry);
    }
    let what = format!("it says that it has the number {}", entry.number);
    Err(StoreError::Damaged { key: key.to_string(), what })
}

#[cfg(test)]
mod tests;
