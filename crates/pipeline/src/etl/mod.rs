//! The etl stage: counts one shard and writes one sorted partial per partition. Owns the order of
//! its steps and what its marker reports.

mod counting;
mod judge;
mod partials;
mod records;
mod rejects;
mod scan;
mod spill;

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use store::Stage;
use store::marker::Marker;
use trends::RecordCounts;
use trends::record::Malformed;
use trends::result::BlockRef;
use trends::window::WindowTotals;

pub use records::{Record, RecordSink};
pub use rejects::{Reject, for_each_reject};

use crate::markers::{self, marked};
use crate::plan::Plan;
use crate::{Context, Error};

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

/// Counts a shard, unless an attempt did already.
///
/// # Errors
/// `OutsidePlan` if the plan has no such shard.
pub fn etl(context: &Context, plan: &Plan, index: u32) -> Result<Shard, Error> {
    let ranges = plan.shards.get(index as usize).ok_or_else(|| Error::OutsidePlan {
        stage: Stage::Etl,
        index,
        count: plan.shards.len(),
    })?;
    if let Some(done) = finished(context, plan, index)? {
        crate::Progress::add(&context.progress.bytes, done.marker.report.bytes);
        crate::Progress::add(&context.progress.records, done.marker.report.records.read);
        return Ok(done);
    }
    let home = context.home(Stage::Etl, index);
    let scanned = scan::scan(context, plan, &home, ranges)?;
    let partials = partials::write(context, plan, &home, scanned.runs, &scanned.spills)?;
    let report = EtlReport {
        records: scanned.records,
        bytes: ranges.iter().map(|range| range.end - range.start).sum(),
        long_terms: scanned.long_terms,
        left_out: scanned.left_out,
        excluded: scanned.excluded,
        pairs: scanned.pairs,
        totals: scanned.totals,
        samples: scanned.samples,
        partials,
        rejects: scanned.rejects,
    };
    let marker = marked(context, plan, &home, report)?;
    Ok(Shard { index, marker })
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

/// A shard, if an attempt finished it.
pub fn finished(context: &Context, plan: &Plan, index: u32) -> Result<Option<Shard>, Error> {
    let found = markers::finished(context, plan, Stage::Etl, index)?;
    Ok(found.map(|marker| Shard { index, marker }))
}

/// How many records of these shards were kept, where records are.
pub fn kept(shards: &[Shard]) -> u64 {
    let reports = shards.iter().map(|shard| &shard.marker.report);
    reports.map(|report| report.records.counted.saturating_sub(report.left_out)).sum()
}

/// All shards of a run but those it goes on without, in order.
///
/// # Errors
/// `NotReady` with the numbers of the shards that nobody finished.
pub fn all_finished(
    context: &Context,
    plan: &Plan,
    without: &BTreeSet<u32>,
) -> Result<Vec<Shard>, Error> {
    // There are fewer than 2^32 shards.
    let indexes = (0..plan.shards.len() as u32).filter(|index| !without.contains(index));
    let found = markers::all_finished(context, plan, Stage::Etl, "shard", indexes)?;
    Ok(found.into_iter().map(|(index, marker)| Shard { index, marker }).collect())
}
