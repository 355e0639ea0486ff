//! The log of published results: append-only, decided by unique inserts alone. Owns its entries,
//! the start numbers and the reading of the log; each way to change the log is a module.
//!
//! Keys are contiguous from 1, and every entry has the highest start number ever published, so the
//! newest entry alone decides whether a run may be published. Readers search for it with few reads.
//! A lost entry may look like the end of the log. So a process that changes the log, or removes runs
//! by it, first makes sure that the end is the end (`end`).
//!
//! Every change that names a run looks at the marks of the run, inserts its entry, looks again, and
//! takes the entry back if the run is marked by then. Every removal marks the run first, looks at
//! the newest entry, removes, and looks again. ARCHITECTURE.md has the proof.

mod publications;
mod publish;
mod rollback;
mod visible;
mod withdraw;

use futures::{StreamExt as _, TryStreamExt as _};
use serde::{Deserialize, Serialize};

use crate::log;
use crate::{Key, Log, RunId, SourceName, Store, StoreError};

pub(crate) use publications::Publications;
pub use publish::publish;
pub use rollback::rollback;
pub use visible::Visible;
pub use withdraw::withdraw_gone;

/// The format of an entry. A newer format is refused, whatever the rest of the entry is.
const FORMAT: u32 = 1;

/// The most entries of the log that are read at once.
const AT_ONCE: usize = 16;

/// One published result of a source.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Generation {
    /// Its number, from 1; it only grows.
    pub generation: u64,
    /// The source.
    pub source: SourceName,
    /// The run that made the result.
    pub run: RunId,
    /// The start number of that run.
    pub start: u64,
    /// The highest start number ever published for the source.
    pub highest_start: u64,
    /// The time of publication (RFC 3339).
    pub published_at: String,
    /// True if the result lacks shards.
    pub incomplete: bool,
    /// The generation that a rollback shows again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rollback_to: Option<u64>,
    /// True if the source has no result any more. `run` is then the run of the result that was
    /// withdrawn.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub withdrawn: bool,
}

/// A run that is to be published.
#[derive(Debug, Clone, Copy)]
pub struct Publication<'a> {
    /// The source.
    pub source: &'a SourceName,
    /// The run.
    pub run: &'a RunId,
    /// The start number of the run.
    pub start: u64,
    /// The time of publication (RFC 3339).
    pub published_at: &'a str,
    /// True if the result lacks shards.
    pub incomplete: bool,
}

/// The status of a run that was to be published.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PublicationStatus {
    /// The run is published, by this call or an earlier one.
    Published(Generation),
    /// A run with a higher start number was published first. Holds the newest generation.
    Superseded(Generation),
}

/// The entry of a start number.
#[derive(Serialize)]
struct StartNumber<'a> {
    run: &'a RunId,
}

/// Takes the next start number of a source for a run. A number that is never used, because its run
/// died right after, is harmless, and so is one that was lost.
///
/// # Errors
/// `LostEntry`, `Damaged` or `Newer` if the run could not be published at its end.
pub async fn take_start(
    store: &dyn Store,
    source: &SourceName,
    run: &RunId,
) -> Result<u64, StoreError> {
    let mut known = end(store, source, 0).await?.map_or(0, |newest| newest.highest_start);
    loop {
        let next = store.highest(Log::Starts, source).await?.max(known) + 1;
        let (key, value) = (Key::start(source, next), StartNumber { run });
        if log::insert(store, &key, FORMAT, &value).await? {
            return Ok(next);
        }
        known = next;
    }
}

/// Returns the newest generation of a source, which may be a withdrawn one. `known` is a generation
/// that exists, or 0.
///
/// # Errors
/// `LostEntry` if the first entry is lost. An entry that was lost later may hide the newer ones.
pub async fn newest(
    store: &dyn Store,
    source: &SourceName,
    known: u64,
) -> Result<Option<Generation>, StoreError> {
    let mut found = log::last(store, Log::Generations, source, known).await?;
    if found.is_none() && known == 0 {
        found = log::whole(store, Log::Generations, source, None).await?;
    }
    found.map(|(n, bytes)| parse(&Key::generation(source, n), &bytes)).transpose()
}

/// Returns the newest generation, as [`newest`] does, and makes sure that it is the newest.
///
/// # Errors
/// `LostEntry` if an entry before the newest one is lost, unless the search leaps over it.
pub(crate) async fn end(
    store: &dyn Store,
    source: &SourceName,
    known: u64,
) -> Result<Option<Generation>, StoreError> {
    let found = log::last(store, Log::Generations, source, known).await?;
    let found = log::whole(store, Log::Generations, source, found).await?;
    found.map(|(n, bytes)| parse(&Key::generation(source, n), &bytes)).transpose()
}

/// Returns the generation with the number `n`, `None` if it does not exist yet.
pub async fn at(
    store: &dyn Store,
    source: &SourceName,
    n: u64,
) -> Result<Option<Generation>, StoreError> {
    let key = Key::generation(source, n);
    store.get(&key).await?.map(|bytes| parse(&key, &bytes)).transpose()
}

/// Returns the last `limit` generations of a source, newest first.
pub async fn history(
    store: &dyn Store,
    source: &SourceName,
    limit: u64,
) -> Result<Vec<Generation>, StoreError> {
    since(store, source, 0, limit).await
}

/// Returns the last `limit` generations of a source above `known`, newest first. `known` is a
/// generation that exists, or 0.
pub async fn since(
    store: &dyn Store,
    source: &SourceName,
    known: u64,
    limit: u64,
) -> Result<Vec<Generation>, StoreError> {
    let newest = newest(store, source, known).await?;
    let last = newest.map_or(known, |newest| newest.generation);
    let first = known.max(last.saturating_sub(limit));
    let numbers = (first..last).rev().map(|before| before + 1);
    let entries = numbers.map(|n| read(store, source, n, last));
    futures::stream::iter(entries).buffered(AT_ONCE).try_collect().await
}

async fn insert(store: &dyn Store, entry: &Generation) -> Result<bool, StoreError> {
    log::insert(store, &Key::generation(&entry.source, entry.generation), FORMAT, entry).await
}

/// Reads an entry of a log that goes on to `last`.
pub(crate) async fn read(
    store: &dyn Store,
    source: &SourceName,
    n: u64,
    last: u64,
) -> Result<Generation, StoreError> {
    at(store, source, n).await?.ok_or_else(|| log::lost(Log::Generations, source, n, last))
}

/// Entries of the very first builds have no format number.
fn parse(key: &Key, bytes: &[u8]) -> Result<Generation, StoreError> {
    log::parse(key, bytes, 0..=FORMAT).map_err(|error| {
        error.with_remedy(
            "restore it from a copy of the store; if it is the newest entry, it can be moved away instead: what it says is lost, and the result before it is visible again",
        )
    })
}

#[cfg(test)]
mod tests;
