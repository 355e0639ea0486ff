//! The report of a shard in its marker, and sums over the shards of a run. Owns the JSON and the
//! addition of reports; knows nothing of the reading of lines.

use serde::{Deserialize, Serialize};
use store::marker::Marker;
use trends::RecordCounts;
use trends::record::Malformed;
use trends::result::BlockRef;
use trends::window::WindowTotals;

use crate::plan::{Plan, ShardIndex};

/// The counters of a shard and its blocks. While a shard is counted, each thread has a report of
/// its own.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct EtlReport {
    /// The counters of its records.
    pub records: RecordCounts,
    /// Bytes of input, as stored.
    pub bytes: u64,
    /// Occurrences of terms too long to be stored.
    pub long_terms: u64,
    /// Records that were counted but could not be stored, if records are stored.
    #[serde(default, rename = "leftOut")]
    pub not_stored: u64,
    /// Records of excluded authors: read, but counted for no term.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub excluded: u64,
    /// Pairs of neighbouring words, if phrases are counted.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub pairs: u64,
    /// The totals of each window that has a record, if windows or authors are counted.
    #[serde(default, skip_serializing_if = "WindowTotals::is_empty")]
    pub totals: WindowTotals,
    /// The first malformed lines, by object and offset.
    pub samples: Vec<Sample>,
    /// The blocks of each partition's partial, in order.
    pub partials: Vec<Vec<BlockRef>>,
    /// All malformed lines, if rejects are kept: sorted runs of blocks.
    pub rejects: Vec<Vec<BlockRef>>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
const fn is_zero(number: &u64) -> bool {
    *number == 0
}

impl EtlReport {
    /// Adds the counters, samples and rejects of another thread; the partials are of the whole
    /// shard.
    pub(super) fn add(&mut self, other: Self) {
        let Self { records, bytes, long_terms, not_stored, excluded, pairs, .. } = other;
        self.records.add(&records);
        self.bytes += bytes;
        self.long_terms += long_terms;
        self.not_stored += not_stored;
        self.excluded += excluded;
        self.pairs += pairs;
        self.totals.add(&other.totals);
        self.samples.extend(other.samples);
        self.rejects.extend(other.rejects);
        self.samples.sort_by_key(|sample| (sample.object, sample.offset));
        self.samples.truncate(Sample::KEPT);
    }
}

/// A malformed line that is shown as an example.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sample {
    /// The number of the object in the plan.
    pub object: u32,
    /// The offset of the line in the (decompressed) object.
    pub offset: u64,
    /// The name of the reason.
    pub reason: String,
    /// The offset of the error in the line, in bytes.
    pub column: u64,
    /// The beginning of the line.
    pub line: String,
}

impl Sample {
    /// The number of samples that are kept of a shard and shown of a run.
    pub const KEPT: usize = 5;
    /// The number of bytes of a line that are shown.
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
    pub index: ShardIndex,
    /// The winning marker.
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

/// Pairs of neighbouring words in these shards.
pub(crate) fn pairs(shards: &[Shard]) -> u64 {
    shards.iter().map(|shard| shard.marker.report.pairs).sum()
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
