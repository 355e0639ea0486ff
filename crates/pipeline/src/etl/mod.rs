//! The etl stage: counts one shard and writes one sorted partial per partition. Owns the order of
//! its steps.

mod counting;
mod judge;
mod partials;
mod record_batch;
mod rejects;
mod report;
mod scan;
mod spills;

use std::collections::BTreeSet;

use store::Stage;

pub use rejects::{Reject, for_each_reject};
pub use report::{EtlReport, Sample, Shard, stored_records};
pub(crate) use report::{missing, pairs, window_totals};

use crate::attempt::Attempt;
use crate::markers;
use crate::plan::{Plan, ShardIndex};
use crate::progress::Progress;
use crate::{Context, Error};

/// Counts a shard, unless an attempt has finished it. Returns the shard with the winning marker.
pub fn etl(context: &Context, plan: &Plan, index: ShardIndex) -> Result<Shard, Error> {
    if let Some(done) = finished(context, plan, index)? {
        Progress::add(&context.progress.bytes, done.marker.report.bytes);
        Progress::add(&context.progress.records, done.marker.report.records.read);
        return Ok(done);
    }
    let attempt = Attempt::new(context, plan, Stage::Etl, index);
    let ranges = &plan.shards[index.position()];
    let mut counted = scan::scan(&attempt, ranges)?;
    counted.report.bytes = ranges.iter().map(|range| range.end - range.start).sum();
    counted.report.partials = partials::write(&attempt, counted.runs, &counted.spills)?;
    let marker = attempt.mark(counted.report)?;
    Ok(Shard { index, marker })
}

/// Returns a shard if an attempt has finished it.
pub fn finished(context: &Context, plan: &Plan, index: ShardIndex) -> Result<Option<Shard>, Error> {
    let found = markers::finished(context, plan, Stage::Etl, index)?;
    Ok(found.map(|marker| Shard { index, marker }))
}

/// Returns all shards of a run, in order, except those in `without`.
///
/// # Errors
/// `NotReady` with the numbers of the shards that no attempt has finished.
pub fn all_finished(
    context: &Context,
    plan: &Plan,
    without: &BTreeSet<u32>,
) -> Result<Vec<Shard>, Error> {
    let indexes = plan.shard_indexes().filter(|index| !without.contains(&u32::from(*index)));
    let found = markers::all_finished(context, plan, Stage::Etl, "shard", indexes)?;
    Ok(found.into_iter().map(|(index, marker)| Shard { index, marker }).collect())
}

#[cfg(test)]
mod tests;
