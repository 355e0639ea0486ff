//! The log of published results: append-only, decided by unique inserts alone. Owns start numbers,
//! the choice of the visible run of a source, rollback, and the rule that a retired run is never
//! published.
//!
//! Keys are contiguous from 1, and every entry has the highest start number ever published, so the
//! newest entry alone decides whether a run may be published.

mod withdraw;

use futures::{StreamExt as _, TryStreamExt as _};
use serde::{Deserialize, Serialize};

use crate::log::{self, last};
use crate::{Insertion, Key, RunId, SourceName, Store, StoreError};

pub use withdraw::withdraw;

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

/// Takes the next start number of a source for a run. A number that is never used, because its run
/// died right after, is harmless.
pub async fn take_start(
    store: &dyn Store,
    source: &SourceName,
    run: &RunId,
) -> Result<u64, StoreError> {
    let mut known = 0;
    loop {
        let last = last(store, known, |n| Key::start(source, n)).await?.map_or(0, |(n, _)| n);
        let next = last + 1;
        let value = serde_json::json!({ "run": run }).to_string();
        if store.insert(&Key::start(source, next), value.into()).await? == Insertion::Inserted {
            return Ok(next);
        }
        known = next;
    }
}

/// Returns the newest generation of a source, which may be a withdrawn one. `known` is a generation
/// that exists, or 0.
pub async fn newest(
    store: &dyn Store,
    source: &SourceName,
    known: u64,
) -> Result<Option<Generation>, StoreError> {
    let found = last(store, known, |n| Key::generation(source, n)).await?;
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
    let entries = numbers.map(|n| read(store, source, n));
    futures::stream::iter(entries).buffered(AT_ONCE).try_collect().await
}

/// Inserts the next generation for a run, unless it is published already or superseded.
///
/// # Errors
/// `Refused` if the run was purged: a generation must name a run that exists.
pub async fn publish(
    store: &dyn Store,
    publication: &Publication<'_>,
) -> Result<PublicationStatus, StoreError> {
    let Publication { source, run, start, published_at, incomplete } = *publication;
    let mut known = 0;
    loop {
        let newest = newest(store, source, known).await?;
        let (last, highest) = newest.as_ref().map_or((0, 0), |n| (n.generation, n.highest_start));
        if let Some(newest) = newest {
            if highest > start {
                return Ok(PublicationStatus::Superseded(newest));
            }
            if highest == start {
                return entry_of(store, source, run, newest)
                    .await
                    .map(PublicationStatus::Published);
            }
        }
        let entry = Generation {
            generation: last + 1,
            source: source.clone(),
            run: run.clone(),
            start,
            highest_start: start,
            published_at: published_at.to_owned(),
            incomplete,
            rollback_to: None,
            withdrawn: false,
        };
        refuse_retired(store, run).await?;
        if insert(store, &entry).await? {
            // A purge retires the run first and then reads the log. So either the purge finds this
            // entry, or this check finds the retirement.
            if let Err(refused) = refuse_retired(store, run).await {
                withdraw(store, source, |other| other == run, published_at).await?;
                return Err(refused);
            }
            return Ok(PublicationStatus::Published(entry));
        }
        known = entry.generation;
    }
}

/// Fails with `Refused` if a run is retired.
async fn refuse_retired(store: &dyn Store, run: &RunId) -> Result<(), StoreError> {
    if store.get(&Key::retired(run)).await?.is_none() {
        return Ok(());
    }
    Err(StoreError::Refused(format!(
        "run {run} can't be published: it was purged, and its data is removed"
    )))
}

/// Shows an earlier generation again, by a new entry that names its run.
///
/// # Errors
/// `Refused` if the generation does not exist, is the visible one, or its run is retired.
pub async fn rollback(
    store: &dyn Store,
    source: &SourceName,
    to: u64,
    published_at: &str,
) -> Result<Generation, StoreError> {
    let mut known = 0;
    loop {
        let newest = newest(store, source, known).await?.ok_or_else(|| {
            StoreError::Refused(format!(
                "nothing is published under {source}: trendjob runs lists published results"
            ))
        })?;
        if to > newest.generation {
            return Err(StoreError::Refused(format!(
                "{source} has no generation {to}: its newest is {}, trendjob runs lists them",
                newest.generation
            )));
        }
        let target = read(store, source, to).await?;
        if target.run == newest.run && !newest.withdrawn {
            return Err(StoreError::Refused(format!(
                "generation {to} of {source} is visible already, as generation {}",
                newest.generation
            )));
        }
        let kept = store.get(&Key::retired(&target.run)).await?.is_none()
            && store.get(&Key::run(&target.run)).await?.is_some();
        if !kept {
            return Err(StoreError::Refused(format!(
                "the run of generation {to} of {source} is retired: its data is no longer kept"
            )));
        }
        let entry = Generation {
            generation: newest.generation + 1,
            highest_start: newest.highest_start,
            published_at: published_at.to_owned(),
            rollback_to: Some(to),
            withdrawn: false,
            ..target
        };
        if insert(store, &entry).await? {
            return Ok(entry);
        }
        known = entry.generation;
    }
}

/// Returns the entry that published a run. The highest start number of `newest` is that of the run.
async fn entry_of(
    store: &dyn Store,
    source: &SourceName,
    run: &RunId,
    newest: Generation,
) -> Result<Generation, StoreError> {
    let mut entry = newest;
    let start = entry.highest_start;
    // After a rollback the newest entry names another run, or this run without having published it.
    while entry.run != *run || entry.rollback_to.is_some() || entry.withdrawn {
        if entry.generation == 1 || entry.highest_start < start {
            // A start number belongs to one run: this one is another run's.
            return Err(StoreError::Conflict { key: Key::start(source, start).to_string() });
        }
        entry = read(store, source, entry.generation - 1).await?;
    }
    Ok(entry)
}

async fn insert(store: &dyn Store, entry: &Generation) -> Result<bool, StoreError> {
    log::insert(store, &Key::generation(&entry.source, entry.generation), FORMAT, entry).await
}

async fn read(store: &dyn Store, source: &SourceName, n: u64) -> Result<Generation, StoreError> {
    let missing = || StoreError::Missing { key: Key::generation(source, n).to_string() };
    at(store, source, n).await?.ok_or_else(missing)
}

/// Entries of the very first builds have no format number.
fn parse(key: &Key, bytes: &[u8]) -> Result<Generation, StoreError> {
    log::parse(key, bytes, 0..=FORMAT)
}

#[cfg(test)]
mod tests;
