//! Reading a shard on all threads. Owns how its ranges are divided: plain files into segments that
//! any thread claims, compressed ones into blocks that one thread decompresses for all.

use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};
use std::sync::{Mutex, PoisonError};
use std::thread;

use store::document::AttemptKey;
use trends::RecordCounts;
use trends::count::SortedRows;
use trends::result::BlockRef;
use trends::window::WindowTotals;

use super::judge::{Judge, Judged};
use super::record_batch::RecordBatch;
use super::rejects::RejectLog;
use super::report::Sample;
use super::spill::Spill;
use crate::input::{
    Compression, InputFile, Lines as _, OpenObject, Place, StreamBlock, Window, read_lines,
    stream_lines,
};
use crate::plan::{Plan, Range};
use crate::progress::Progress;
use crate::{Context, Error};

/// What a thread reads at once of a plain file. With the tail of its last line that is 256 KiB: what
/// was just copied from the page cache is still in the second-level cache when it is parsed.
const SEGMENT: u64 = 248 << 10;

/// What all threads found in a shard.
pub(super) struct Scanned {
    pub(super) records: RecordCounts,
    pub(super) long_terms: u64,
    pub(super) left_out: u64,
    pub(super) excluded: u64,
    pub(super) pairs: u64,
    pub(super) totals: WindowTotals,
    pub(super) samples: Vec<Sample>,
    pub(super) rejects: Vec<Vec<BlockRef>>,
    pub(super) runs: Vec<Vec<SortedRows>>,
    pub(super) spills: Vec<Spill>,
}

/// Reads the ranges of a shard.
pub(super) fn scan(
    context: &Context,
    plan: &Plan,
    home: &AttemptKey,
    ranges: &[Range],
) -> Result<Scanned, Error> {
    let threads = context.limits.threads.max(1);
    let object = |range: &Range| &plan.objects[range.object as usize];
    let (files, streams): (Vec<_>, Vec<_>) =
        ranges.iter().partition(|range| object(range).is_plain_file());
    let segments = Mutex::new(Segments { ranges: files.into_iter(), at: None });
    let (sender, receiver) = sync_channel(2 * threads);
    let (give_back, spare) = channel();
    let blocks = Mutex::new(receiver);
    let first_error = Mutex::new(None);
    let judged = Mutex::new(Vec::new());
    // Anything that fails stops the others at their next block; the first reason is the one told.
    let note = |result: Result<(), Error>| {
        if let Err(error) = result {
            let mut first = first_error.lock().unwrap_or_else(PoisonError::into_inner);
            first.get_or_insert(error);
        }
    };
    let failed = || first_error.lock().unwrap_or_else(PoisonError::into_inner).is_some();
    let panicked = thread::scope(|scope| {
        let mut threads_running = Vec::new();
        let streams = &streams;
        let (note, failed) = (&note, &failed);
        threads_running.push(scope.spawn(move || {
            note(read_streams(context, plan, streams, &sender, &spare, failed));
        }));
        for thread in 0..threads {
            let (segments, blocks, judged, give_back) =
                (&segments, &blocks, &judged, give_back.clone());
            let work = move || {
                let memory = context.limits.memory / threads;
                let rejects = context.limits.keep_rejects;
                let rejects = rejects.then(|| RejectLog::new(context, home.clone(), thread));
                let records = RecordBatch::new(context, home.index);
                let mut judge = Judge::new(context, plan, rejects, records, memory)?;
                read_segments(context, plan, segments, failed, &mut judge)?;
                judge.new_pass()?;
                read_blocks(context, blocks, &give_back, failed, &mut judge)?;
                judged.lock().unwrap_or_else(PoisonError::into_inner).push(judge.finish()?);
                Ok(())
            };
            threads_running.push(scope.spawn(move || {
                note(work());
                // Whoever failed still takes blocks: the decompressing thread must not wait for
                // room for ever.
                while next_block(blocks).is_some() {}
            }));
        }
        threads_running.into_iter().map(thread::ScopedJoinHandle::join).any(|end| end.is_err())
    });
    if panicked {
        return Err(Error::Panicked);
    }
    if let Some(error) = first_error.into_inner().unwrap_or_else(PoisonError::into_inner) {
        return Err(error);
    }
    Ok(together(judged.into_inner().unwrap_or_else(PoisonError::into_inner)))
}

/// The plain ranges that are left.
struct Segments<'a> {
    ranges: std::vec::IntoIter<&'a Range>,
    /// How far the first of them was claimed.
    at: Option<u64>,
}

impl Segments<'_> {
    fn claim(&mut self) -> Option<Range> {
        let range = **self.ranges.as_slice().first()?;
        let start = self.at.unwrap_or(range.start);
        let end = start.saturating_add(SEGMENT).min(range.end);
        if end == range.end {
            self.ranges.next();
            self.at = None;
        } else {
            self.at = Some(end);
        }
        Some(Range { start, end, ..range })
    }
}

