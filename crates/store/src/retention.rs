//! Which runs are removed, when, and by what order of steps. Nothing is removed that a reader or
//! another process still needs, and nothing useless is kept forever, however its run died.
//!
//! `survey` reads what the store has, `verdict` decides without a store, `removal` marks and
//! removes. Each way to call them is a module: `local` on one machine, `shared` in a cluster, `gc` by
//! hand, and `purge` for a deleted TrendJob.

mod gc;
mod local;
mod purge;
mod removal;
mod shared;
mod survey;
mod verdict;

use std::collections::BTreeSet;
use std::path::Path;

use serde::Serialize;
use trends::time::rfc3339;

use crate::generations::withdraw_gone;
use crate::{RunId, SourceName, Stage, Store, StoreError};
use survey::survey;
use verdict::{Rules, judge};

pub use gc::{GcOptions, gc};
pub use local::clean_up;
pub use purge::purge;
pub use shared::clean_up_source;
pub use verdict::Reason;

/// The age, in seconds, from which a run without a result is abandoned, in every clean-up: 30 days.
/// A run may be suspended for long, so this is long, too.
pub const ABANDONED_AFTER: u64 = 30 * 24 * 60 * 60;

/// The time, in seconds, that readers have to end what they read of the result of a purged run: the
/// API looks at the log once a second.
pub const READERS: u64 = 3;

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
    /// Number of retired runs that were removed, and of runs of which late data was removed.
    pub removed: u64,
}

/// A run that is of no use any more, and the outcome of its removal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct UselessRun {
    /// The run.
    pub run: RunId,
    /// Its source; `None` if its record is gone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<SourceName>,
    /// The reason why it is of no use.
    pub reason: Reason,
    /// The outcome of its removal.
    pub outcome: Outcome,
}

/// The outcome of the removal of a useless run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Outcome {
    /// Its data was removed, or would be without `--dry-run`.
    Removed,
    /// It was retired, or would be without `--dry-run`: it is removed after its grace.
    Retired,
    /// It is retired and its grace is not over.
    InGrace,
    /// A reader may still read it: it is visible, or was within the grace.
    Visible,
    /// A process works on it.
    InUse,
}

/// A clean-up: a store, and how runs are judged and removed.
#[derive(Debug, Clone, Copy)]
struct CleanUp<'a> {
    store: &'a dyn Store,
    /// The folder of the locks, if runs of this machine hold locks.
    locks: Option<&'a Path>,
    rules: Rules,
    /// The source whose runs are judged by all rules, `None` for every source. Runs of other
    /// sources are judged by their age alone.
    scope: Option<&'a SourceName>,
    /// True if nothing is changed.
    is_dry: bool,
}

impl CleanUp<'_> {
    /// Judges every run and removes the useless ones. A run that can't be judged or removed is left
    /// alone: the first error is returned when all others are done.
    async fn run(&self) -> Result<Vec<UselessRun>, StoreError> {
        // A purge that died after its mark left its run visible.
        let mut failed = self.withdraw_gone(self.scope).await.err();
        let survey = survey(self).await?;
        let mut useless = Vec::new();
        let mut note = |found: Result<Option<UselessRun>, StoreError>| match found {
            Ok(found) => useless.extend(found),
            Err(error) => failed = failed.take().or(Some(error)),
        };
        // Late data and abandoned runs go first: their removal writes nothing, so it works on a
        // disk that a failed run has filled.
        for run in &survey.without_record {
            note(self.remove_late_data(run).await);
        }
        let judged = survey.sources.iter().map(|runs| (runs, judge(runs, &self.rules)));
        let judged: Vec<_> = judged.collect();
        for is_writing in [false, true] {
            for (runs, found) in &judged {
                let found = found.iter().filter(|(_, reason)| reason.needs_mark() == is_writing);
                for (found, reason) in found {
                    note(self.remove(runs, found, *reason).await.map(Some));
                }
            }
        }
        for runs in survey.sources.iter().filter(|runs| runs.in_scope && !self.is_dry) {
            // A process that died right after it published left them.
            for found in runs.found.iter().filter(|found| found.is_published) {
                note(self.store.remove_blocks(&found.run, Stage::Etl).await.map(|()| None));
            }
        }
        // A process may have named a run while it was removed here.
        let touched: BTreeSet<_> =
            useless.iter().filter_map(|found| found.source.clone()).collect();
        let mut ends = vec![self.withdraw_gone(self.scope).await];
        for source in
            touched.iter().filter(|source| self.scope.is_some_and(|scope| scope != *source))
        {
            ends.push(self.withdraw_gone(Some(source)).await);
        }
        let ended = ends.into_iter().find_map(Result::err);
        survey.failed.or(failed).or(ended).map_or(Ok(useless), Err)
    }

    /// Takes back the newest entry of a source, or of every source, if its run is gone.
    async fn withdraw_gone(&self, source: Option<&SourceName>) -> Result<(), StoreError> {
        if self.is_dry {
            return Ok(());
        }
        let sources = match source {
            Some(source) => vec![source.clone()],
            None => self.store.sources().await?,
        };
        let now = rfc3339(i64::try_from(self.rules.now).unwrap_or(i64::MAX));
        let mut failed = None;
        for source in &sources {
            failed = failed.or(withdraw_gone(self.store, source, &now).await.err());
        }
        failed.map_or(Ok(()), Err)
    }
}

fn report(useless: &[UselessRun]) -> CleanupReport {
    let mut report = CleanupReport::default();
    for run in useless {
        match (run.outcome, run.reason) {
            (Outcome::Removed, Reason::Interrupted) => report.abandoned += 1,
            (Outcome::Removed, _) => report.removed += 1,
            (Outcome::Retired, _) => report.retired += 1,
            _ => {}
        }
    }
    report
}

#[cfg(test)]
mod tests;
