//! Writing the blocks of one attempt: many at once, for each waits for a disk or a database. Owns
//! how many are under way.

use store::document::AttemptKey;
use tokio::task::JoinSet;
use trends::format::FormatError;
use trends::result::BlockRef;

use crate::progress::Progress;
use crate::{Context, Error};

/// Writes under way at once. Enough to hide the latency of a sync; each holds a block in memory.
const UNDER_WAY: usize = 16;

/// Takes sealed blocks and stores them under one attempt.
#[derive(Debug)]
pub(crate) struct BlockSink<'a> {
    context: &'a Context,
    home: AttemptKey,
    writes: JoinSet<Result<(), Error>>,
}

impl<'a> BlockSink<'a> {
    pub(crate) fn new(context: &'a Context, home: AttemptKey) -> Self {
        Self { context, home, writes: JoinSet::new() }
    }

    /// Starts to store a block and returns the reference to it. It counts when `finish` returned.
    pub(crate) fn put(&mut self, name: String, block: Vec<u8>) -> Result<BlockRef, Error> {
        while self.writes.len() >= UNDER_WAY {
            self.wait_for_one()?;
        }
        let reference = BlockRef::to(name, &block);
        let key = self.home.block(&reference.name);
        let store = self.context.store.clone();
        let progress = self.context.progress.clone();
        let write = async move {
            store.put_block(&key, block.into()).await?;
            Progress::add(&progress.blocks, 1);
            Progress::add(&progress.unmarked, 1);
            Ok(())
        };
        self.writes.spawn_on(write, &self.context.runtime);
        Ok(reference)
    }

    /// Waits until all blocks are stored.
    pub(crate) fn finish(mut self) -> Result<(), Error> {
        while !self.writes.is_empty() {
            self.wait_for_one()?;
        }
        Ok(())
    }

    fn wait_for_one(&mut self) -> Result<(), Error> {
        match self.context.wait(self.writes.join_next()) {
            Some(Ok(written)) => written,
            Some(Err(_)) => Err(Error::Panicked),
            None => Ok(()),
        }
    }
}

/// A block that can't be encoded is a defect, but an error is kinder than a panic.
#[expect(clippy::needless_pass_by_value, reason = "it is passed to map_err")]
pub(crate) fn unencodable(error: FormatError) -> Error {
    Error::Input(format!("a block can't be encoded: {error}"))
}
