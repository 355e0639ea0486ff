//! The counted shards of a run. Owns the sums over them; knows nothing of the reading of lines or of
//! the store.

use std::ops::Deref;
use std::sync::{Arc, OnceLock};

use store::marker::Marker;
use trends::result::BlockRef;
use trends::scores::Totals;
use trends::window::WindowTotals;

use super::report::EtlReport;
use crate::Error;
use crate::plan::{Analysis, PartitionIndex, Plan, ShardIndex};

/// The memory of a window in the totals and in those for scores over time, in bytes.
const WINDOW: usize = 24 + 28;

/// A shard that was counted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shard {
    /// Its number in the plan.
    pub index: ShardIndex,
    /// The winning marker.
    pub marker: Marker<EtlReport>,
}

/// The sum of the windows of shards, which is the only copy of their totals: each shard may have a
/// million windows, and a run ten thousand shards.
#[derive(Debug, Default)]
pub(crate) struct WindowSum(WindowTotals);

impl WindowSum {
    /// Moves the totals of a shard's report to the sum.
    ///
    /// # Errors
    /// `Input` once the records of the run fall into more windows than it may have.
    pub(crate) fn take(&mut self, plan: &Plan, report: &mut EtlReport) -> Result<(), Error> {
        let totals = std::mem::take(&mut report.totals);
        self.0.add(&totals);
        plan.analysis.check_windows(self.0.len())
    }
}

/// All shards of a result, in order, with the sum of their windows.
#[derive(Debug)]
pub struct CountedShards {
    /// Their reports have no totals of windows.
    shards: Vec<Shard>,
    totals: WindowTotals,
    /// The totals for scores over time, once they are needed: all threads and stages share them.
    timed: OnceLock<Option<Arc<Totals>>>,
    /// The only partition whose partials they name; `None` if they name those of all.
    only: Option<PartitionIndex>,
}

impl CountedShards {
    /// Shards whose totals of windows were moved to `sum`.
    pub(crate) fn new(shards: Vec<Shard>, sum: WindowSum, only: Option<PartitionIndex>) -> Self {
        Self { shards, totals: sum.0, timed: OnceLock::new(), only }
    }

    /// The totals of each window over all shards.
    pub fn totals(&self) -> &WindowTotals {
        &self.totals
    }

    /// The totals of the windows for scores over time, `None` without such a score.
    pub(crate) fn timed_totals(&self, analysis: &Analysis) -> Option<Arc<Totals>> {
        let totals = || {
            let is_timed = analysis.scores.iter().any(|score| score.needs_window());
            let totals = is_timed.then(|| Totals::of(analysis.window, &self.totals));
            totals.flatten().map(Arc::new)
        };
        self.timed.get_or_init(totals).clone()
    }

    /// The memory of all totals of windows, in bytes.
    pub(crate) fn window_bytes(&self) -> usize {
        self.totals.len() * WINDOW
    }

    /// The blocks of each shard's partial of a partition, which is the only one that the shards
    /// were read for, if they were read for one.
    pub(crate) fn partials(
        &self,
        partition: PartitionIndex,
    ) -> impl Iterator<Item = (&Shard, &[BlockRef])> {
        let at = if self.only == Some(partition) { 0 } else { partition.position() };
        self.shards.iter().map(move |shard| {
            let blocks = shard.marker.report.partials.get(at);
            (shard, blocks.map_or(&[][..], Vec::as_slice))
        })
    }

    /// Pairs of neighbouring words in these shards.
    pub(crate) fn pairs(&self) -> u64 {
        self.shards.iter().map(|shard| shard.marker.report.pairs).sum()
    }
}

impl Deref for CountedShards {
    type Target = [Shard];

    fn deref(&self) -> &[Shard] {
        &self.shards
    }
}

/// Number of records of these shards that were stored, if records are stored.
pub fn stored_records(shards: &[Shard]) -> u64 {
    let reports = shards.iter().map(|shard| &shard.marker.report);
    reports.map(|report| report.records.counted.saturating_sub(report.not_stored)).sum()
}

/// The numbers of the plan's shards that are missing from `shards`, which are in order.
pub(crate) fn missing(plan: &Plan, shards: &[Shard]) -> Vec<u32> {
    let is_missing =
        |index: &ShardIndex| shards.binary_search_by_key(index, |shard| shard.index).is_err();
    plan.shard_indexes().filter(is_missing).map(u32::from).collect()
}
