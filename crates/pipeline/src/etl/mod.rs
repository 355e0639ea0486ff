//! The etl stage: counts one shard and writes one sorted partial per partition. Owns the order of
//! its steps.

mod counting;
mod judge;
mod partials;
mod record_batch;
mod rejects;
mod report;
mod scan;
mod shards;
mod spills;
mod window_totals;

use std::collections::BTreeSet;

use store::Stage;

pub use rejects::{Reject, for_each_reject};
pub use report::{EtlReport, Sample};
pub use shards::{CountedShards, Shard, stored_records};
pub(crate) use shards::{WindowSum, missing};

use crate::attempt::Attempt;
use crate::markers;
use crate::plan::{PartitionIndex, Plan, ShardIndex};
use crate::progress::Progress;
use crate::{Context, Error};

/// Bytes of a window in the JSON of a marker, which is in memory twice while it is written.
const WINDOW_JSON: usize = 2 * 64;

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
    counted.report.partials = partials::write(&attempt, counted.runs, counted.spills)?;
    // The JSON of many windows is written one shard after the other.
    let json = counted.report.totals.len() * WINDOW_JSON;
    let held = context.rooms.markers.wait(&context.runtime, json);
    let marker = attempt.mark(counted.report)?;
    drop(held);
    Ok(Shard { index, marker })
}

/// Returns a shard if an attempt has finished it.
pub fn finished(context: &Context, plan: &Plan, index: ShardIndex) -> Result<Option<Shard>, Error> {
    let found = markers::finished(context, plan, Stage::Etl, index)?;
    Ok(found.map(|marker| Shard { index, marker }))
}

/// Returns all shards of a run, in order, except those in `without`. They name the partials of
/// partition `only`, or of no partition.
///
/// # Errors
/// `NotReady` with the numbers of the shards that no attempt has finished; `Input` if records fall
/// into more windows than a run may have.
pub fn all_finished(
    context: &Context,
    plan: &Plan,
    without: &BTreeSet<u32>,
    only: Option<PartitionIndex>,
) -> Result<CountedShards, Error> {
    let indexes = plan.shard_indexes().filter(|index| !without.contains(&u32::from(*index)));
    let mut sum = WindowSum::default();
    let keep = |report: &mut EtlReport| {
        let all = std::mem::take(&mut report.partials);
        report.partials =
            only.and_then(|only| all.into_iter().nth(only.position())).into_iter().collect();
        sum.take(plan, report)
    };
    let found = markers::all_finished(context, plan, Stage::Etl, indexes, keep)?;
    let shards = found.into_iter().map(|(index, marker)| Shard { index, marker }).collect();
    Ok(CountedShards::new(shards, sum, only))
}

#[cfg(test)]
mod tests;