fn read_segments(
    context: &Context,
    plan: &Plan,
    segments: &Mutex<Segments<'_>>,
    failed: &impl Fn() -> bool,
    judge: &mut Judge<'_>,
) -> Result<(), Error> {
    let max_line = usize::try_from(plan.max_record_size).unwrap_or(usize::MAX);
    let mut open: Option<(u32, InputFile<'_>)> = None;
    let mut buffer = Vec::new();
    loop {
        let claimed = segments.lock().unwrap_or_else(PoisonError::into_inner).claim();
        let Some(segment) = claimed.filter(|_| !failed()) else { break };
        context.cancel.check()?;
        if open.as_ref().is_none_or(|(object, _)| *object != segment.object) {
            if let Some((_, file)) = &open {
                file.unchanged()?;
            }
            let object = &plan.objects[segment.object as usize];
            let Place::File { path, .. } = &object.place else { continue };
            open = Some((segment.object, InputFile::open(object, path)?));
        }
        if let Some((object, file)) = &open {
            judge.enter(*object);
            read_lines(file, segment.start, segment.end, max_line, &mut buffer, judge)?;
        }
        Progress::add(&context.progress.bytes, segment.end - segment.start);
    }
    open.map_or(Ok(()), |(_, file)| file.unchanged())
}

type Block = (u32, StreamBlock);

/// Reads what only one thread can read from its beginning to its end: compressed files, and what
/// servers give.
fn read_streams(
    context: &Context,
    plan: &Plan,
    ranges: &[&Range],
    blocks: &SyncSender<Block>,
    spare: &Receiver<Vec<u8>>,
    failed: &impl Fn() -> bool,
) -> Result<(), Error> {
    let max_line = usize::try_from(plan.max_record_size).unwrap_or(usize::MAX);
    for range in ranges {
        let object = &plan.objects[range.object as usize];
        let window = if object.compression == Compression::None {
            Window { from: range.start.saturating_sub(1), end: range.end }
        } else {
            Window::WHOLE
        };
        let (remote, cancel) = (&context.remote, &context.cancel);
        let mut open = OpenObject::open(object, remote, cancel, window.from, range.end)?;
        let consumed = |bytes| Progress::add(&context.progress.bytes, bytes);
        let hand_on = |block| {
            context.cancel.check()?;
            // Who failed has told why; this only ends the work.
            if failed() || blocks.send((range.object, block)).is_err() {
                return Err(Error::Cancelled);
            }
            Ok(())
        };
        let give = || spare.try_recv().ok();
        stream_lines(object, open.reader(), window, max_line, consumed, give, hand_on)?;
        open.finish()?;
    }
    Ok(())
}

fn read_blocks(
    context: &Context,
    blocks: &Mutex<Receiver<Block>>,
    give_back: &Sender<Vec<u8>>,
    failed: &impl Fn() -> bool,
    judge: &mut Judge<'_>,
) -> Result<(), Error> {
    while let Some((object, block)) = next_block(blocks).filter(|_| !failed()) {
        context.cancel.check()?;
        judge.enter(object);
        match block {
            StreamBlock::Lines { offset, lines } => {
                judge.lines(offset, &lines)?;
                // No matter if nobody wants it.
                drop(give_back.send(lines));
            }
            StreamBlock::TooLong { offset, beginning } => judge.too_long(offset, &beginning)?,
        }
    }
    Ok(())
}

fn next_block(blocks: &Mutex<Receiver<Block>>) -> Option<Block> {
    blocks.lock().unwrap_or_else(PoisonError::into_inner).recv().ok()
}

fn together(threads: Vec<Judged>) -> Scanned {
    let mut whole = Scanned {
        records: RecordCounts::default(),
        long_terms: 0,
        left_out: 0,
        excluded: 0,
        pairs: 0,
        totals: WindowTotals::default(),
        samples: Vec::new(),
        rejects: Vec::new(),
        runs: Vec::new(),
        spills: Vec::new(),
    };
    for thread in threads {
        whole.records.add(&thread.records);
        whole.long_terms += thread.long_terms;
        whole.left_out += thread.left_out;
        whole.excluded += thread.excluded;
        whole.pairs += thread.pairs;
        whole.totals.add(&thread.totals);
        whole.samples.extend(thread.samples);
        whole.rejects.extend(thread.rejects);
        whole.runs.push(thread.runs);
        whole.spills.extend(thread.spills);
    }
    whole.samples.sort_by_key(|sample| (sample.object, sample.offset));
    whole.samples.truncate(Sample::KEPT);
    whole
}
