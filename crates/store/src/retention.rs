//! What is removed, and when. Owns the rules of clean-up on one machine: nothing a reader or another
//! process still needs, and nothing forever. Those of a cluster are in `shared`.

mod shared;

use std::collections::{BTreeMap, HashSet};
use std::path::Path;

use serde::Deserialize;

use crate::generations::{Generation, newest, since};
use crate::{Insertion, Key, RunId, RunLock, SourceName, Store, StoreError};

pub use shared::{clean_up_source, purge};

/// How far back the log of a source is read to see which runs it names.
const LOOK_BACK: u64 = 1000;

/// How much of a source's past is kept.
#[derive(Debug, Clone, Copy)]
pub struct Retention {
    /// How many of its last runs, at least 2.
    pub runs: usize,
    /// How long after its retirement a run may still be read, in seconds.
    pub grace: u64,
}

/// What a clean-up did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Cleaned {
    /// Runs that never published and nobody works on.
    pub abandoned: u64,
    /// Runs that were retired now.
    pub retired: u64,
    /// Retired runs whose data was removed.
    pub removed: u64,
}

/// Removes what unpublished runs left whose lock is free, retires what is beyond the retention, and
/// removes what was retired long enough ago. `now` is in seconds since the epoch.
pub async fn clean_up(
    store: &dyn Store,
    folder: &Path,
    retention: Retention,
    now: u64,
) -> Result<Cleaned, StoreError> {
    let mut cleaned = Cleaned::default();
    // Before the logs: a run that begins from now on is left alone.
    let mut runs = store.runs().await?;
    let mut logs = Logs { look_back: LOOK_BACK.max(retention.runs as u64), ..Logs::default() };
    logs.read(store).await?;
    // First of all what needs no room: a disk that a failed run filled must come free again.
    for run in runs.iter().filter(|run| !logs.name(run)).cloned().collect::<Vec<_>>() {
        if remove_unpublished(store, folder, &mut logs, &run).await? {
            cleaned.abandoned += 1;
        }
    }
    runs.retain(|run| logs.name(run));
    for (source, log) in &logs.of {
        for run in beyond(log, retention.runs).iter().filter(|run| runs.contains(run)) {
            if retire(store, source, run, retention, now, &mut cleaned).await?
                && remove(store, folder, run).await?
            {
                cleaned.removed += 1;
            }
        }
    }
    Ok(cleaned)
}

/// The logs of all sources as far as they were read.
#[derive(Debug, Default)]
struct Logs {
    look_back: u64,
    /// By source, newest entry first.
    of: BTreeMap<SourceName, Vec<Generation>>,
}

impl Logs {
    /// Reads what was added since the last time.
    async fn read(&mut self, store: &dyn Store) -> Result<(), StoreError> {
        for source in store.sources().await? {
            let known = self.of.get(&source).and_then(|log| log.first());
            let known = known.map_or(0, |newest| newest.generation);
            let added = since(store, &source, known, self.look_back).await?;
            self.of.entry(source).or_default().splice(0..0, added);
        }
        Ok(())
    }

    /// Whether an entry names a run.
    fn name(&self, run: &RunId) -> bool {
        self.of.values().flatten().any(|entry| entry.run == *run)
    }
}

/// Removes a run that no log names, unless a process works on it or it was published meanwhile.
async fn remove_unpublished(
    store: &dyn Store,
    folder: &Path,
    logs: &mut Logs,
    run: &RunId,
) -> Result<bool, StoreError> {
    let Some(lock) = RunLock::acquire(folder, run)? else { return Ok(false) };
    // It may have been published, and its lock given up, since the logs were read. With the lock in
    // our hands nobody publishes it any more, so this reading is the one that counts.
    logs.read(store).await?;
    if logs.name(run) {
        return Ok(false);
    }
    store.remove_run(run).await?;
    lock.discard();
    Ok(true)
}

/// The runs of a log, newest entry first, that are beyond the last `keep` and not visible.
fn beyond(log: &[Generation], keep: usize) -> Vec<RunId> {
    let mut runs: Vec<(u64, &RunId)> = log.iter().map(|entry| (entry.start, &entry.run)).collect();
    runs.sort_unstable();
    runs.dedup();
    let visible = log.first().map(|entry| &entry.run);
    let kept: HashSet<&RunId> = runs.iter().rev().take(keep.max(2)).map(|(_, run)| *run).collect();
    runs.into_iter()
        .map(|(_, run)| run)
        .filter(|run| !kept.contains(run) && Some(*run) != visible)
        .cloned()
        .collect()
}

/// Retires a run; `true` when that was done so long ago that nobody reads it any more.
async fn retire(
    store: &dyn Store,
    source: &SourceName,
    run: &RunId,
    retention: Retention,
    now: u64,
    cleaned: &mut Cleaned,
) -> Result<bool, StoreError> {
    let key = Key::retired(run);
    let value = serde_json::json!({ "at": now }).to_string();
    let at = match store.insert(&key, value.into()).await? {
        Insertion::Inserted => {
            cleaned.retired += 1;
            now
        }
        Insertion::Present(value) => {
            let Retired { at } = serde_json::from_slice(&value).map_err(|error| {
                StoreError::Damaged { key: key.to_string(), what: error.to_string() }
            })?;
            at
        }
    };
    if now.saturating_sub(at) < retention.grace {
        return Ok(false);
    }
    // A rollback may have made it visible between our reading and its retirement.
    let visible = newest(store, source, 0).await?;
    Ok(visible.is_none_or(|visible| visible.run != *run))
}

#[derive(Deserialize)]
struct Retired {
    at: u64,
}

/// Removes a run unless a process works on it.
async fn remove(store: &dyn Store, folder: &Path, run: &RunId) -> Result<bool, StoreError> {
    let Some(lock) = RunLock::acquire(folder, run)? else { return Ok(false) };
    store.remove_run(run).await?;
    lock.discard();
    Ok(true)
}

#[cfg(test)]
mod tests;
