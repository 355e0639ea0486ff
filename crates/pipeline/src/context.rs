//! What every stage of a run is given: the store, the names of the run and the attempt, the limits,
//! and the way to be stopped. Owns the bridge from blocking stages to the async store.

use std::path::PathBuf;
use std::sync::Arc;

use store::document::AttemptKey;
use store::{AttemptId, RunId, Stage, Store};
use tokio::runtime::Handle;

use crate::cancel::Cancel;
use crate::input::Remote;
use crate::progress::Progress;
use crate::records::RecordSink;

/// One attempt at the stages of a run. Stages block: call them from a thread that may.
#[derive(Debug, Clone)]
pub struct Context {
    /// Where everything is kept.
    pub store: Arc<dyn Store>,
    /// The runtime that does the store's I/O.
    pub runtime: Handle,
    /// The run.
    pub run: RunId,
    /// This process's try.
    pub attempt: AttemptId,
    /// What it may use.
    pub limits: Limits,
    /// Where the records themselves go, if they are kept.
    pub records: Option<Arc<dyn RecordSink>>,
    /// How objects on servers are read.
    pub remote: Remote,
    /// Set to stop between two blocks of input.
    pub cancel: Cancel,
    /// How far it is.
    pub progress: Arc<Progress>,
}

/// What a stage may use of the machine.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Threads for parsing and merging, at least 1. Decompression has one more.
    pub threads: usize,
    /// Bytes for counting tables and sorting, over all threads.
    pub memory: usize,
    /// Where sorted runs go beyond that.
    pub spill: PathBuf,
    /// Whether malformed lines are kept in full, for `--rejects`.
    pub keep_rejects: bool,
    /// How rows are cut into blocks.
    pub blocks: BlockSizes,
    /// Perturbs the hash of the counting tables; any number does.
    pub hash_seed: u64,
}

impl Limits {
    /// Limits that keep no malformed lines in full.
    pub fn new(threads: usize, memory: usize, spill: PathBuf, hash_seed: u64) -> Self {
        let blocks = BlockSizes::default();
        Self { threads, memory, spill, keep_rejects: false, blocks, hash_seed }
    }
}

/// Bytes of rows per block, before compression. Results don't depend on them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BlockSizes {
    /// Of a shard's partials: large, for they are read once, from the beginning to the end.
    pub partials: usize,
    /// Of the terms that are served: about 64 KiB when compressed, for one is read per look-up.
    pub terms: usize,
}

impl Default for BlockSizes {
    fn default() -> Self {
        Self { partials: 256 << 10, terms: 160 << 10 }
    }
}

impl Context {
    /// An attempt that keeps no records and has no credentials.
    pub fn new(
        store: Arc<dyn Store>,
        runtime: Handle,
        run: RunId,
        attempt: AttemptId,
        limits: Limits,
    ) -> Self {
        Self {
            store,
            runtime,
            run,
            attempt,
            limits,
            records: None,
            remote: Remote::default(),
            cancel: Cancel::default(),
            progress: Arc::default(),
        }
    }

    /// Whose blocks an attempt at this stage and index writes.
    pub fn home(&self, stage: Stage, index: u32) -> AttemptKey {
        AttemptKey { run: self.run.clone(), stage, index, attempt: self.attempt.clone() }
    }

    /// The same, with a share of the threads and the memory.
    #[must_use]
    pub fn share(&self, parts: usize) -> Self {
        let mut context = self.clone();
        context.limits.threads = (self.limits.threads / parts).max(1);
        context.limits.memory = self.limits.memory / parts;
        context
    }

    /// Waits for an operation of the store.
    pub(crate) fn wait<T>(&self, operation: impl Future<Output = T>) -> T {
        self.runtime.block_on(operation)
    }
}
