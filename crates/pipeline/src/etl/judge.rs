//! Judging and counting the lines of one thread. Owns the hot loop.

use memchr::memchr_iter;
use trends::Partitions;
use trends::count::SortedRows;
use trends::counters::RecordTally;
use trends::record::{Judgement, Malformed, Scanner};

use super::counting::Counting;
use super::record_batch::RecordBatch;
use super::rejects::RejectLog;
use super::report::{EtlReport, Sample};
use super::spills;
use super::window_totals::SharedWindows;
use crate::attempt::Attempt;
use crate::input::{BYTE_ORDER_MARK, Lines};
use crate::progress::Progress;
use crate::spill::Spill;
use crate::{Context, Error};

/// Judges lines, counts the records among them and keeps the rejects.
pub(super) struct Judge<'a> {
    context: &'a Context,
    partitions: Partitions,
    max_line: usize,
    object: u32,
    scanner: Scanner,
    counting: Counting<'a>,
    /// Records of which only a part was read.
    cut_records: u64,
    tally: RecordTally,
    samples: Vec<Sample>,
    rejects: Option<RejectLog<'a>>,
    records: Option<RecordBatch>,
    spills: Vec<Spill>,
}

/// The counters and sorted runs of one thread, or of several that were added up.
#[derive(Debug, Default)]
pub(super) struct CountedLines {
    /// The report, without partials.
    pub(super) report: EtlReport,
    /// The sorted runs of each thread, one per partition.
    pub(super) runs: Vec<Vec<SortedRows>>,
    pub(super) spills: Vec<Spill>,
}

impl CountedLines {
    pub(super) fn add(&mut self, other: Self) {
        self.report.add(other.report);
        self.runs.extend(other.runs);
        self.spills.extend(other.spills);
    }
}

impl<'a> Judge<'a> {
    /// A judge for the thread with this number.
    pub(super) fn new(
        attempt: &'a Attempt<'_>,
        thread: usize,
        windows: &'a SharedWindows,
    ) -> Result<Self, Error> {
        let (context, plan) = (attempt.context, attempt.plan);
        let rejects = context.limits.keep_rejects.then(|| RejectLog::new(attempt, thread));
        Ok(Self {
            context,
            partitions: plan.partitions()?,
            max_line: plan.max_line(),
            object: 0,
            scanner: Scanner::new(&plan.analysis.narrow(plan.record.fields()?)),
            counting: Counting::new(context, plan, windows)?,
            cut_records: 0,
            tally: RecordTally::default(),
            samples: Vec::new(),
            rejects,
            records: RecordBatch::new(context, attempt.key.index),
            spills: Vec::new(),
        })
    }

    /// Sets the object of the lines that follow. Objects come in ascending order until
    /// `restart_objects`.
    pub(super) fn enter(&mut self, object: u32) {
        self.object = object;
    }

    /// Starts the objects over: lines of earlier objects may follow.
    pub(super) fn restart_objects(&mut self) -> Result<(), Error> {
        self.rejects.as_mut().map_or(Ok(()), RejectLog::end_run)
    }

    /// Returns the report of this thread, its spills, and the sorted runs that were not spilled.
    pub(super) fn finish(mut self) -> Result<CountedLines, Error> {
        let runs = vec![self.counting.drain(self.partitions)];
        let report = EtlReport {
            records: self.tally.counts(),
            cut_records: self.cut_records,
            not_stored: self.records.map_or(Ok(0), RecordBatch::finish)?,
            samples: self.samples,
            rejects: self.rejects.map_or(Ok(Vec::new()), RejectLog::finish)?,
            ..self.counting.into_report()?
        };
        Ok(CountedLines { report, runs, spills: self.spills })
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
                let excess = self.counting.excess(&record);
                let long = (excess > 0).then(|| {
                    let Context { rooms, runtime, .. } = self.context;
                    rooms.records.wait(runtime, excess)
                });
                self.counting.record(&record, self.object, offset)?;
                if long.is_some() && self.counting.is_full() {
                    spill(self.context, &mut self.counting, self.partitions, &mut self.spills)?;
                }
                self.cut_records += u64::from(record.is_cut);
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
        // Lines come in ascending order, so the first samples are the lowest. The streams that
        // follow the plain files start over: their lines may be lower and find the list full.
        if self.samples.len() < Sample::KEPT {
            self.samples.push(sample);
        }
        Ok(())
    }
}

#[cold]
fn spill(
    context: &Context,
    counting: &mut Counting<'_>,
    partitions: Partitions,
    spills: &mut Vec<Spill>,
) -> Result<(), Error> {
    spills::add(spills, &context.limits.spill, counting.drain(partitions))?;
    Progress::add(&context.progress.spilled, 1);
    Ok(())
}

/// Bytes of a byte order mark before the first line of an object.
fn mark(offset: u64, block: &[u8]) -> usize {
    if offset == 0 && block.starts_with(BYTE_ORDER_MARK) { BYTE_ORDER_MARK.len() } else { 0 }
}

impl Lines for Judge<'_> {
    fn lines(&mut self, offset: u64, block: &[u8]) -> Result<(), Error> {
        let before = self.tally.read();
        // One check of the whole block is faster than one per line, and nearly all blocks are
        // UTF-8.
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
