//! The removal of one run. Owns the order of its steps: mark the run, look at the newest entry,
//! remove the data. The clean-up looks again when all are removed.

use super::survey::{FoundRun, SourceRuns};
use super::verdict::Reason;
use super::{CleanUp, Outcome, READERS, UselessRun};
use crate::generations::newest;
use crate::marks::{Marks, is_marked, retire, retired_at};
use crate::{RunId, RunLock, StoreError, runs};

impl CleanUp<'_> {
    /// Removes the data that a late attempt stored after its run was removed; `None` if the run has
    /// no mark. Such a run may be about to begin, since its folder comes before its record, or its
    /// record was lost: its data may be needed.
    pub(super) async fn remove_late_data(
        &self,
        run: &RunId,
    ) -> Result<Option<UselessRun>, StoreError> {
        let store = self.store;
        if !is_marked(store, run).await? {
            return Ok(None);
        }
        let is_late = async || Ok(runs::read(store, run).await?.is_none());
        let outcome = self.remove_unlocked(run, is_late).await?;
        let (run, reason) = (run.clone(), Reason::LateData);
        Ok(Some(UselessRun { run, source: None, reason, outcome }))
    }

    /// Removes a run that is of no use for `reason`, or takes the next step towards it.
    pub(super) async fn remove(
        &self,
        runs: &SourceRuns,
        found: &FoundRun,
        reason: Reason,
    ) -> Result<UselessRun, StoreError> {
        let outcome = match reason {
            // Its process may have published it and released the lock since the log was read. No
            // process can publish it while this one has the lock, so this reading counts.
            Reason::Interrupted => {
                let is_unpublished =
                    async || Ok(!runs::is_published(self.store, &found.run).await?);
                self.remove_unlocked(&found.run, is_unpublished).await?
            }
            // The purge died, or is under way. Its readers have the time that it leaves to them.
            Reason::Purged if runs.was_visible(&found.run, READERS, self.rules.now) => {
                Outcome::Visible
            }
            _ if reason.needs_mark() => self.retire(runs, found).await?,
            _ => self.remove_unlocked(&found.run, async || Ok(true)).await?,
        };
        let (run, source) = (found.run.clone(), Some(runs.source.clone()));
        Ok(UselessRun { run, source, reason, outcome })
    }

    /// Retires a run, and removes it if its grace is over and no reader has it open.
    async fn retire(&self, runs: &SourceRuns, found: &FoundRun) -> Result<Outcome, StoreError> {
        let Self { store, rules, is_dry, .. } = *self;
        let run = &found.run;
        // A mark is never taken back, and the survey may be old.
        if found.marks == Marks::None && self.is_needed(runs, found).await? {
            return Ok(Outcome::Visible);
        }
        let grace = if found.is_published { rules.grace } else { rules.unpublished_grace };
        let (at, is_new) = match (is_dry, found.marks) {
            (true, Marks::None) => (rules.now, true),
            (true, _) => (retired_at(store, run).await?.unwrap_or(rules.now), false),
            (false, _) => retire(store, run, rules.now).await?,
        };
        if rules.now.saturating_sub(at) < grace {
            return Ok(if is_new { Outcome::Retired } else { Outcome::InGrace });
        }
        // A rollback may have shown the run again, or an attempt published it, before the run was
        // marked. From now on, every process that names it finds the mark.
        let is_read = found.is_published && runs.was_visible(run, rules.grace, rules.now);
        if is_read || self.is_needed(runs, found).await? {
            return Ok(Outcome::Visible);
        }
        self.remove_unlocked(run, async || Ok(true)).await
    }

    /// Returns true if a run is visible, or was published since the survey.
    async fn is_needed(&self, runs: &SourceRuns, found: &FoundRun) -> Result<bool, StoreError> {
        let newest = newest(self.store, &runs.source, 0).await?;
        let is_visible = newest.is_some_and(|newest| !newest.withdrawn && newest.run == found.run);
        let is_unpublished = !found.is_published;
        Ok(is_visible || (is_unpublished && runs::is_published(self.store, &found.run).await?))
    }

    /// Removes a run unless a process works on it, or `is_useless` returns false while no process
    /// can begin to.
    async fn remove_unlocked(
        &self,
        run: &RunId,
        is_useless: impl AsyncFn() -> Result<bool, StoreError>,
    ) -> Result<Outcome, StoreError> {
        if self.is_dry {
            let is_free =
                self.locks.is_none_or(|folder| RunLock::is_free(folder, run).unwrap_or(true));
            return Ok(if is_free { Outcome::Removed } else { Outcome::InUse });
        }
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
}
