//! A store that can be made to fail, and counts its reads.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use bytes::Bytes;
use futures::StreamExt as _;
use store::{BlockKey, Insertion, Key, StoreError};
use tokio::sync::Semaphore;

use super::*;

#[derive(Debug)]
pub(super) struct Shaky {
    inner: Mutex<Arc<dyn Store>>,
    /// Every key and block that was read.
    reads: Mutex<Vec<String>>,
    pub(super) unavailable: AtomicBool,
    pub(super) damaged: AtomicBool,
    /// True if reads never return.
    pub(super) silent: AtomicBool,
    /// A read of a block needs a permit.
    pub(super) gate: Semaphore,
    pub(super) at_the_gate: AtomicUsize,
}

impl Shaky {
    pub(super) fn over(inner: Arc<dyn Store>) -> Arc<Self> {
        Arc::new(Self {
            inner: Mutex::new(inner),
            reads: Mutex::default(),
            unavailable: AtomicBool::new(false),
            damaged: AtomicBool::new(false),
            silent: AtomicBool::new(false),
            gate: Semaphore::new(1),
            at_the_gate: AtomicUsize::new(0),
        })
    }

    /// Replaces the store.
    pub(super) fn replace(&self, inner: Arc<dyn Store>) {
        *self.inner.lock().unwrap() = inner;
    }

    fn inner(&self) -> Arc<dyn Store> {
        Arc::clone(&self.inner.lock().unwrap())
    }

    /// The number of reads of keys that contain a part.
    pub(super) fn reads(&self, part: &str) -> usize {
        self.reads.lock().unwrap().iter().filter(|key| key.contains(part)).count()
    }

    /// Waits until this many requests wait for a block.
    pub(super) async fn waiting(&self, requests: usize) {
        while self.at_the_gate.load(Ordering::Relaxed) < requests {
            tokio::task::yield_now().await;
        }
    }

    /// Makes the store unavailable, or available again.
    pub(super) fn away(&self, away: bool) {
        self.unavailable.store(away, Ordering::Relaxed);
    }

    /// The number of requests that wait for a block.
    pub(super) fn at_the_gate(&self) -> usize {
        self.at_the_gate.load(Ordering::Relaxed)
    }

    fn note(&self, key: &str) {
        self.reads.lock().unwrap().push(key.to_owned());
    }

    async fn read(&self, key: &str) -> Result<(), StoreError> {
        self.note(key);
        if self.silent.load(Ordering::Relaxed) {
            std::future::pending::<()>().await;
        }
        if self.unavailable.load(Ordering::Relaxed) {
            let (key, source) = (format!("/secret/{key}"), "connection refused".into());
            return Err(StoreError::Unavailable { doing: "reading", key, source });
        }
        Ok(())
    }
}

#[async_trait::async_trait]
impl Store for Shaky {
    async fn insert(&self, key: &Key, value: Bytes) -> Result<Insertion, StoreError> {
        self.inner().insert(key, value).await
    }

    async fn get(&self, key: &Key) -> Result<Option<Bytes>, StoreError> {
        self.read(&key.to_string()).await?;
        self.inner().get(key).await
    }

    async fn runs(&self) -> Result<Vec<RunId>, StoreError> {
        self.inner().runs().await
    }

    async fn sources(&self) -> Result<Vec<SourceName>, StoreError> {
        self.read("sources").await?;
        self.inner().sources().await
    }

    async fn put_block(&self, key: &BlockKey, bytes: Bytes) -> Result<(), StoreError> {
        self.inner().put_block(key, bytes).await
    }

    async fn get_block(&self, key: &BlockKey) -> Result<Bytes, StoreError> {
        self.read(&key.to_string()).await?;
        self.at_the_gate.fetch_add(1, Ordering::Relaxed);
        let _permit = self.gate.acquire().await.unwrap();
        self.at_the_gate.fetch_sub(1, Ordering::Relaxed);
        let block = self.inner().get_block(key).await?;
        if self.damaged.load(Ordering::Relaxed) {
            let mut bytes = block.to_vec();
            let middle = bytes.len() / 2;
            bytes[middle] ^= 1;
            return Ok(bytes.into());
        }
        Ok(block)
    }

    async fn highest(&self, log: store::Log, source: &SourceName) -> Result<u64, StoreError> {
        self.read(&format!("the highest number of {} of {source}", log.name())).await?;
        self.inner().highest(log, source).await
    }

    fn list(&self, part: store::Part) -> store::Listing<'_> {
        let inner = self.inner();
        let listed = async move { inner.list(part).collect::<Vec<_>>().await };
        futures::stream::once(listed).flat_map(futures::stream::iter).boxed()
    }

    async fn remove_blocks(&self, run: &RunId, stage: Stage) -> Result<(), StoreError> {
        self.inner().remove_blocks(run, stage).await
    }

    async fn remove_run(&self, run: &RunId) -> Result<(), StoreError> {
        self.inner().remove_run(run).await
    }
}
