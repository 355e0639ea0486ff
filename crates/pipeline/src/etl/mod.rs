//! The etl stage: counts one shard and writes one sorted partial per partition. Owns the order of
//! its steps and what its marker reports.

mod counting;
mod judge;
mod partials;
mod record_batch;
mod rejects;
mod report;
mod scan;
mod spill;

use std::collections::BTreeSet;

use store::Stage;

pub use rejects::{Reject, for_each_reject};
pub use report::{EtlReport, Sample, Shard, kept};
pub(crate) use report::{missing, pairs, window_totals};

use crate::markers::{self, marked};
use crate::plan::Plan;
use crate::progress::Progress;
use crate::{Context, Error};

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
        Progress::add(&context.progress.bytes, done.marker.report.bytes);
        Progress::add(&context.progress.records, done.marker.report.records.read);
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

/// A shard, if an attempt finished it.
pub fn finished(context: &Context, plan: &Plan, index: u32) -> Result<Option<Shard>, Error> {
    let found = markers::finished(context, plan, Stage::Etl, index)?;
    Ok(found.map(|marker| Shard { index, marker }))
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
