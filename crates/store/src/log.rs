//! Logs of entries under contiguous keys from 1, each written once. Owns the search for the last one,
//! and the check that no entry before it is lost; the content of entries belongs to each log.

use std::ops::RangeInclusive;

use bytes::Bytes;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::{Insertion, Key, Log, SourceName, Store, StoreError, envelope};

/// The remedy if an entry of a log is lost.
pub const LOST_ENTRY_REMEDY: &str = "restore it from a copy of the store, or move the entries after it away, too, which loses what they say";

/// The number and the value of an entry.
pub(crate) type NumberedEntry = (u64, Bytes);

/// Inserts an entry. Returns false if another process was first.
pub(crate) async fn insert<T: Serialize + Sync>(
    store: &dyn Store,
    key: &Key,
    format: u32,
    entry: &T,
) -> Result<bool, StoreError> {
    let value = envelope::seal(key, format, entry)?;
    Ok(store.insert(key, value).await? == Insertion::Inserted)
}

/// Checks and parses an entry of one of `formats`; fails as [`envelope::open`] does.
pub(crate) fn parse<T: DeserializeOwned>(
    key: &Key,
    bytes: &[u8],
    formats: RangeInclusive<u32>,
) -> Result<T, StoreError> {
    envelope::open(key, bytes, formats)
}

/// Returns the last entry. `known` is the number of an entry that exists, or 0. The search leaps
/// from there by doubling distances, then halves the last leap, so that a long log costs few reads.
/// An entry that was lost may look like the end: [`whole`] finds out.
pub(crate) async fn last(
    store: &dyn Store,
    log: Log,
    source: &SourceName,
    known: u64,
) -> Result<Option<NumberedEntry>, StoreError> {
    let key = |n| Key::Entry { log, source: source.clone(), n };
    let mut found = None;
    let (mut low, mut leap) = (known, 1);
    let mut high = loop {
        match store.get(&key(low + leap)).await? {
            Some(value) => {
                low += leap;
                found = Some((low, value));
                leap *= 2;
            }
            None => break low + leap,
        }
    };
    while high - low > 1 {
        let middle = low + (high - low) / 2;
        match store.get(&key(middle)).await? {
            Some(value) => {
                low = middle;
                found = Some((low, value));
            }
            None => high = middle,
        }
    }
    if found.is_none() && known > 0 {
        found = store.get(&key(known)).await?.map(|value| (known, value));
    }
    Ok(found)
}

/// Makes sure that the entry which [`last`] has found is the last one, and returns it, or a later
/// one that was inserted meanwhile. Costs a listing.
///
/// # Errors
/// `LostEntry` if the log goes on behind an entry that does not exist.
pub(crate) async fn whole(
    store: &dyn Store,
    log: Log,
    source: &SourceName,
    mut found: Option<NumberedEntry>,
) -> Result<Option<NumberedEntry>, StoreError> {
    let highest = store.highest(log, source).await?;
    loop {
        let end = found.as_ref().map_or(0, |(n, _)| *n);
        if end >= highest {
            return Ok(found);
        }
        // An entry is inserted after all before it. So those up to the highest exist now, or are
        // lost.
        match last(store, log, source, end).await? {
            Some((n, value)) if n > end => found = Some((n, value)),
            _ => {
                let until = match log {
                    Log::Generations => "nothing is published, shown again or removed under",
                    Log::Exclusions => "no exclusion is changed and no result is shown under",
                    Log::Starts => "no run begins under",
                };
                let what = missing(log, source, end + 1, highest);
                return Err(StoreError::LostEntry(format!("{what}; until then {until} {source}")));
            }
        }
    }
}

/// Returns the error for an entry that does not exist although the log goes on to `last`.
pub(crate) fn lost(log: Log, source: &SourceName, n: u64, last: u64) -> StoreError {
    StoreError::LostEntry(missing(log, source, n, last))
}

fn missing(log: Log, source: &SourceName, n: u64, last: u64) -> String {
    let key = Key::Entry { log, source: source.clone(), n };
    format!("{key} is missing although the log goes on to {last}: {LOST_ENTRY_REMEDY}")
}

#[cfg(test)]
pub(crate) mod tests;
