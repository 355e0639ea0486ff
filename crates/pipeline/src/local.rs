//! A whole run on one machine: threads for pods. Owns the order of the stages and how shards and
//! partitions share the threads.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use store::Stage;
use store::generations::Generation;
use tokio::time::Instant;
use trends::result::ResultIndex;

use crate::aggregate::{aggregate, check_records};
use crate::context::Progress;
use crate::etl::{Shard, etl};
use crate::plan::{Plan, Spec, plan, stored};
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

    if plan.analysis.is_scored() {
        score_all(context, &plan, &shards, &partitions)?;
        lap(Stage::Score);
    }

    let (generation, index) = publish(context, &plan, records, &shards, &partitions, &clock())?;
    lap(Stage::Publish);
    Ok(Outcome { plan, generation, index, stages })
}

/// Does `count` pieces of work, as many at once as there are threads, each with its share of them.
pub(crate) fn in_parallel<T: Send>(
    context: &Context,
    count: usize,
    work: impl Fn(&Context, u32) -> Result<T, Error> + Sync,
) -> Result<Vec<T>, Error> {
    let workers = context.limits.threads.min(count).max(1);
    let share = context.share(workers);
    let next = AtomicUsize::new(0);
    let done = Mutex::new(Vec::with_capacity(count));
    let worker = || {
        loop {
            let at = next.fetch_add(1, Ordering::Relaxed);
            if at >= count {
                return Ok(());
            }
            share.cancel.check()?;
            // Shards and partitions are numbered with 32 bits.
            let result =
                work(&share, at as u32).inspect_err(|_| next.store(count, Ordering::Relaxed))?;
            done.lock().unwrap_or_else(PoisonError::into_inner).push((at, result));
        }
    };
    thread::scope(|scope| {
        let workers: Vec<_> = (0..workers).map(|_| scope.spawn(worker)).collect();
        let ends: Vec<Result<(), Error>> =
            workers.into_iter().map(|end| end.join().map_err(|_| Error::Panicked)?).collect();
        ends.into_iter().collect::<Result<(), Error>>()
    })?;
    let mut done = done.into_inner().unwrap_or_else(PoisonError::into_inner);
    done.sort_by_key(|(at, _)| *at);
    Ok(done.into_iter().map(|(_, result)| result).collect())
}

#[cfg(test)]
mod tests;
