//! What is removed, and when. Owns the rules of clean-up on one machine: nothing a reader or another
//! process still needs, and nothing forever.

use std::collections::HashSet;
use std::path::Path;

use crate::generations::{Generation, history, newest};
use crate::{Insertion, Key, RunId, RunLock, SourceName, Store, StoreError};

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
    let mut runs = store.runs().await?;
    let mut logs = Vec::new();
    for source in store.sources().await? {
        let log = history(store, &source, LOOK_BACK).await?;
        logs.push((source, log));
    }
    let published: HashSet<&RunId> =
        logs.iter().flat_map(|(_, log)| log.iter().map(|entry| &entry.run)).collect();
    // First of all what needs no room: a disk that a failed run filled must come free again.
    for run in runs.iter().filter(|run| !published.contains(run)) {
        if remove(store, folder, run).await? {
            cleaned.abandoned += 1;
        }
    }
    runs.retain(|run| published.contains(run));
    for (source, log) in &logs {
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
    match store.insert(&key, value.into()).await? {
        Insertion::Inserted => {
            cleaned.retired += 1;
            Ok(false)
        }
        Insertion::Present(value) => {
            let value: serde_json::Value = serde_json::from_slice(&value).map_err(|error| {
                StoreError::Damaged { key: key.to_string(), what: error.to_string() }
            })?;
            let at = value.get("at").and_then(serde_json::Value::as_u64).unwrap_or(now);
            // A rollback may have made it visible between our reading and its retirement.
            let visible = newest(store, source, 0).await?;
            Ok(now.saturating_sub(at) >= retention.grace
                && visible.is_none_or(|visible| visible.run != *run))
        }
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
mod tests {
    use super::*;

    fn log(entries: &[(u64, &str)]) -> Vec<Generation> {
        let entry = |(start, run): &(u64, &str)| Generation {
            generation: 1,
            source: SourceName::new("s").unwrap(),
            run: RunId::new(run).unwrap(),
            start: *start,
            highest_start: 9,
            published_at: String::new(),
            incomplete: false,
            rollback_to: None,
        };
        entries.iter().map(entry).collect()
    }

    fn names(runs: Vec<RunId>) -> Vec<String> {
        runs.into_iter().map(String::from).collect()
    }

    #[test]
    fn the_last_runs_are_kept_and_the_others_retired() {
        let log = log(&[(4, "d"), (3, "c"), (2, "b"), (1, "a")]);
        assert_eq!(names(beyond(&log, 3)), ["a"]);
        assert_eq!(names(beyond(&log, 0)), ["a", "b"], "two are always kept");
    }

    #[test]
    fn what_a_rollback_made_visible_is_kept() {
        let log = log(&[(1, "a"), (4, "d"), (3, "c"), (2, "b"), (1, "a")]);
        assert_eq!(names(beyond(&log, 2)), ["b"]);
    }
}
