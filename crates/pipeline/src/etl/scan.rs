//! Reads a shard on all threads. Owns the division of its ranges: plain files into segments that
//! any thread claims, compressed files and objects on servers into blocks that one thread reads for
//! all.

use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};
use std::sync::{Mutex, OnceLock};
use std::thread;

use super::judge::{CountedLines, Judge};
use super::window_totals::SharedWindows;
use crate::attempt::Attempt;
use crate::input::{
    Compression, InputFile, LineBuffer, LineRange, Lines as _, Object, ObjectLocation, OpenObject,
    StreamBlock, StreamSink, read_lines, stream_lines,
};
use crate::parallel::{into_inner, lock};
use crate::plan::Range;
use crate::progress::Progress;
use crate::room::Held;
use crate::{Context, Error};

/// Bytes of a plain file that a thread reads at once. With the tail of the last line that is 256
/// KiB: bytes that were just copied from the page cache are still in the second-level cache when
/// they are parsed.
const SEGMENT: u64 = 248 << 10;

/// A used buffer above this was grown for a long line, and is not used again.
const LARGE: usize = 3 << 20;

/// The defect of a range whose object is missing, or none that its reader can read. The plan was
/// checked.
const NO_OBJECT: Error = Error::Defect("a range has no object that can be read so");

/// Reads the ranges of a shard and counts their records.
pub(super) fn scan(attempt: &Attempt<'_>, ranges: &[Range]) -> Result<CountedLines, Error> {
    let (context, plan) = (attempt.context, attempt.plan);
    let threads = context.limits.threads.max(1);
    let mut objects = plan.objects.reader();
    let (files, streams): (Vec<_>, Vec<_>) = ranges
        .iter()
        .partition(|range| objects.get(range.object).is_some_and(Object::is_plain_file));
    let segments = Mutex::new(Segments { ranges: files.into_iter(), at: None });
    let (sender, receiver) = sync_channel(2 * threads);
    let (give_back, spare) = channel();
    let blocks = Mutex::new(receiver);
    let first_error = OnceLock::new();
    let counted = Mutex::new(CountedLines::default());
    let windows = SharedWindows::default();
    // An error stops the other threads at their next block; the first error is the one that is
    // returned.
    let note = |result: Result<(), Error>| {
        if let Err(error) = result {
            drop(first_error.set(error));
        }
    };
    let failed = || first_error.get().is_some();
    let panicked = thread::scope(|scope| {
        let mut running = Vec::new();
        let (streams, note, failed) = (&streams, &note, &failed);
        running.push(scope.spawn(move || {
            let handover = Handover { context, object: 0, blocks: sender, spare, failed };
            note(read_streams(attempt, streams, handover));
        }));
        for thread in 0..threads {
            let (segments, blocks, counted, windows, give_back) =
                (&segments, &blocks, &counted, &windows, give_back.clone());
            let work = move || {
                let mut judge = Judge::new(attempt, thread, windows)?;
                read_segments(attempt, segments, failed, &mut judge)?;
                judge.restart_objects()?;
                read_blocks(context, blocks, &give_back, failed, &mut judge)?;
                let own = judge.finish()?;
                lock(counted).add(own);
                Ok(())
            };
            running.push(scope.spawn(move || {
                let _remaining = Remaining { blocks, panicked: &|| note(Err(Error::Panicked)) };
                note(work());
            }));
        }
        running.into_iter().map(thread::ScopedJoinHandle::join).any(|end| end.is_err())
    });
    if panicked {
        return Err(Error::Panicked);
    }
    if let Some(error) = first_error.into_inner() {
        return Err(error);
    }
    let mut counted = into_inner(counted);
    counted.report.totals = windows.finish();
    Ok(counted)
}

/// Takes the remaining blocks when a thread ends, also after an error or a panic: the decompressing
/// thread must not wait for ever for a place in the queue.
struct Remaining<'a> {
    blocks: &'a Mutex<Receiver<Block>>,
    panicked: &'a dyn Fn(),
}

impl Drop for Remaining<'_> {
    fn drop(&mut self) {
        if thread::panicking() {
            (self.panicked)();
        }
        while next_block(self.blocks).is_some() {}
    }
}

