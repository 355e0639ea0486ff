//! Which runs are removed, when, and by what order of steps. Nothing is removed that a reader or
//! another process still needs, and nothing useless is kept forever, however its run died.
//!
//! `survey` reads what the store has, `verdict` decides without a store, `removal` marks and
//! removes. The other modules say what each of them is called with: `local` on one machine,
//! `shared` in a cluster, `gc` by hand, and `purge` for a deleted TrendJob.

mod gc;
mod local;
mod purge;
mod removal;
mod shared;
mod survey;
mod verdict;

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
    /// Number of retired runs that were removed, and of runs whose late data was.
    pub removed: u64,
}

/// A run that is of no use any more, and what became of it.
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
    /// What became of it.
    pub outcome: Outcome,
}

/// What became of a run of no use.
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
    /// Judges every run and removes the useless ones.
    async fn run(&self) -> Result<Vec<UselessRun>, StoreError> {
        let survey = survey(self).await?;
        let mut useless = Vec::new();
        // Late data and abandoned runs go first: their removal writes nothing, so it works on a
        // disk that a failed run has filled.
        for run in &survey.without_record {
            useless.push(self.remove_late_data(run).await?);
        }
        let judged: Vec<_> =
            survey.sources.iter().map(|runs| (runs, judge(runs, &self.rules))).collect();
        for is_writing in [false, true] {
            for (runs, found) in &judged {
                for (found, reason) in
                    found.iter().filter(|(_, reason)| reason.needs_mark() == is_writing)
                {
                    useless.push(self.remove(runs, found, *reason).await?);
                }
            }
        }
        for runs in survey.sources.iter().filter(|runs| runs.in_scope && !self.is_dry) {
            // A process that died right after it published left them.
            for found in runs.found.iter().filter(|found| found.is_published) {
                self.store.remove_blocks(&found.run, Stage::Etl).await?;
            }
        }
        if !self.is_dry {
            self.withdraw_gone().await?;
        }
        Ok(useless)
    }

    /// Takes back the newest entries whose runs are gone: a process may have named a run while it
    /// was removed here, or a purge may have died after its mark.
    async fn withdraw_gone(&self) -> Result<(), StoreError> {
        let sources = match self.scope {
            Some(source) => vec![source.clone()],
            None => self.store.sources().await?,
        };
        let now = rfc3339(i64::try_from(self.rules.now).unwrap_or(i64::MAX));
        for source in &sources {
            withdraw_gone(self.store, source, &now).await?;
        }
        Ok(())
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
