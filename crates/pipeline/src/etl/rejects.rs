//! Rejects: all malformed lines of a run, if they are kept. Owns their order, and their storage
//! with the attempt that found them: because of it, a resumed or repeated run lists each line
//! exactly once.

use std::cmp::Ordering;

use serde::{Deserialize, Serialize};
use store::Stage;
use trends::format::{BlockType, FormatError, open, seal};
use trends::result::BlockRef;

use super::report::Sample;
use super::shards::Shard;
use crate::attempt::Attempt;
use crate::block_writer::{Block, BlockWriter, ReferencedBlocks};
use crate::blocks::BlockSink;
use crate::plan::Plan;
use crate::sorted::{Blocks, EntryBlock, merge};
use crate::{Context, Error};

/// Bytes of rejects per block, before compression.
const BLOCK: usize = 256 << 10;

/// The largest number of bytes of a line that are kept. The object and the offset locate the rest
/// in the input.
const KEPT: usize = 64 << 10;

/// A malformed line with its place and the reason.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reject {
    /// The name of the object.
    pub object: String,
    /// The offset of the line in the (decompressed) object, in bytes.
    pub offset: u64,
    /// The name of the reason.
    pub reason: String,
    /// The position of the error in the line, in bytes.
    pub column: u64,
    /// The line, at most its first 64 KiB, with U+FFFD in place of bytes that are not UTF-8.
    pub line: String,
}

/// The rejects of one thread of a shard.
#[derive(Debug)]
pub(super) struct RejectLog<'a> {
    sink: BlockSink<'a>,
    blocks: ReferencedBlocks<JsonLines>,
    /// The number of blocks at the end of each sorted run.
    ends: Vec<usize>,
}

impl<'a> RejectLog<'a> {
    pub(super) fn new(attempt: &'a Attempt<'_>, thread: usize) -> Self {
        let name = format!("rejects-{thread:03}");
        let blocks = ReferencedBlocks::new(name, 5, JsonLines::default(), BLOCK);
        Self { sink: BlockSink::new(attempt), blocks, ends: Vec::new() }
    }

    pub(super) fn add(&mut self, sample: &Sample, line: &[u8]) -> Result<(), Error> {
        let line = String::from_utf8_lossy(&line[..line.len().min(KEPT)]).into_owned();
        let json = serde_json::to_vec(&Sample { line, ..sample.clone() });
        let json = json.map_err(|_| Error::Defect("a malformed line can't be written as JSON"))?;
        self.blocks.add(&json, &mut self.sink)
    }

    /// Ends a sorted run. Lines that are added later may precede it in the input.
    pub(super) fn end_run(&mut self) -> Result<(), Error> {
        self.ends.push(self.blocks.cut(&mut self.sink)?.len());
        Ok(())
    }

    /// Stores the last block. Returns the blocks of each sorted run that has any.
    pub(super) fn finish(mut self) -> Result<Vec<Vec<BlockRef>>, Error> {
        self.end_run()?;
        let mut blocks = self.blocks.finish(&mut self.sink)?.into_iter();
        self.sink.finish()?;
        let mut start = 0;
        let runs = self.ends.into_iter().map(|end| {
            let run = blocks.by_ref().take(end - start).collect();
            start = end;
            run
        });
        Ok(runs.filter(|run: &Vec<_>| !run.is_empty()).collect())
    }
}

/// A writer of blocks of JSON, one value a line.
#[derive(Debug, Default)]
struct JsonLines(Vec<u8>);

impl BlockWriter for JsonLines {
    type Entry<'a> = &'a [u8];
    type Head = ();
    type Reference = BlockRef;

    fn push(&mut self, json: &[u8]) {
        self.0.extend_from_slice(json);
        self.0.push(b'\n');
    }

    fn raw_len(&self) -> usize {
        self.0.len()
    }

    fn finish(&mut self) -> Result<Option<Block<()>>, FormatError> {
        if self.0.is_empty() {
            return Ok(None);
        }
        let block = seal(BlockType::Bytes, &self.0)?;
        self.0.clear();
        Ok(Some(((), block)))
    }

    fn reference((): (), block: BlockRef) -> BlockRef {
        block
    }
}

/// Calls `each` for every malformed line in the markers of these shards, in the order of objects
/// and offsets.
pub fn for_each_reject(
    context: &Context,
    plan: &Plan,
    shards: &[Shard],
    mut each: impl FnMut(Reject) -> Result<(), Error>,
) -> Result<(), Error> {
    let runs = shards.iter().flat_map(|Shard { index, marker }| {
        let attempt = marker.attempt_key(&context.run, Stage::Etl, (*index).into());
        let runs = marker.report.rejects.iter();
        runs.map(move |blocks| Blocks::stored(context, attempt.clone(), blocks))
    });
    let mut objects = plan.objects.reader();
    merge::<Samples>(runs.collect(), |sample| {
        let object = objects.get(sample.object);
        let object = object.map_or_else(String::new, |object| object.name.clone());
        let Sample { offset, reason, column, line, .. } = sample;
        each(Reject { object, offset, reason, column, line })
    })
}

/// The rejects of a block, in order.
struct Samples(std::vec::IntoIter<Sample>);

impl EntryBlock for Samples {
    type Entry = Sample;

    fn open(block: &[u8]) -> Result<Self, FormatError> {
        let raw = open(BlockType::Bytes, block)?;
        let mut lines = serde_json::Deserializer::from_slice(&raw).into_iter();
        let samples: Result<Vec<Sample>, _> = lines.by_ref().collect();
        let samples = samples.map_err(|_| FormatError::Content(lines.byte_offset()))?;
        Ok(Self(samples.into_iter()))
    }

    fn next(&mut self) -> Result<Option<Sample>, FormatError> {
        Ok(self.0.next())
    }

    fn order(a: &Sample, b: &Sample) -> Ordering {
        (a.object, a.offset).cmp(&(b.object, b.offset))
    }
}
