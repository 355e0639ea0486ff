//! Spills a counting table that outgrows its memory. Owns the limit of the spills of a thread.

use std::path::Path;

use trends::count::SortedRows;
use trends::format::RowWriter;
use trends::merge::{Cursor as _, merge};

use crate::parallel::in_parallel;
use crate::sorted::{Blocks, RowCursor};
use crate::spill::{Spill, SpillWriter};
use crate::{Context, Error};

/// Bytes of rows per block. Small, because a merge holds one block of every sorted run.
const BLOCK: usize = 32 << 10;

/// The largest number of spills of a thread: each is an open file, and a block in memory when it is
/// read.
const MOST: usize = 16;

/// Spills the sorted runs of all partitions, in order. If there are 16 spills already, they are
/// merged into one first.
pub(super) fn add(
    spills: &mut Vec<Spill>,
    folder: &Path,
    runs: Vec<SortedRows>,
) -> Result<(), Error> {
    if spills.len() >= MOST {
        *spills = vec![merged(folder, spills)?];
    }
    let mut writer = SpillWriter::new(folder, RowWriter::default(), BLOCK)?;
    for mut run in runs {
        while let Some(row) = run.row() {
            writer.add(&row)?;
            let Ok(()) = run.advance();
        }
        writer.end_run()?;
    }
    spills.push(writer.finish()?);
    Ok(())
}

/// Merges the spills of all threads in groups until at most `most` are left, at least 1.
pub(super) fn few(
    context: &Context,
    mut spills: Vec<Spill>,
    most: usize,
) -> Result<Vec<Spill>, Error> {
    while spills.len() > most.max(1) {
        let mut groups = Vec::new();
        while !spills.is_empty() {
            groups.push(spills.split_off(spills.len().saturating_sub(MOST)));
        }
        spills = in_parallel(context, groups, |context, tasks| {
            tasks.each(context, |group: Vec<Spill>| merged(&context.limits.spill, &group))
        })?;
    }
    Ok(spills)
}

/// Merges spills into one, partition by partition.
fn merged(folder: &Path, spills: &[Spill]) -> Result<Spill, Error> {
    let mut writer = SpillWriter::new(folder, RowWriter::default(), BLOCK)?;
    for partition in 0..spills.first().map_or(0, Spill::runs) {
        let runs = spills.iter().map(|spill| RowCursor::new(Blocks::Spilled(spill.run(partition))));
        merge(runs.collect::<Result<_, _>>()?, |row| writer.add(&row))?;
        writer.end_run()?;
    }
    writer.finish()
}
