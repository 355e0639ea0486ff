//! A whole run on one machine: threads for pods. Owns the order of the stages and how shards and
//! partitions share the threads.

use std::sync::atomic::Ordering;
use std::time::Duration;

use store::Stage;
use store::generations::Generation;
use tokio::time::Instant;
use trends::result::ResultIndex;

use crate::aggregate::{aggregate, check_records};
use crate::etl::{Shard, etl};
use crate::parallel::in_parallel;
use crate::plan::{Plan, Spec, plan, stored};
use crate::progress::Progress;
use crate::publish::publish;
use crate::score::score_all;
use crate::{Context, Error};

/// What a run came to.
#[derive(Debug)]
pub struct Outcome {
    /// Its plan.
    pub plan: Plan,
    /// What was published.
    pub generation: Generation,
    /// What is in it.
    pub index: ResultIndex,
    /// How long each stage took.
    pub stages: Vec<(Stage, Duration)>,
}

/// Runs or resumes all stages. `spec` is `None` for a run that has its plan already. `counted` is
/// called when all shards are, before it is decided whether too many lines were malformed.
/// `clock` tells the time as RFC 3339 text.
pub fn run(
    context: &Context,
    spec: Option<&Spec>,
    counted: impl FnOnce(&Plan, &[Shard]) -> Result<(), Error>,
    clock: impl Fn() -> String,
) -> Result<Outcome, Error> {
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

    let shards = in_parallel(context, plan.shards.len(), |share, shard| etl(share, &plan, shard))?;
    counted(&plan, &shards)?;
    let records = check_records(&plan, &shards)?;
    lap(Stage::Etl);

    Progress::add(&context.progress.partitions_total, u64::from(plan.partitions));
    let partitions = in_parallel(context, plan.partitions as usize, |share, partition| {
        // There are at most 1,024 partitions.
        aggregate(share, &plan, &shards, partition as u16)
    })?;
    lap(Stage::Aggregate);

    if plan.analysis.needs_scoring() {
        score_all(context, &plan, &shards, &partitions)?;
        lap(Stage::Score);
    }

    let (generation, index) = publish(context, &plan, records, &shards, &partitions, &clock())?;
    lap(Stage::Publish);
    Ok(Outcome { plan, generation, index, stages })
}

#[cfg(test)]
mod tests;
