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

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicUsize;

    use store::{BlockKey, Stage};

    use super::*;
    use crate::testing::{Fixture, Watch, WatchedStore, post};

    /// Counts the writes under way. None ends before `expected` are, and each gives others the
    /// time to begin.
    #[derive(Debug)]
    struct Writes {
        expected: usize,
        under_way: AtomicUsize,
        most: AtomicUsize,
    }

    #[async_trait::async_trait]
    impl Watch for Writes {
        async fn storing(&self, _: &BlockKey) {
            let now = self.under_way.fetch_add(1, Ordering::SeqCst) + 1;
            self.most.fetch_max(now, Ordering::SeqCst);
            while self.most.load(Ordering::SeqCst) < self.expected {
                tokio::task::yield_now().await;
            }
            for _ in 0..1_000 {
                tokio::task::yield_now().await;
            }
            self.under_way.fetch_sub(1, Ordering::SeqCst);
        }
    }

    /// Stores 80 blocks of so many bytes from four threads. Returns the most writes under way.
    fn most_under_way(bytes: usize, expected: usize) -> usize {
        let fixture = Fixture::new();
        fixture.file("in", post("love"));
        let plan = fixture.plan("run", &fixture.spec());
        let (under_way, most) = (AtomicUsize::new(0), AtomicUsize::new(0));
        let watch = Writes { expected, under_way, most };
        let (context, store) = WatchedStore::over(fixture.context("run", "attempt"), watch);
        std::thread::scope(|scope| {
            for thread in 0..4_u32 {
                let (context, plan) = (&context, &plan);
                scope.spawn(move || {
                    let attempt = Attempt::new(context, plan, Stage::Etl, thread);
                    let mut sink = BlockSink::new(&attempt);
                    for number in 0..20 {
                        sink.put(number.to_string(), vec![0; bytes]).unwrap();
                    }
                    sink.finish().unwrap();
                });
            }
        });
        store.watch.most.load(Ordering::SeqCst)
    }

    #[test]
    fn the_writes_under_way_of_all_threads_are_bounded_in_number_and_in_bytes() {
        assert_eq!(most_under_way(1, 32), 32);
        assert_eq!(most_under_way(1 << 20, 16), 16);
    }
}
