//! The context of every stage of a run: the store, the names of the run and the attempt, the limits
//! and the cancellation. Owns the bridge from blocking stages to the async store.

use std::path::PathBuf;
use std::sync::Arc;

use store::document::AttemptKey;
use store::{AttemptId, RunId, Stage, Store};
use tokio::runtime::Handle;

use crate::cancel::Cancel;
use crate::input::Remote;
use crate::progress::Progress;
use crate::records::RecordSink;
use crate::room::Rooms;

/// One process's try at stages of a run. Stages block: call them from a thread that may block.
#[derive(Debug, Clone)]
pub struct Context {
    /// The store of blocks and documents.
    pub store: Arc<dyn Store>,
    /// The runtime that does the store's I/O.
    pub runtime: Handle,
    /// The run.
    pub run: RunId,
    /// The name of this try.
    pub attempt: AttemptId,
    /// The share of the machine that the stages may use.
    pub limits: Limits,
    /// The process that runs the stages.
    pub process: Process,
    /// The sink of the records themselves, if they are kept.
    pub records: Option<Arc<dyn RecordSink>>,
    /// The settings for objects on servers.
    pub remote: Remote,
    /// Stops the stages between two blocks of input.
    pub cancel: Cancel,
    /// The progress of the stages.
    pub progress: Arc<Progress>,
    /// The bounds of what all stages of this process hold besides [`Limits::memory`].
    pub rooms: Arc<Rooms>,
}

/// The process that begins a run, as the record of the run describes it.
#[derive(Debug, Clone, Copy, Default)]
pub struct Process {
    /// The time of its start, in seconds since the epoch, if it is known.
    pub started: Option<u64>,
    /// True for a worker, false for a process that holds the lock of the run.
    pub is_worker: bool,
}

/// The share of a machine that a stage may use.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Threads for parsing and merging, at least 1. Decompression has one more.
    pub threads: usize,
    /// Bytes for counting tables and sorting, over all threads.
    pub memory: usize,
    /// The folder for sorted runs that don't fit into the memory.
    pub spill: PathBuf,
    /// True if every malformed line is kept, up to 64 KiB of each, for `--rejects`.
    pub keep_rejects: bool,
    /// The sizes of the blocks that rows are cut into.
    pub blocks: BlockSizes,
    /// The seed of the counting tables' hash: results don't depend on it, but input that was made
    /// to collide under one seed is harmless under another.
    pub hash_seed: u64,
}

impl Limits {
    /// Limits with blocks of the default sizes that keep no rejects.
    pub fn new(threads: usize, memory: usize, spill: PathBuf, hash_seed: u64) -> Self {
        let blocks = BlockSizes::default();
        Self { threads, memory, spill, keep_rejects: false, blocks, hash_seed }
    }
}

/// Bytes of rows per block, before compression. Results don't depend on them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BlockSizes {
    /// A shard's partials: large, because each is read once from its beginning to its end.
    pub partials: usize,
    /// The terms that are served: about 64 KiB when compressed, because a look-up reads one block.
    pub terms: usize,
}

impl Default for BlockSizes {
    fn default() -> Self {
        Self { partials: 256 << 10, terms: 160 << 10 }
    }
}

impl Context {
    /// A context that keeps no records and shows no credentials to servers.
    pub fn new(
        store: Arc<dyn Store>,
        runtime: Handle,
        run: RunId,
        attempt: AttemptId,
        limits: Limits,
    ) -> Self {
        let (remote, cancel) = (Remote::default(), Cancel::default());
        let (process, progress) = (Process::default(), Arc::default());
        let (records, rooms) = (None, Arc::new(Rooms::new(limits.memory)));
        Self {
            store,
            runtime,
            run,
            attempt,
            limits,
            process,
            records,
            remote,
            cancel,
            progress,
            rooms,
        }
    }

    /// The key of this try at a stage and index.
    pub fn attempt_key(&self, stage: Stage, index: u32) -> AttemptKey {
        AttemptKey { run: self.run.clone(), stage, index, attempt: self.attempt.clone() }
    }

    /// The context of one of `parts` threads: its limits are a share of the threads and the
    /// memory.
    #[must_use]
    pub fn share(&self, parts: usize) -> Self {
        let mut context = self.clone();
        context.limits.threads = (self.limits.threads / parts).max(1);
        context.limits.memory = self.limits.memory / parts;
        context
    }

    /// The context beside what takes so many bytes of its memory, but at most half of it.
    pub(crate) fn beside(&self, bytes: usize) -> Self {
        let mut context = self.clone();
        context.limits.memory -= bytes.min(self.limits.memory / 2);
        context
    }

    /// Waits for an operation of the store.
    pub(crate) fn wait<T>(&self, operation: impl Future<Output = T>) -> T {
        self.runtime.block_on(operation)
    }
}
