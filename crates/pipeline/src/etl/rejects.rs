//! All malformed lines of a run, where they were asked for. Owns how they are kept with the attempt
//! that found them, so that a resumed or repeated run lists each exactly once, and their order.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use serde::{Deserialize, Serialize};
use store::document::{AttemptKey, read_block};
use store::{Stage, StoreError};
use trends::format::{BlockType, open, seal};
use trends::result::BlockRef;

use super::report::{Sample, Shard};
use crate::blocks::{BlockSink, unencodable};
use crate::plan::Plan;
use crate::{Context, Error};

/// Bytes of rejects per block, before compression.
const BLOCK: usize = 256 << 10;

/// How much of a line is kept. Where more is needed, object and offset find it in the input.
const KEPT: usize = 64 << 10;

/// A malformed line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reject {
    /// The name of the object.
    pub object: String,
    /// Where the line begins in the (decompressed) object.
    pub offset: u64,
    /// The name of the reason.
    pub reason: String,
    /// Where in the line it was noticed, in bytes.
    pub column: u64,
    /// The line, at most its first 64 KiB, with U+FFFD for what is not UTF-8.
    pub line: String,
}

/// One thread's rejects of a shard.
#[derive(Debug)]
pub(super) struct RejectLog<'a> {
    sink: BlockSink<'a>,
    thread: usize,
    written: usize,
    raw: Vec<u8>,
    run: Vec<BlockRef>,
    runs: Vec<Vec<BlockRef>>,
}

impl<'a> RejectLog<'a> {
    pub(super) fn new(context: &'a Context, home: AttemptKey, thread: usize) -> Self {
        let sink = BlockSink::new(context, home);
        Self { sink, thread, written: 0, raw: Vec::new(), run: Vec::new(), runs: Vec::new() }
    }

    pub(super) fn add(&mut self, sample: &Sample, line: &[u8]) -> Result<(), Error> {
        let kept = String::from_utf8_lossy(&line[..line.len().min(KEPT)]).into_owned();
        let whole = Sample { line: kept, ..sample.clone() };
        serde_json::to_writer(&mut self.raw, &whole)
            .map_err(|error| Error::Input(error.to_string()))?;
        self.raw.push(b'\n');
        if self.raw.len() >= BLOCK { self.flush() } else { Ok(()) }
    }

    /// Ends a run of ascending lines.
    pub(super) fn end_run(&mut self) -> Result<(), Error> {
        self.flush()?;
        if !self.run.is_empty() {
            self.runs.push(std::mem::take(&mut self.run));
        }
        Ok(())
    }

    pub(super) fn finish(mut self) -> Result<Vec<Vec<BlockRef>>, Error> {
        self.end_run()?;
        self.sink.finish()?;
        Ok(self.runs)
    }

    fn flush(&mut self) -> Result<(), Error> {
        if !self.raw.is_empty() {
            let name = format!("rejects-{:03}-{:05}", self.thread, self.written);
            let block = seal(BlockType::Bytes, &self.raw).map_err(unencodable)?;
            self.run.push(self.sink.put(name, block)?);
            self.written += 1;
            self.raw.clear();
        }
        Ok(())
    }
}

/// Calls `each` for every malformed line that the shards' markers know, by object and offset.
pub fn for_each_reject(
    context: &Context,
    plan: &Plan,
    shards: &[Shard],
    mut each: impl FnMut(Reject) -> Result<(), Error>,
) -> Result<(), Error> {
    let mut runs = Vec::new();
    for Shard { index, marker } in shards {
        let home = marker.attempt_key(&context.run, Stage::Etl, *index);
        for blocks in &marker.report.rejects {
            runs.push(RejectRun { home: home.clone(), blocks: blocks.iter(), lines: Vec::new() });
        }
    }
    let mut heap = BinaryHeap::new();
    for (at, run) in runs.iter_mut().enumerate() {
        heap.extend(run.next(context)?.map(|reject| Reverse(Next(reject, at))));
    }
    while let Some(Reverse(Next(sample, at))) = heap.pop() {
        let object = plan.objects.get(sample.object as usize);
        let object = object.map_or_else(String::new, |object| object.name.clone());
        let Sample { offset, reason, column, line, .. } = sample;
        each(Reject { object, offset, reason, column, line })?;
        if let Some(run) = runs.get_mut(at) {
            heap.extend(run.next(context)?.map(|reject| Reverse(Next(reject, at))));
        }
    }
    Ok(())
}

struct RejectRun<'a> {
    home: AttemptKey,
    blocks: std::slice::Iter<'a, BlockRef>,
    /// What is left of the current block, last first.
    lines: Vec<Sample>,
}

impl RejectRun<'_> {
    fn next(&mut self, context: &Context) -> Result<Option<Sample>, Error> {
        while self.lines.is_empty() {
            let Some(block) = self.blocks.next() else { return Ok(None) };
            let damaged = |what: String| StoreError::Damaged {
                key: self.home.block(&block.name).to_string(),
                what,
            };
            let bytes = context.wait(read_block(&*context.store, &self.home, block))?;
            let raw = open(BlockType::Bytes, &bytes).map_err(|error| damaged(error.to_string()))?;
            let lines = serde_json::Deserializer::from_slice(&raw).into_iter();
            let lines: Result<Vec<Sample>, _> = lines.collect();
            self.lines = lines.map_err(|error| damaged(error.to_string()))?;
            self.lines.reverse();
        }
        Ok(self.lines.pop())
    }
}

/// The next line of a run, ordered by where it stands.
struct Next(Sample, usize);

impl Next {
    fn key(&self) -> (u32, u64, usize) {
        (self.0.object, self.0.offset, self.1)
    }
}

impl PartialEq for Next {
    fn eq(&self, other: &Self) -> bool {
        self.key() == other.key()
    }
}

impl Eq for Next {}

impl PartialOrd for Next {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Next {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.key().cmp(&other.key())
    }
}
