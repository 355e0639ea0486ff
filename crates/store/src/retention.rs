//! Clean-up on one machine: which runs are removed, and when. Nothing is removed that a reader or
//! another process still needs, and nothing useless is kept forever. The rules of a cluster are in
//! `shared`.

mod shared;

use std::collections::{BTreeMap, HashSet};
use std::path::Path;

use serde::Deserialize;

use crate::document;
use crate::generations::{Generation, newest, since};
use crate::{Insertion, Key, RunId, RunLock, SourceName, Store, StoreError};

pub use shared::{clean_up_source, purge};

/// The number of entries of a generation log that are read to find the runs it names. A larger
/// retention reads more.
const LOOK_BACK: u64 = 1000;

/// The runs of a source that are kept.
#[derive(Debug, Clone, Copy)]
pub struct Retention {
    /// The number of its last runs that are kept, at least 2.
    pub runs: usize,
    /// The time that a retired run may still be read, in seconds.
    pub grace: u64,
}

/// The outcome of a clean-up.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct CleanupReport {
    /// Number of unpublished runs without a process that were removed.
    pub abandoned: u64,
    /// Number of runs that were retired.
    pub retired: u64,
    /// Number of retired runs that were removed.
    pub removed: u64,
}

/// Removes unpublished runs whose lock is free, retires runs beyond the retention, and removes runs
/// whose grace is over. `now` is in seconds since the epoch.
pub async fn clean_up(
    store: &dyn Store,
    folder: &Path,
    retention: Retention,
    now: u64,
) -> Result<CleanupReport, StoreError> {
    let mut report = CleanupReport::default();
    // The runs are listed before the logs: a run that starts from now on is left alone.
    let mut runs = store.runs().await?;
    let mut logs = Logs { look_back: LOOK_BACK.max(retention.runs as u64), ..Logs::default() };
    logs.read(store).await?;
    // Abandoned runs go first: their removal writes nothing, so it works on a disk that a failed
    // run has filled.
    for run in runs.iter().filter(|run| !logs.names(run)).cloned().collect::<Vec<_>>() {
        if remove_unpublished(store, folder, &mut logs, &run).await? {
            report.abandoned += 1;
        }
    }
    runs.retain(|run| logs.names(run));
    for (source, log) in &logs.of {
        let retirement = Retirement { store, source, grace: retention.grace, now };
        for run in beyond(log, retention.runs).iter().filter(|run| runs.contains(run)) {
            if retirement.retire(run, &mut report).await? && remove(store, folder, run).await? {
                report.removed += 1;
            }
        }
    }
    Ok(report)
}

/// The generation logs of all sources, as far as they were read.
#[derive(Debug, Default)]
struct Logs {
    look_back: u64,
    /// By source, newest entry first.
    of: BTreeMap<SourceName, Vec<Generation>>,
}

impl Logs {
    /// Reads the entries since the last call.
    async fn read(&mut self, store: &dyn Store) -> Result<(), StoreError> {
        for source in store.sources().await? {
            let known = self.of.get(&source).and_then(|log| log.first());
            let known = known.map_or(0, |newest| newest.generation);
            let added = since(store, &source, known, self.look_back).await?;
            self.of.entry(source).or_default().splice(0..0, added);
        }
        Ok(())
    }

    /// Returns true if an entry names a run.
    fn names(&self, run: &RunId) -> bool {
        self.of.values().flatten().any(|entry| entry.run == *run)
    }
}

/// Removes a run that no log names, unless a process works on it or it has been published
/// meanwhile.
async fn remove_unpublished(
    store: &dyn Store,
    folder: &Path,
    logs: &mut Logs,
    run: &RunId,
) -> Result<bool, StoreError> {
    let Some(lock) = RunLock::acquire(folder, run)? else { return Ok(false) };
    // Its process may have published it and released the lock since the logs were read. No process
    // can publish it while this one has the lock, so this reading counts.
    logs.read(store).await?;
    if logs.names(run) {
        return Ok(false);
    }
    store.remove_run(run).await?;
    lock.discard();
    Ok(true)
}

/// The runs of a log that are neither visible nor among the last `keep`. The log has its newest
/// entry first.
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

/// The retirement of runs of a source.
struct Retirement<'a> {
    store: &'a dyn Store,
    source: &'a SourceName,
    /// The time that a retired run may still be read, in seconds.
    grace: u64,
    /// In seconds since the epoch.
    now: u64,
}

/// The record that a run is retired.
#[derive(Deserialize)]
struct RetirementRecord {
    /// The time of its retirement, in seconds since the epoch.
    at: u64,
}

impl Retirement<'_> {
    /// Retires a run. Returns true if it may be removed: its grace is over, so no reader has it
    /// open, and no rollback shows it.
    async fn retire(&self, run: &RunId, report: &mut CleanupReport) -> Result<bool, StoreError> {
        let Self { store, source, grace, now } = *self;
        let key = Key::retired(run);
        let value = serde_json::json!({ "at": now }).to_string();
        let at = match store.insert(&key, value.into()).await? {
            Insertion::Inserted => {
                report.retired += 1;
                now
            }
            Insertion::Present(value) => {
                let RetirementRecord { at } = document::parse(&key, &value)?;
                at
            }
        };
        if now.saturating_sub(at) < grace {
            return Ok(false);
        }
        // A rollback may have shown the run again after the log was read and before the run was
        // retired.
        let visible = newest(store, source, 0).await?;
        Ok(visible.is_none_or(|visible| visible.run != *run))
    }
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
