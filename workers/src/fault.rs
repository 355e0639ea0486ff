//! A store that ends the process at a chosen write, as a kill would. Only built for tests.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use store::{BlockKey, Insertion, Key, RunId, SourceName, Stage, Store, StoreError};

/// Says which write is the last, counted from 1: `before:3` or `after:3`.
const VARIABLE: &str = "TRENDJOB_FAULT";

/// Ends the process before or after the n-th write.
#[derive(Debug)]
pub(crate) struct FaultyStore {
    store: Arc<dyn Store>,
    writes: AtomicU64,
    before: Option<u64>,
    after: Option<u64>,
}

impl FaultyStore {
    /// Wraps a store as the environment says.
    pub(crate) fn over(store: Arc<dyn Store>) -> Arc<dyn Store> {
        let at = std::env::var_os(VARIABLE).and_then(|value| value.into_string().ok());
        let number = |prefix: &str| at.as_ref()?.strip_prefix(prefix)?.parse().ok();
        let (before, after) = (number("before:"), number("after:"));
        Arc::new(Self { store, writes: AtomicU64::new(0), before, after })
    }

    async fn write<T>(&self, write: impl Future<Output = T>) -> T {
        let number = Some(self.writes.fetch_add(1, Ordering::SeqCst) + 1);
        if number == self.before {
            std::process::abort();
        }
        let written = write.await;
        if number == self.after {
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

    async fn remove_blocks(&self, run: &RunId, stage: Stage) -> Result<(), StoreError> {
        self.write(self.store.remove_blocks(run, stage)).await
    }

    async fn remove_run(&self, run: &RunId) -> Result<(), StoreError> {
        self.write(self.store.remove_run(run)).await
    }
}
