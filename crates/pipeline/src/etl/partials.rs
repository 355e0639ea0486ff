//! Writing the partials of a shard: per partition, the runs of all threads and all spills merged
//! into one sorted sequence of blocks.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;

use store::document::AttemptKey;
use trends::RowRef;
use trends::count::SortedRows;
use trends::format::RowWriter;
use trends::merge::{Cursor, merge};
use trends::result::BlockRef;

use super::spill::{Spill, SpillCursor};
use crate::blocks::{BlockSink, unencodable};
use crate::plan::Plan;
use crate::{Context, Error};

/// A sorted run, wherever it is.
enum Run<'a> {
    Memory(SortedRows),
    Spilled(SpillCursor<'a>),
}

impl Cursor for Run<'_> {
    type Error = Error;

    fn row(&self) -> Option<RowRef<'_>> {
        match self {
            Self::Memory(run) => run.row(),
            Self::Spilled(run) => run.row(),
        }
    }

    fn advance(&mut self) -> Result<(), Error> {
        match self {
            Self::Memory(run) => {
                let Ok(()) = run.advance();
                Ok(())
            }
            Self::Spilled(run) => run.advance(),
        }
    }
}

/// Writes the partials and returns their blocks by partition.
pub(super) fn write(
    context: &Context,
    plan: &Plan,
    home: &AttemptKey,
    threads: Vec<Vec<SortedRows>>,
    spills: &[Spill],
) -> Result<Vec<Vec<BlockRef>>, Error> {
    let partitions = plan.partitions()?.count();
    let mut runs: Vec<Mutex<Vec<Run<'_>>>> = (0..partitions).map(|_| Mutex::default()).collect();
    for thread in threads {
        for (place, run) in runs.iter_mut().zip(thread) {
            place.get_mut().unwrap_or_else(PoisonError::into_inner).push(Run::Memory(run));
        }
    }
    let next = AtomicUsize::new(0);
    let done = Mutex::new(vec![Vec::new(); usize::from(partitions)]);
    let work = || {
        let mut sink = BlockSink::new(context, home.clone());
        loop {
            let at = next.fetch_add(1, Ordering::Relaxed);
            let Some(place) = runs.get(at) else { return sink.finish() };
            context.cancel.check()?;
            let mut runs =
                std::mem::take(&mut *place.lock().unwrap_or_else(PoisonError::into_inner));
            for spill in spills {
                // There are at most 1,024 partitions.
                runs.push(Run::Spilled(spill.partition(at as u16)?));
            }
            let blocks = write_one(&mut sink, context.limits.blocks.partials, at, runs)?;
            done.lock().unwrap_or_else(PoisonError::into_inner)[at] = blocks;
        }
    };
    thread::scope(|scope| {
        let workers: Vec<_> =
            (0..context.limits.threads.max(1)).map(|_| scope.spawn(work)).collect();
        let ends = workers.into_iter().map(|worker| worker.join().map_err(|_| Error::Panicked)?);
        ends.collect::<Vec<Result<(), Error>>>().into_iter().collect::<Result<(), Error>>()
    })?;
    Ok(done.into_inner().unwrap_or_else(PoisonError::into_inner))
}

fn write_one(
    sink: &mut BlockSink<'_>,
    block_size: usize,
    partition: usize,
    runs: Vec<Run<'_>>,
) -> Result<Vec<BlockRef>, Error> {
    let mut blocks = Vec::new();
    let mut writer = RowWriter::default();
    let cut = |writer: &mut RowWriter, blocks: &mut Vec<BlockRef>, sink: &mut BlockSink<'_>| {
        let name = format!("partial-{partition:04}-{:05}", blocks.len());
        blocks.push(sink.put(name, writer.finish().map_err(unencodable)?)?);
        Ok::<(), Error>(())
    };
    merge(runs, |row| {
        writer.push(&row);
        if writer.raw_len() >= block_size { cut(&mut writer, &mut blocks, sink) } else { Ok(()) }
    })?;
    if writer.rows() > 0 {
        cut(&mut writer, &mut blocks, sink)?;
    }
    Ok(blocks)
}
