//! A whole run on one machine, with threads in place of pods. Owns the order of the stages.

use std::sync::Mutex;
use std::sync::atomic::Ordering;
use std::time::Duration;

use store::Stage;
use store::generations::Generation;
use tokio::time::Instant;
use trends::result::ResultContents;

use crate::aggregate::{aggregate, check_records};
use crate::etl::{CountedShards, Shard, WindowSum, etl};
use crate::parallel::{in_parallel, into_inner, lock};
use crate::plan::{Plan, Spec, plan, stored};
use crate::progress::Progress;
use crate::publish::publish;
use crate::score::score_all;
use crate::{Context, Error};

/// A run that was published.
#[derive(Debug)]
pub struct PublishedRun {
    /// Its plan.
    pub plan: Plan,
    /// The generation of its result.
    pub generation: Generation,
    /// The contents of its result.
    pub contents: ResultContents,
    /// The duration of each stage.
    pub stages: Vec<(Stage, Duration)>,
}

/// Runs or resumes all stages. `spec` is `None` for a run that has a plan. `counted` is called once
/// all shards are counted, before the verdict on malformed lines. `clock` returns the time as RFC
/// 3339 text.
pub fn run(
    context: &Context,
    spec: Option<&Spec>,
    counted: impl FnOnce(&Plan, &[Shard]) -> Result<(), Error>,
    clock: impl Fn() -> String,
) -> Result<PublishedRun, Error> {
    let mut stages = Vec::new();
    let mut timed = Instant::now();
    let mut lap = |stage| {
        let now = Instant::now();
        stages.push((stage, now - timed));
        timed = now;
    };
    let plan = match spec {
        Some(spec) => plan(context, spec)?,
        None => stored(context, None)?,
    };
    context.progress.bytes_total.store(plan.bytes(), Ordering::Relaxed);
    lap(Stage::Plan);

    let windows = Mutex::new(WindowSum::default());
    let shards = in_parallel(context, plan.shard_indexes().collect(), |share, tasks| {
        tasks.each(share, |shard| {
            let mut counted = etl(share, &plan, shard)?;
            lock(&windows).take(&plan, &mut counted.marker.report)?;
            Ok(counted)
        })
    })?;
    let shards = CountedShards::new(shards, into_inner(windows), None);
    counted(&plan, &shards)?;
    check_records(&context.run, &plan, &shards)?;
    lap(Stage::Etl);

    // The windows of all shards stay until the run is published.
    let context = &context.beside(shards.window_bytes());
    Progress::add(&context.progress.partitions_total, u64::from(plan.partitions));
    let partitions = in_parallel(context, plan.partition_indexes()?.collect(), |share, tasks| {
        tasks.each(share, |partition| aggregate(share, &plan, &shards, partition))
    })?;
    lap(Stage::Aggregate);

    if plan.analysis.needs_scoring() {
        score_all(context, &plan, &shards, &partitions)?;
        lap(Stage::Score);
    }

    let (generation, contents) = publish(context, &plan, &shards, &partitions, &clock())?;
    lap(Stage::Publish);
    Ok(PublishedRun { plan, generation, contents, stages })
}

#[cfg(test)]
mod flipped_bits;
#[cfg(test)]
mod tests;
