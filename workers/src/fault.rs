//! A store that kills, stops or panics the process at a chosen write. Built for tests only.

use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use store::{BlockKey, Insertion, Key, RunId, SourceName, Stage, Store, StoreError};

/// The environment variable with the fault and the number of the write, from 1: `kill-before:3`,
/// `kill-after:3`, `stop-before:3` or `panic-before:3`.
const VARIABLE: &str = "TRENDJOB_FAULT";

/// A store that has a fault before or after one write.
#[derive(Debug)]
pub(crate) struct FaultyStore {
    store: Arc<dyn Store>,
    writes: AtomicU64,
    fault: String,
}

impl FaultyStore {
    /// Wraps a store; the environment names the fault.
    pub(crate) fn over(store: Arc<dyn Store>) -> Arc<dyn Store> {
        let fault = std::env::var_os(VARIABLE).and_then(|value| value.into_string().ok());
        Arc::new(Self { store, writes: AtomicU64::new(0), fault: fault.unwrap_or_default() })
    }

    async fn write<T>(&self, write: impl Future<Output = T>) -> T {
        let number = self.writes.fetch_add(1, Ordering::SeqCst) + 1;
        let is_now = |fault: &str| self.fault == format!("{fault}:{number}");
        if is_now("kill-before") {
            std::process::abort();
        }
        assert!(!is_now("panic-before"), "the fault of this test");
        if is_now("stop-before") {
            // The process stays stopped until the test sends SIGCONT.
            drop(Command::new("kill").args(["-STOP", &std::process::id().to_string()]).status());
        }
        let written = write.await;
        if is_now("kill-after") {
            std::process::abort();
        }
        written
    }
}

#[async_trait::async_trait]
impl Store for FaultyStore {
    async fn insert(&self, key: &Key, value: Bytes) -> Result<Insertion, StoreError> {
        self.write(self.store.insert(key, value)).await
    }

    async fn get(&self, key: &Key) -> Result<Option<Bytes>, StoreError> {
        self.store.get(key).await
    }

    async fn runs(&self) -> Result<Vec<RunId>, StoreError> {
        self.store.runs().await
    }

    async fn sources(&self) -> Result<Vec<SourceName>, StoreError> {
        self.store.sources().await
    }

    async fn put_block(&self, key: &BlockKey, bytes: Bytes) -> Result<(), StoreError> {
        self.write(self.store.put_block(key, bytes)).await
    }

    async fn get_block(&self, key: &BlockKey) -> Result<Bytes, StoreError> {
        self.store.get_block(key).await
    }

    async fn highest(&self, log: store::Log, source: &SourceName) -> Result<u64, StoreError> {
        self.store.highest(log, source).await
    }

    fn list(&self, part: store::Part) -> store::Listing<'_> {
        self.store.list(part)
    }

    async fn remove_blocks(&self, run: &RunId, stage: Stage) -> Result<(), StoreError> {
        self.write(self.store.remove_blocks(run, stage)).await
    }

    async fn remove_run(&self, run: &RunId) -> Result<(), StoreError> {
        self.write(self.store.remove_run(run)).await
    }
}
