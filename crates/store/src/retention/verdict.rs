//! Which runs are of no use, from what a survey found. Pure: reads no store and no clock.

use std::collections::HashSet;

use serde::Serialize;

use super::survey::{FoundRun, SourceRuns};
use super::{ABANDONED_AFTER, Retention};
use crate::RunId;
use crate::marks::Marks;

/// The rules of a clean-up. Times are in seconds.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rules {
    /// The time, since the epoch.
    pub(super) now: u64,
    /// The number of published runs of a source that are kept, at least 2; `None` keeps all.
    pub(super) kept: Option<usize>,
    /// The time that a published run may still be read after it is retired or hidden.
    pub(super) grace: u64,
    /// The time between the retirement and the removal of an unpublished run.
    pub(super) unpublished_grace: u64,
    /// The age from which an unpublished run of workers is abandoned.
    pub(super) abandoned_after: u64,
    /// True if a run whose beginning is unknown counts as old: earlier releases did not store it.
    pub(super) unknown_is_old: bool,
    /// The age from which an unpublished run without a process is removed, where runs hold locks.
    pub(super) interrupted_after: Option<u64>,
}

impl Rules {
    /// The rules of a clean-up by a run, where runs hold no locks.
    pub(super) const fn of_a_run(retention: Retention, now: u64) -> Self {
        Self {
            now,
            kept: Some(retention.runs),
            grace: retention.grace,
            unpublished_grace: retention.grace,
            abandoned_after: ABANDONED_AFTER,
            unknown_is_old: false,
            interrupted_after: None,
        }
    }

    /// Returns true if a run that began at this time is old enough to be abandoned.
    pub(super) fn is_old(&self, began: Option<u64>) -> bool {
        let age = began.map(|began| self.now.saturating_sub(began));
        age.map_or(self.unknown_is_old, |age| age >= self.abandoned_after)
    }
}

/// The reason why a run is of no use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Reason {
    /// A late attempt stored data after the run was removed.
    LateData,
    /// Its TrendJob is deleted.
    Purged,
    /// An earlier clean-up retired it.
    Retired,
    /// Later runs have taken its place among those that are kept.
    BeyondRetention,
    /// It has no result, and no process works on it.
    Interrupted,
    /// A run that began later is published, so it never can be.
    Superseded,
    /// It began long ago and has no result.
    Abandoned,
}

impl Reason {
    /// Returns true if the run is marked before it is removed for this reason.
    pub(super) const fn needs_mark(self) -> bool {
        matches!(self, Self::Retired | Self::BeyondRetention | Self::Superseded | Self::Abandoned)
    }
}

/// Returns the useless runs of a source, each with the reason.
pub(super) fn judge<'a>(runs: &'a SourceRuns, rules: &Rules) -> Vec<(&'a FoundRun, Reason)> {
    let kept = kept(runs, rules);
    let highest = runs.newest.as_ref().map_or(0, |newest| newest.highest_start);
    let reason = |found: &FoundRun| match found.marks {
        // The retention and grace of another source are not known here.
        _ if found.is_published && !runs.in_scope => None,
        Marks::Purged => Some(Reason::Purged),
        _ if is_interrupted(found, rules) => Some(Reason::Interrupted),
        Marks::Retired => Some(Reason::Retired),
        Marks::None if found.is_published => {
            let is_beyond = kept.as_ref().is_some_and(|kept| !kept.contains(&found.run));
            is_beyond.then_some(Reason::BeyondRetention)
        }
        Marks::None if found.start.is_some_and(|start| start < highest) => Some(Reason::Superseded),
        Marks::None => rules.is_old(found.began).then_some(Reason::Abandoned),
    };
    runs.found.iter().filter_map(|found| Some((found, reason(found)?))).collect()
}

/// Returns true if a run has no result and is old enough to be removed unless a process has its
/// lock.
fn is_interrupted(found: &FoundRun, rules: &Rules) -> bool {
    let age = found.began.map_or(u64::MAX, |began| rules.now.saturating_sub(began));
    let is_due = rules.interrupted_after.is_some_and(|after| age >= after);
    is_due && !found.is_published && !found.workers
}

/// The published runs that are kept, if not all are: the visible one and the last ones.
fn kept<'a>(runs: &'a SourceRuns, rules: &Rules) -> Option<HashSet<&'a RunId>> {
    let mut published: Vec<_> = runs
        .found
        .iter()
        .filter(|found| found.is_published && found.marks == Marks::None)
        .collect();
    published.sort_by_key(|found| std::cmp::Reverse(found.start));
    let last = published.into_iter().take(rules.kept?.max(2)).map(|found| &found.run);
    Some(last.chain(runs.newest.as_ref().map(|newest| &newest.run)).collect())
}
