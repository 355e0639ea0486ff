//! Writing the blocks of one attempt: many at once, because each write waits for a disk or a
//! database. Owns the limit on the writes under way.

use std::sync::atomic::Ordering;

use tokio::task::JoinSet;
use trends::result::BlockRef;

use crate::Error;
use crate::attempt::Attempt;
use crate::progress::Progress;

/// The largest number of writes under way of one sink: enough to hide the latency of a sync.
const UNDER_WAY: usize = 16;

/// The room that a block takes at least, in bytes. The room of all sinks of a process has 32 times
/// as many, so 32 writes are under way at most, one for each connection to a database: a write that
/// waits for a connection would look like a server that doesn't reply.
const LEAST: usize = 512 << 10;

/// The sink that stores sealed blocks under the key of one attempt.
#[derive(Debug)]
pub(crate) struct BlockSink<'a> {
    attempt: &'a Attempt<'a>,
    writes: JoinSet<Result<(), Error>>,
}

impl<'a> BlockSink<'a> {
    pub(crate) fn new(attempt: &'a Attempt<'_>) -> Self {
        Self { attempt, writes: JoinSet::new() }
    }

    /// Starts to store a block and returns the reference to it. The block is stored once `finish`
    /// returns.
    pub(crate) fn put(&mut self, name: String, block: Vec<u8>) -> Result<BlockRef, Error> {
        while self.writes.len() >= UNDER_WAY {
            self.wait_for_one()?;
        }
        let context = self.attempt.context;
        let held = context.rooms.writes.wait(&context.runtime, block.len().max(LEAST));
        let reference = BlockRef::to(name, &block);
        let key = self.attempt.key.block(&reference.name);
        let store = context.store.clone();
        let progress = context.progress.clone();
        let write = async move {
            store.put_block(&key, block.into()).await?;
            drop(held);
            Progress::add(&progress.blocks, 1);
            Ok(())
        };
        self.writes.spawn_on(write, &context.runtime);
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
        match self.attempt.context.wait(self.writes.join_next()) {
            Some(Ok(written)) => {
                written?;
                self.attempt.stored.fetch_add(1, Ordering::Relaxed);
                Ok(())
            }
            Some(Err(_)) => Err(Error::Panicked),
            None => Ok(()),
        }
    }
}
