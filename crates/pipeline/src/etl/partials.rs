//! Writing the partials of a shard. Owns the merging of the sorted runs of all threads and spills
//! into one sorted run per partition.

use trends::RowRef;
use trends::count::SortedRows;
use trends::format::RowWriter;
use trends::merge::{Cursor, merge};
use trends::result::BlockRef;

use super::spills;
use crate::Error;
use crate::attempt::Attempt;
use crate::block_writer::ReferencedBlocks;
use crate::blocks::BlockSink;
use crate::parallel::in_parallel;
use crate::sorted::{Blocks, RowCursor};
use crate::spill::Spill;

/// A sorted run in memory or on disk.
enum SortedRun<'a> {
    Memory(SortedRows),
    Spilled(RowCursor<'a>),
}

impl Cursor for SortedRun<'_> {
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

/// The most spills that all threads read at once: each read holds a block of 32 KiB and its bytes on
/// disk, so together about 24 MiB. The counting tables are still in memory.
const OPEN_SPILLS: usize = 512;

/// Writes the partials and returns their blocks by partition. `threads` has the sorted runs of each
/// thread, one per partition.
pub(super) fn write(
    attempt: &Attempt<'_>,
    threads: Vec<Vec<SortedRows>>,
    spills: Vec<Spill>,
) -> Result<Vec<Vec<BlockRef>>, Error> {
    let context = attempt.context;
    let workers = context.limits.threads.min(usize::from(attempt.plan.partitions()?.count()));
    let spills = &spills::few(context, spills, OPEN_SPILLS / workers.max(1))?;
    let indexes = attempt.plan.partition_indexes()?;
    let mut partitions: Vec<_> = indexes.map(|partition| (partition, Vec::new())).collect();
    for thread in threads {
        for ((_, runs), run) in partitions.iter_mut().zip(thread) {
            runs.push(SortedRun::Memory(run));
        }
    }
    in_parallel(context, partitions, |context, tasks| {
        let mut sink = BlockSink::new(attempt);
        tasks.each(context, |(partition, mut runs)| {
            for spill in spills {
                let run = spill.run(partition.position());
                runs.push(SortedRun::Spilled(RowCursor::new(Blocks::Spilled(run))?));
            }
            let name = format!("partial-{:04}", partition.get());
            let (writer, size) = (RowWriter::default(), context.limits.blocks.partials);
            let mut blocks = ReferencedBlocks::new(name, 5, writer, size);
            merge(runs, |row| blocks.add(&row, &mut sink))?;
            blocks.finish(&mut sink)
        })?;
        sink.finish()
    })
}
