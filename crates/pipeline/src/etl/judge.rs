//! Judging and counting the lines that one thread was handed. Owns the hot loop.

use memchr::memchr_iter;
use trends::RecordCounts;
use trends::count::SortedRows;
use trends::counters::RecordTally;
use trends::record::{Judgement, Malformed, Scanner};
use trends::result::BlockRef;
use trends::window::WindowTotals;

use super::counting::Counting;
use super::record_batch::RecordBatch;
use super::rejects::RejectLog;
use super::report::Sample;
use super::spill::Spill;
use crate::input::{BYTE_ORDER_MARK, Lines};
use crate::plan::Plan;
use crate::progress::Progress;
use crate::{Context, Error};

/// One thread's share of a shard.
pub(super) struct Judge<'a> {
    context: &'a Context,
    partitions: trends::Partitions,
    max_line: usize,
    object: u32,
    scanner: Scanner,
    counting: Counting,
    tally: RecordTally,
    samples: Vec<Sample>,
    rejects: Option<RejectLog<'a>>,
    records: Option<RecordBatch>,
    spills: Vec<Spill>,
}

/// What a thread found.
pub(super) struct Judged {
    pub(super) records: RecordCounts,
    pub(super) long_terms: u64,
    pub(super) left_out: u64,
    pub(super) excluded: u64,
    pub(super) pairs: u64,
    pub(super) totals: WindowTotals,
    pub(super) samples: Vec<Sample>,
    pub(super) rejects: Vec<Vec<BlockRef>>,
    pub(super) runs: Vec<SortedRows>,
    pub(super) spills: Vec<Spill>,
}

impl<'a> Judge<'a> {
    pub(super) fn new(
        context: &'a Context,
        plan: &Plan,
        rejects: Option<RejectLog<'a>>,
        records: Option<RecordBatch>,
        memory: usize,
    ) -> Result<Self, Error> {
        Ok(Self {
            context,
            partitions: plan.partitions()?,
            max_line: usize::try_from(plan.max_record_size).unwrap_or(usize::MAX),
            object: 0,
            scanner: Scanner::new(&plan.analysis.narrow(plan.record.fields()?)),
            counting: Counting::new(context, plan, memory)?,
            tally: RecordTally::default(),
            samples: Vec::new(),
            rejects,
            records,
            spills: Vec::new(),
        })
    }

    /// Says whose lines follow. Objects come in ascending order within a pass.
    pub(super) fn enter(&mut self, object: u32) {
        self.object = object;
    }

    /// Says that lines of earlier objects may follow.
    pub(super) fn new_pass(&mut self) -> Result<(), Error> {
        self.rejects.as_mut().map_or(Ok(()), RejectLog::end_run)
    }

    pub(super) fn finish(mut self) -> Result<Judged, Error> {
        Ok(Judged {
            records: self.tally.counts(),
            long_terms: self.counting.long_terms(),
            excluded: self.counting.excluded(),
            pairs: self.counting.pairs(),
            left_out: self.records.map_or(Ok(0), RecordBatch::finish)?,
            samples: self.samples,
            rejects: self.rejects.map_or(Ok(Vec::new()), RejectLog::finish)?,
            runs: self.counting.drain(self.partitions),
            spills: self.spills,
            totals: self.counting.into_totals(),
        })
    }

    fn line(&mut self, offset: u64, line: &[u8], is_utf8: bool) -> Result<(), Error> {
        if line.len() > self.max_line {
            return self.reject(offset, Malformed::TooLong, self.max_line, line);
        }
        let judgement =
            if is_utf8 { self.scanner.judge_utf8(line) } else { self.scanner.judge(line) };
        match judgement {
            Judgement::Record(record) => {
                if self.counting.is_full() {
                    spill(self.context, &mut self.counting, self.partitions, &mut self.spills)?;
                }
                self.counting.record(&record, self.object, offset)?;
                self.tally.counted();
                if let Some(records) = &mut self.records {
                    records.add(self.object, offset, line)?;
                }
            }
            Judgement::Empty(reason) => self.tally.empty(reason),
            Judgement::Malformed(reason, column) => self.reject(offset, reason, column, line)?,
        }
        Ok(())
    }

    #[cold]
    fn reject(
        &mut self,
        offset: u64,
        reason: Malformed,
        column: usize,
        line: &[u8],
    ) -> Result<(), Error> {
        self.tally.malformed(reason);
        self.context.progress.malformed(reason);
        let sample = Sample::new(self.object, offset, reason, column as u64, line);
        if let Some(log) = &mut self.rejects {
            log.add(&sample, line)?;
        }
        // A thread sees offsets in ascending order, so its first samples are its lowest.
        if self.samples.len() < Sample::KEPT {
            self.samples.push(sample);
        }
        Ok(())
    }
}

#[cold]
fn spill(
    context: &Context,
    counting: &mut Counting,
    partitions: trends::Partitions,
    spills: &mut Vec<Spill>,
) -> Result<(), Error> {
    let folder = &context.limits.spill;
    if spills.len() >= Spill::MOST {
        *spills = vec![Spill::merged(folder, spills)?];
    }
    spills.push(Spill::write(folder, counting.drain(partitions))?);
    Progress::add(&context.progress.spilled, 1);
    Ok(())
}

/// How many bytes before the first line of an object are none of it.
fn mark(offset: u64, block: &[u8]) -> usize {
    if offset == 0 && block.starts_with(BYTE_ORDER_MARK) { BYTE_ORDER_MARK.len() } else { 0 }
}

impl Lines for Judge<'_> {
    fn lines(&mut self, offset: u64, block: &[u8]) -> Result<(), Error> {
        let before = self.tally.read();
        // Once for the whole block is faster than line by line, and nearly all blocks are UTF-8.
        let is_utf8 = simdutf8::basic::from_utf8(block).is_ok();
        let mut start = mark(offset, block);
        for newline in memchr_iter(b'\n', block) {
            self.line(offset + start as u64, &block[start..newline], is_utf8)?;
            start = newline + 1;
        }
        if start < block.len() {
            self.line(offset + start as u64, &block[start..], is_utf8)?;
        }
        Progress::add(&self.context.progress.records, self.tally.read() - before);
        Ok(())
    }

    fn too_long(&mut self, offset: u64, beginning: &[u8]) -> Result<(), Error> {
        Progress::add(&self.context.progress.records, 1);
        let start = mark(offset, beginning);
        self.reject(offset + start as u64, Malformed::TooLong, self.max_line, &beginning[start..])
    }
}
