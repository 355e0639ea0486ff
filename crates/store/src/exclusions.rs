//! The exclusion log of each source: append-only, decided by unique inserts alone, like the
//! generation log. Owns the order of changes and keeps the log within its limits; `trends` owns the
//! meaning of a change and the sum of all changes.
//!
//! The log belongs to the source, not to a run: rollback, retention and purges leave it alone.

use std::sync::Arc;

use futures::{StreamExt as _, TryStreamExt as _};
use serde::{Deserialize, Serialize};
use trends::exclusions::{Change, Exclusions};

use crate::log::{self, last, whole};
use crate::{Key, Log, SourceName, Store, StoreError};

/// The format of an entry. A newer one is refused, whatever the rest of the entry is.
const FORMAT: u32 = 1;

/// The most entries of the log that are read at once.
const AT_ONCE: usize = 16;

/// One change of the exclusions of a source.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// Its number, from 1 without gaps: the version of the exclusions from then on.
    pub number: u64,
    /// The source.
    pub source: SourceName,
    /// The time (RFC 3339).
    pub at: String,
    /// The change.
    #[serde(flatten)]
    pub change: Change,
}

/// Returns the current exclusions of a source. `known` is an earlier version, or the default. Reads
/// only newer entries; without any, returns `known` itself. A reader that knows no version makes sure
/// that the entries it finds are all: an entry that was lost must not readmit what the later ones
/// exclude.
///
/// # Errors
/// `LostEntry` if an entry of the log is lost.
pub async fn current(
    store: &dyn Store,
    source: &SourceName,
    known: &Arc<Exclusions>,
) -> Result<Arc<Exclusions>, StoreError> {
    let version = known.version();
    let mut found = last(store, Log::Exclusions, source, version).await?;
    let mut exclusions = Arc::clone(known);
    if found.as_ref().is_none_or(|(n, _)| *n < version) && version > 0 {
        // A log never loses entries, so this is another store at the same location.
        exclusions = Arc::default();
        found = last(store, Log::Exclusions, source, 0).await?;
    }
    if exclusions.version() == 0 {
        found = whole(store, Log::Exclusions, source, found).await?;
    }
    let newest = found.map_or(0, |(n, _)| n);
    let numbers = exclusions.version() + 1..newest + 1;
    let entries = numbers.map(async |n| {
        at(store, source, n).await?.ok_or_else(|| log::lost(Log::Exclusions, source, n, newest))
    });
    let mut entries = futures::stream::iter(entries).buffered(AT_ONCE);
    while let Some(Entry { change, at, .. }) = entries.try_next().await? {
        Arc::make_mut(&mut exclusions).apply(&change, &at);
    }
    Ok(exclusions)
}

/// Appends a change, unless it has no effect. Returns the exclusions with it, and the entry if one
/// was inserted.
///
/// # Errors
/// `Refused` if the change is invalid, readmits a subject that is not excluded, or excludes too
/// many subjects. `LostEntry` if an entry of the log is lost.
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
        let subjects = exclusions.effective_subjects(change);
        let subjects = subjects.map_err(|error| StoreError::Refused(error.to_string()))?;
        if subjects.is_empty() {
            return Ok((exclusions, None));
        }
        let change = Change { subjects, ..change.clone() };
        let number = exclusions.version() + 1;
        let entry = Entry { number, source: source.clone(), at: at.to_owned(), change };
        if log::insert(store, &Key::exclusion(source, number), FORMAT, &entry).await? {
            Arc::make_mut(&mut exclusions).apply(&entry.change, at);
            return Ok((exclusions, Some(entry)));
        }
        // Another change was first: this one may now have no effect, or be refused.
    }
}

/// Returns the entry with the number `n`, `None` if it does not exist.
pub async fn at(
    store: &dyn Store,
    source: &SourceName,
    n: u64,
) -> Result<Option<Entry>, StoreError> {
    let key = Key::exclusion(source, n);
    let Some(bytes) = store.get(&key).await? else { return Ok(None) };
    let entry: Result<Entry, _> = log::parse(&key, &bytes, FORMAT..=FORMAT);
    let entry = entry.and_then(|entry| match entry.number {
        number if number == n => Ok(entry),
        number => Err(StoreError::damaged(&key, &format_args!("it has the number {number}"))),
    });
    entry.map(Some).map_err(|error| {
        error.with_remedy(
            "restore it from a copy of the store, or move it and the changes after it away and make them again with trendjob exclude",
        )
    })
}

#[cfg(test)]
mod tests;
