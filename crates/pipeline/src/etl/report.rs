//! What the marker of a shard reports, and what the shards of a run report together. Owns the JSON; knows
//! nothing of how lines are read.

use serde::{Deserialize, Serialize};
use store::marker::Marker;
use trends::RecordCounts;
use trends::record::Malformed;
use trends::result::BlockRef;
use trends::window::WindowTotals;

use crate::plan::Plan;

/// What the marker of a shard reports.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct EtlReport {
    /// What became of its records.
    pub records: RecordCounts,
    /// Bytes of input, as stored.
    pub bytes: u64,
    /// Occurrences of terms too long to be stored.
    pub long_terms: u64,
    /// Records that were counted and could not be kept, where they are kept.
    #[serde(default)]
    pub left_out: u64,
    /// Records whose text was read and counts for nothing, because their author is excluded.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub excluded: u64,
    /// Pairs of neighbouring words, where phrases are asked for.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub pairs: u64,
    /// The totals of each window that has a record, where windows or authors are counted.
    #[serde(default, skip_serializing_if = "WindowTotals::is_empty")]
    pub totals: WindowTotals,
    /// The first malformed lines, by object and offset.
    pub samples: Vec<Sample>,
    /// The blocks of each partition's partial, in order.
    pub partials: Vec<Vec<BlockRef>>,
    /// All malformed lines, where they were asked for: runs of blocks, each run in order.
    pub rejects: Vec<Vec<BlockRef>>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
const fn is_zero(number: &u64) -> bool {
    *number == 0
}

/// A malformed line, to show.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sample {
    /// Which object of the plan.
    pub object: u32,
    /// Where the line begins in the (decompressed) object.
    pub offset: u64,
    /// The name of the reason.
    pub reason: String,
    /// Where in the line it was noticed, in bytes.
    pub column: u64,
    /// The beginning of the line.
    pub line: String,
}

impl Sample {
    /// How many are kept of a shard and shown of a run.
    pub const KEPT: usize = 5;
    /// How much of a line is shown, in bytes.
    pub const SHOWN: usize = 120;

    pub(crate) fn new(
        object: u32,
        offset: u64,
        reason: Malformed,
        column: u64,
        line: &[u8],
    ) -> Self {
        let shown = &line[..line.len().min(Self::SHOWN)];
        let line = String::from_utf8_lossy(shown).into_owned();
        Self { object, offset, reason: reason.name().to_owned(), column, line }
    }
}

/// A shard that was counted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shard {
    /// Its number in the plan.
    pub index: u32,
    /// The marker that counts.
    pub marker: Marker<EtlReport>,
}

/// The totals of each window over these shards.
pub(crate) fn window_totals(shards: &[Shard]) -> WindowTotals {
    let mut totals = WindowTotals::default();
    for shard in shards {
        totals.add(&shard.marker.report.totals);
    }
    totals
}

/// The pairs of neighbouring words of these shards.
pub(crate) fn pairs(shards: &[Shard]) -> u64 {
    shards.iter().map(|shard| shard.marker.report.pairs).sum()
}

/// How many records of these shards were kept, where records are.
pub fn kept(shards: &[Shard]) -> u64 {
    let reports = shards.iter().map(|shard| &shard.marker.report);
    reports.map(|report| report.records.counted.saturating_sub(report.left_out)).sum()
}

/// The shards of a plan that are not among these, which are in order.
pub(crate) fn missing(plan: &Plan, shards: &[Shard]) -> Vec<u32> {
    // There are fewer than 2^32 shards.
    let all = 0..plan.shards.len() as u32;
    all.filter(|index| shards.binary_search_by_key(index, |shard| shard.index).is_err()).collect()
}