/// The plain ranges that no thread has claimed yet.
struct Segments<'a> {
    ranges: std::vec::IntoIter<&'a Range>,
    /// The end of the last claimed segment of the first range; `None` if no segment is claimed.
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
    attempt: &Attempt<'_>,
    segments: &Mutex<Segments<'_>>,
    failed: &impl Fn() -> bool,
    judge: &mut Judge<'_>,
) -> Result<(), Error> {
    let (context, plan) = (attempt.context, attempt.plan);
    let next = || lock(segments).claim().filter(|_| !failed());
    let mut objects = plan.objects.reader();
    let mut buffer = LineBuffer::new(context);
    let mut claimed = next();
    while let Some(Range { object: number, .. }) = claimed {
        let object = objects.get(number).cloned().ok_or(NO_OBJECT)?;
        let ObjectLocation::File { path, .. } = &object.location else { return Err(NO_OBJECT) };
        let file = InputFile::open(&object, path)?;
        judge.enter(number);
        while let Some(Range { start, end, .. }) = claimed.filter(|range| range.object == number) {
            context.cancel.check()?;
            read_lines(&file, start..end, plan.max_line(), &mut buffer, judge)?;
            Progress::add(&context.progress.bytes, end - start);
            claimed = next();
        }
        file.check_unchanged()?;
    }
    Ok(())
}

/// A block of a stream, with the number of its object.
type Block = (u32, StreamBlock);

/// The channels of blocks, from the thread that reads streams to the threads that judge lines, and
/// of used buffers, back to it.
struct Handover<'a, F> {
    context: &'a Context,
    /// The number of the object that is read.
    object: u32,
    blocks: SyncSender<Block>,
    spare: Receiver<Vec<u8>>,
    failed: &'a F,
}

impl<F: Fn() -> bool> StreamSink for Handover<'_, F> {
    fn consumed(&self, compressed: u64) {
        Progress::add(&self.context.progress.bytes, compressed);
    }

    fn spare(&self) -> Option<Vec<u8>> {
        self.spare.try_recv().ok()
    }

    fn room(&self, bytes: usize) -> Held {
        self.context.rooms.streams.wait(&self.context.runtime, bytes)
    }

    fn decoder_room(&self, bytes: usize) -> Held {
        self.context.rooms.decoders.wait(&self.context.runtime, bytes)
    }

    fn put(&self, mut block: StreamBlock) -> Result<(), Error> {
        self.context.cancel.check()?;
        if let StreamBlock::Lines { lines, held, .. } = &mut block {
            match held {
                Some(held) => held.shrink(lines.len()),
                None => *held = Some(self.room(lines.capacity())),
            }
        }
        // The thread that failed has noted why; this error only ends the reading.
        if (self.failed)() || self.blocks.send((self.object, block)).is_err() {
            return Err(Error::Cancelled);
        }
        Ok(())
    }
}

/// Reads the objects that only one thread can read, from their beginning to their end: compressed
/// files, and objects on servers.
fn read_streams(
    attempt: &Attempt<'_>,
    ranges: &[&Range],
    mut handover: Handover<'_, impl Fn() -> bool>,
) -> Result<(), Error> {
    let (context, plan) = (attempt.context, attempt.plan);
    let mut objects = plan.objects.reader();
    for range in ranges {
        let object = objects.get(range.object).ok_or(NO_OBJECT)?;
        let window = if object.compression == Compression::None {
            LineRange { start: range.start, end: range.end }
        } else {
            LineRange::WHOLE
        };
        let (remote, cancel) = (&context.remote, &context.cancel);
        let mut open = OpenObject::open(object, remote, cancel, window.from(), range.end)?;
        handover.object = range.object;
        stream_lines(object, open.reader(), window, plan.max_line(), &handover)?;
        open.check_unchanged()?;
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
            StreamBlock::Lines { offset, lines, held } => {
                judge.lines(offset, &lines)?;
                if lines.capacity() <= LARGE {
                    // The reading thread may have ended.
                    drop(give_back.send(lines));
                } else {
                    drop(lines);
                }
                drop(held);
            }
            StreamBlock::TooLong { offset, beginning } => judge.too_long(offset, &beginning)?,
        }
    }
    Ok(())
}

fn next_block(blocks: &Mutex<Receiver<Block>>) -> Option<Block> {
    lock(blocks).recv().ok()
}
