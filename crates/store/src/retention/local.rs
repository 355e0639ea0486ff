//! Clean-up on one machine, before each run: every source by the rules of this run. Owns the choice
//! of rules where a run holds a lock while a process works on it.

use std::path::Path;

use super::verdict::Rules;
use super::{CleanUp, CleanupReport, Retention, report};
use crate::{Store, StoreError};

/// Removes unpublished runs whose lock is free, retires runs beyond the retention, and removes runs
/// whose grace is over. Runs of workers that share the folder hold no locks: they are removed by
/// the rules of a cluster. `now` is in seconds since the epoch.
pub async fn clean_up(
    store: &dyn Store,
    folder: &Path,
    retention: Retention,
    now: u64,
) -> Result<CleanupReport, StoreError> {
    let rules = Rules { interrupted_after: Some(0), ..Rules::of_a_run(retention, now) };
    let clean_up = CleanUp { store, locks: Some(folder), rules, scope: None, is_dry: false };
    Ok(report(&clean_up.run().await?))
}
