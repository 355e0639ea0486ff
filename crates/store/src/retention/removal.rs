//! The removal of one run. Owns the order of its steps: mark the run, look at the newest entry,
//! remove the data. The clean-up looks again when all are removed.

use super::survey::{FoundRun, SourceRuns};
use super::verdict::Reason;
use super::{CleanUp, Outcome, UselessRun};
use crate::generations::{newest, publication};
use crate::marks::{Marks, marks, retire};
use crate::{RunId, RunLock, SourceName, StoreError, runs};

impl CleanUp<'_> {
    /// Removes the data that a late attempt stored after its run was removed.
    pub(super) async fn remove_late_data(&self, run: &RunId) -> Result<UselessRun, StoreError> {
        let Self { store, locks, is_dry, .. } = *self;
        // A run that is not marked may be about to begin: its folder comes before its record.
        let is_late = locks.is_some() || marks(store, run).await? != Marks::None;
        let outcome = if !is_late {
            Outcome::InUse
        } else if is_dry {
            Outcome::Removed
        } else {
            self.remove_unlocked(run, async || Ok(runs::read(store, run).await?.is_none())).await?
        };
        Ok(UselessRun { run: run.clone(), source: None, reason: Reason::LateData, outcome })
    }

    /// Removes a run that is of no use for `reason`, or takes the next step towards it.
    pub(super) async fn remove(
        &self,
        runs: &SourceRuns,
        found: &FoundRun,
        reason: Reason,
    ) -> Result<UselessRun, StoreError> {
        let outcome = if reason.needs_mark() {
            self.retire(runs, found, reason).await?
        } else if self.is_dry {
            Outcome::Removed
        } else if reason == Reason::Interrupted {
            // Its process may have published it and released the lock since the log was read. No
            // process can publish it while this one has the lock, so this reading counts.
            self.remove_unlocked(&found.run, async || {
                Ok(!self.is_published(&runs.source, found).await?)
            })
            .await?
        } else {
            self.remove_unlocked(&found.run, async || Ok(true)).await?
        };
        let (run, source) = (found.run.clone(), Some(runs.source.clone()));
        Ok(UselessRun { run, source, reason, outcome })
    }

    /// Retires a run, and removes it if its grace is over and no reader has it open.
    async fn retire(
        &self,
        runs: &SourceRuns,
        found: &FoundRun,
        reason: Reason,
    ) -> Result<Outcome, StoreError> {
        let Self { store, rules, is_dry, .. } = *self;
        let (run, source) = (&found.run, &runs.source);
        let grace = if found.is_published { rules.grace } else { rules.unpublished_grace };
        if is_dry && found.marks == Marks::None {
            return Ok(if grace == 0 { Outcome::Removed } else { Outcome::Retired });
        }
        let (at, is_new) = retire(store, run, rules.now).await?;
        if rules.now.saturating_sub(at) < grace {
            return Ok(if is_new { Outcome::Retired } else { Outcome::InGrace });
        }
        // A rollback may have shown the run again after the log was read and before the run was
        // retired. From now on, whoever names it finds the mark.
        let visible = newest(store, source, 0).await?.filter(|newest| !newest.withdrawn);
        let is_visible = visible.is_some_and(|visible| visible.run == *run);
        let is_read = found.is_published && runs.recently_visible.contains(run);
        // An abandoned run may have been published between the survey and the mark.
        let is_new = reason == Reason::Abandoned && self.is_published(source, found).await?;
        if is_visible || is_read || is_new {
            return Ok(Outcome::Visible);
        }
        if is_dry {
            return Ok(Outcome::Removed);
        }
        self.remove_unlocked(run, async || Ok(true)).await
    }

    /// Removes a run unless a process works on it, or `is_useless` returns false while no process
    /// can begin to.
    async fn remove_unlocked(
        &self,
        run: &RunId,
        is_useless: impl AsyncFn() -> Result<bool, StoreError>,
    ) -> Result<Outcome, StoreError> {
        let lock = match self.locks {
            Some(folder) => match RunLock::acquire(folder, run)? {
                None => return Ok(Outcome::InUse),
                lock => lock,
            },
            None => None,
        };
        if !is_useless().await? {
            return Ok(Outcome::InUse);
        }
        self.store.remove_run(run).await?;
        if let Some(lock) = lock {
            lock.discard();
        }
        Ok(Outcome::Removed)
    }

    async fn is_published(
        &self,
        source: &SourceName,
        found: &FoundRun,
    ) -> Result<bool, StoreError> {
        let newest = newest(self.store, source, 0).await?;
        let (Some(newest), Some(start)) = (newest, found.start) else { return Ok(false) };
        Ok(publication(self.store, &found.run, start, &newest).await?.is_some())
    }
}
