//! Clean-up by hand: every source, whatever way its runs died. Keeps all published runs, because it
//! knows no retention.

use std::path::Path;

use super::verdict::Rules;
use super::{CleanUp, UselessRun};
use crate::{Store, StoreError};

/// The choices of a clean-up by hand. Times are in seconds.
#[derive(Debug, Clone, Copy)]
pub struct GcOptions {
    /// The time, since the epoch.
    pub now: u64,
    /// The age from which a run without a result is abandoned.
    pub older_than: u64,
    /// The time that a retired published run may still be read.
    pub grace: u64,
    /// True if nothing is changed.
    pub dry_run: bool,
}

/// Removes the runs of no use, and returns them with the reasons. `locks` is the folder of the
/// store if it is one.
pub async fn gc(
    store: &dyn Store,
    locks: Option<&Path>,
    options: GcOptions,
) -> Result<Vec<UselessRun>, StoreError> {
    let GcOptions { now, older_than, grace, dry_run } = options;
    let rules = Rules {
        now,
        kept: None,
        grace,
        unpublished_grace: 0,
        abandoned_after: older_than,
        unknown_is_old: true,
        interrupted_after: locks.map(|_| older_than),
    };
    CleanUp { store, locks, rules, scope: None, is_dry: dry_run }.run().await
}
