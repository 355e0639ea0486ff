//! The report of a shard in its marker. Owns the JSON and the addition of reports; knows nothing of
//! the reading of lines.

use serde::{Deserialize, Serialize};
use trends::RecordCounts;
use trends::record::Malformed;
use trends::result::BlockRef;
use trends::window::WindowTotals;

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
    /// Records of which only a part was read, because the rest was too long.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub cut_records: u64,
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
        let Self { records, bytes, long_terms, cut_records, not_stored, .. } = other;
        self.records.add(&records);
        self.bytes += bytes;
        self.long_terms += long_terms;
        self.cut_records += cut_records;
        self.not_stored += not_stored;
        self.excluded += other.excluded;
        self.pairs += other.pairs;
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
