//! The log of published results: append-only, decided by unique inserts alone. Owns which run of a
//! source is visible, start numbers, rollback and retirement.
//!
//! Keys are contiguous from 1, and every entry carries the highest start number ever published, so the
//! newest entry alone decides what a publisher may do.

mod withdraw;

use futures::{StreamExt as _, TryStreamExt as _};
use serde::{Deserialize, Serialize};

use crate::log::{self, last};
use crate::{Insertion, Key, RunId, SourceName, Store, StoreError};

pub use withdraw::withdraw;

/// The format of an entry. One of a newer format is refused, whatever else it says.
const FORMAT: u32 = 1;

/// Entries of the log read at once.
const AT_ONCE: usize = 16;

/// One published result of a source.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Generation {
    /// Its number, from 1; it only grows.
    pub generation: u64,
    /// The source.
    pub source: SourceName,
    /// The run whose result it is.
    pub run: RunId,
    /// The start number of that run.
    pub start: u64,
    /// The highest start number ever published of the source.
    pub highest_start: u64,
    /// When, as RFC 3339 text.
    pub published_at: String,
    /// Whether shards are missing in it.
    pub incomplete: bool,
    /// The generation this one went back to, if it is a rollback.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rollback_to: Option<u64>,
    /// That there is no result any more: the run is named only to be told from others.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub withdrawn: bool,
}

/// What became of an attempt to publish.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The run is published, by this call or an earlier one.
    Published(Generation),
    /// A run with a higher start number was first; this is the newest generation.
    Superseded(Generation),
}

/// Takes the next start number of a source for a run. A number that is taken and then not used, by a
/// run that died right after, is a gap in nobody's way.
pub async fn begin(store: &dyn Store, source: &SourceName, run: &RunId) -> Result<u64, StoreError> {
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

/// The newest generation of a source; `known` is one that exists, or 0. It may say that there is no
/// result any more, by `withdrawn`.
pub async fn newest(
    store: &dyn Store,
    source: &SourceName,
    known: u64,
) -> Result<Option<Generation>, StoreError> {
    let found = last(store, known, |n| Key::generation(source, n)).await?;
    found.map(|(n, bytes)| parse(&Key::generation(source, n), &bytes)).transpose()
}

/// The entry of one number, `None` if there is none yet.
pub async fn at(
    store: &dyn Store,
    source: &SourceName,
    n: u64,
) -> Result<Option<Generation>, StoreError> {
    let key = Key::generation(source, n);
    store.get(&key).await?.map(|bytes| parse(&key, &bytes)).transpose()
}

/// The last `limit` generations of a source, newest first.
pub async fn history(
    store: &dyn Store,
    source: &SourceName,
    limit: u64,
) -> Result<Vec<Generation>, StoreError> {
    since(store, source, 0, limit).await
}

/// The last `limit` generations of a source above `known`, newest first; `known` is one that exists,
/// or 0.
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
/// `Refused` if the run was purged: what a generation names must be there.
pub async fn publish(
    store: &dyn Store,
    source: &SourceName,
    run: &RunId,
    start: u64,
    published_at: &str,
    incomplete: bool,
) -> Result<Outcome, StoreError> {
    let mut known = 0;
    loop {
        let newest = newest(store, source, known).await?;
        let (last, highest) = newest.as_ref().map_or((0, 0), |n| (n.generation, n.highest_start));
        if let Some(newest) = newest {
            if highest > start {
                return Ok(Outcome::Superseded(newest));
            }
            if highest == start {
                return published(store, source, run, newest).await.map(Outcome::Published);
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
            // Who purges retires first and then looks at what is visible; so one sees the other.
            if let Err(refused) = refuse_retired(store, run).await {
                withdraw(store, source, |other| other == run, published_at).await?;
                return Err(refused);
            }
            return Ok(Outcome::Published(entry));
        }
        known = entry.generation;
    }
}

/// That a run is not about to be removed.
async fn refuse_retired(store: &dyn Store, run: &RunId) -> Result<(), StoreError> {
    if store.get(&Key::retired(run)).await?.is_none() {
        return Ok(());
    }
    Err(StoreError::Refused(format!(
        "run {run} can't be published: it was purged and its data is going or gone"
    )))
}

/// Makes an earlier generation visible again, by a new entry that names its run.
///
/// # Errors
/// If there is no such generation, it is the visible one, or its run is retired.
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
                "nothing was published of {source}: trendjob runs lists what was"
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
                "generation {to} of {source} is what is visible already, as generation {}",
                newest.generation
            )));
        }
        let kept = store.get(&Key::retired(&target.run)).await?.is_none()
            && store.get(&Key::run(&target.run)).await?.is_some();
        if !kept {
            return Err(StoreError::Refused(format!(
                "the run of generation {to} of {source} is retired, its data is no longer kept"
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

/// The entry that published a run, when the newest one says that it is done.
async fn published(
    store: &dyn Store,
    source: &SourceName,
    run: &RunId,
    newest: Generation,
) -> Result<Generation, StoreError> {
    let mut entry = newest;
    let start = entry.highest_start;
    // After a rollback the newest entry names another run, or this one for another reason.
    while entry.run != *run || entry.rollback_to.is_some() || entry.withdrawn {
        if entry.generation == 1 || entry.highest_start < start {
            // A number is taken by one run only: it is not this one's.
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

/// Entries of the very first builds say no format.
fn parse(key: &Key, bytes: &[u8]) -> Result<Generation, StoreError> {
    log::parse(key, bytes, 0..=FORMAT)
}

#[cfg(test)]
mod tests;
