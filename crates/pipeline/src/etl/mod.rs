//! The etl stage: counts one shard and writes one sorted partial per partition. Owns the order of
//! its steps and what its marker reports.

mod judge;
mod partials;
mod rejects;
mod scan;
mod spill;

use serde::{Deserialize, Serialize};
use store::Stage;
use store::marker::{Marker, mark, marker};
use trends::RecordCounts;
use trends::record::Malformed;
use trends::result::BlockRef;

pub use rejects::{Reject, for_each_reject};

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
    /// The first malformed lines, by object and offset.
    pub samples: Vec<Sample>,
    /// The blocks of each partition's partial, in order.
    pub partials: Vec<Vec<BlockRef>>,
    /// All malformed lines, where they were asked for: runs of blocks, each run in order.
    pub rejects: Vec<Vec<BlockRef>>,
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

    fn new(object: u32, offset: u64, reason: Malformed, column: u64, line: &[u8]) -> Self {
        let shown = &line[..line.len().min(Self::SHOWN)];
        let line = String::from_utf8_lossy(shown).into_owned();
        Self { object, offset, reason: reason.name().to_owned(), column, line }
    }
}

/// Counts a shard, unless an attempt did already. Returns the marker that counts.
pub fn etl(context: &Context, plan: &Plan, shard: u32) -> Result<Marker<EtlReport>, Error> {
    if let Some(done) = finished(context, plan, shard)? {
        crate::Progress::add(&context.progress.bytes, done.report.bytes);
        crate::Progress::add(&context.progress.records, done.report.records.read);
        return Ok(done);
    }
    let home = context.home(Stage::Etl, shard);
    let ranges = plan.shards.get(shard as usize).map_or(&[][..], Vec::as_slice);
    let scanned = scan::scan(context, plan, &home, ranges)?;
    let partials = partials::write(context, plan, &home, scanned.runs, &scanned.spills)?;
    let report = EtlReport {
        records: scanned.records,
        bytes: ranges.iter().map(|range| range.end - range.start).sum(),
        long_terms: scanned.long_terms,
        samples: scanned.samples,
        partials,
        rejects: scanned.rejects,
    };
    Ok(context.wait(mark(&*context.store, &home, &plan.hash()?, report))?)
}

/// The marker of a shard, if an attempt finished it.
pub fn finished(
    context: &Context,
    plan: &Plan,
    shard: u32,
) -> Result<Option<Marker<EtlReport>>, Error> {
    let found: Option<Marker<EtlReport>> =
        context.wait(marker(&*context.store, &context.run, Stage::Etl, shard))?;
    if let Some(found) = &found {
        let expected = plan.hash()?;
        if found.plan_hash != expected {
            let (run, stored) = (context.run.to_string(), found.plan_hash.clone());
            return Err(Error::PlanMismatch { run, stored, expected });
        }
    }
    Ok(found)
}
