//! Runs for the unit tests of the stages: a store in memory, a folder for input, contexts and
//! plans, a sink of streams, and a store that tells what is done to it.

use std::cell::RefCell;
use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use store::generations::{self, Publication};
use store::{
    AttemptId, BlockKey, Insertion, Key, Listing, Log, ObjectStore, Part, RunId, SourceName, Stage,
    Store, StoreError,
};
use tempfile::TempDir;
use tokio::runtime::Runtime;
use trends::merge::Cursor;

use crate::etl::{CountedShards, Shard, WindowSum};
use crate::input::{StreamBlock, StreamSink};
use crate::plan::{Plan, plan};
use crate::room::Held;
use crate::{Context, Error, Limits, Spec};

/// A store in memory and a folder, for tests that block.
pub(crate) struct Fixture {
    pub(crate) runtime: Runtime,
    pub(crate) store: Arc<dyn Store>,
    pub(crate) folder: TempDir,
}

impl Fixture {
    pub(crate) fn new() -> Self {
        let runtime = Runtime::new().unwrap();
        let store = runtime.block_on(ObjectStore::in_memory()).unwrap();
        Self { runtime, store: Arc::new(store), folder: tempfile::tempdir().unwrap() }
    }

    /// A context of one thread and 1 GiB.
    pub(crate) fn context(&self, run: &str, attempt: &str) -> Context {
        let limits = Limits::new(1, 1 << 30, self.folder.path().to_owned(), 1);
        Context::new(
            Arc::clone(&self.store),
            self.runtime.handle().clone(),
            RunId::new(run).unwrap(),
            AttemptId::new(attempt).unwrap(),
            limits,
        )
    }

    /// A context with these limits.
    pub(crate) fn limited(&self, run: &str, threads: usize, memory: usize) -> Context {
        let mut context = self.context(run, "attempt");
        (context.limits.threads, context.limits.memory) = (threads, memory);
        context
    }

    /// Writes an input file and returns its path.
    pub(crate) fn file(&self, name: &str, content: impl AsRef<[u8]>) -> String {
        let path = self.folder.path().join("input").join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, content).unwrap();
        path.display().to_string()
    }

    /// The spec of all files that [`Self::file`] wrote, with Twitter records in one partition.
    pub(crate) fn spec(&self) -> Spec {
        spec(&self.folder.path().join("input"))
    }

    /// Appends a run of the source `sample` to the generation log.
    pub(crate) fn publish(&self, run: &str, start: u64) {
        let (source, run) = (SourceName::new("sample").unwrap(), RunId::new(run).unwrap());
        let (source, run) = (&source, &run);
        let publication =
            Publication { source, run, start, published_at: "now", incomplete: false };
        let publish = generations::publish(&*self.store, &publication);
        self.runtime.block_on(publish).unwrap();
    }

    /// Plans a run of one attempt.
    pub(crate) fn plan(&self, run: &str, spec: &Spec) -> Plan {
        plan(&self.context(run, "attempt"), spec).unwrap()
    }
}

/// The spec of a file or folder, with Twitter records in one partition.
pub(crate) fn spec(path: &Path) -> Spec {
    let source = SourceName::new("sample").unwrap();
    Spec {
        max_malformed_percent: 100.0,
        chunk_size: 64 << 20,
        max_shards: 500,
        ..Spec::new(source, vec![path.display().to_string()])
    }
}

/// The shards of a result.
pub(crate) fn counted(plan: &Plan, mut shards: Vec<Shard>) -> CountedShards {
    let mut windows = WindowSum::default();
    for shard in &mut shards {
        windows.take(plan, &mut shard.marker.report).unwrap();
    }
    CountedShards::new(shards, windows, None)
}

/// A record with this text.
pub(crate) fn post(text: &str) -> String {
    format!("{{\"text\":\"{text}\"}}\n")
}

/// The term, count and documents of each row.
pub(crate) fn counts<C: Cursor>(mut rows: C) -> Vec<(String, u64, u64)> {
    let mut all = Vec::new();
    while let Some(row) = rows.row() {
        let term = String::from_utf8(row.term.to_vec()).unwrap();
        all.push((term, row.count, row.documents));
        assert!(rows.advance().is_ok(), "the rows can be read");
    }
    all
}

/// Keeps the offset and the bytes of each block; true for the beginning of a line that is too long.
#[derive(Default)]
pub(crate) struct BlockLog(RefCell<Vec<(u64, Vec<u8>, bool)>>);

impl BlockLog {
    pub(crate) fn into_blocks(self) -> Vec<(u64, Vec<u8>, bool)> {
        self.0.into_inner()
    }
}

impl StreamSink for BlockLog {
    fn consumed(&self, _: u64) {}

    fn spare(&self) -> Option<Vec<u8>> {
        None
    }

    fn decoder_room(&self, _: usize) -> Held {
        Held::default()
    }

    fn room(&self, _: usize) -> Held {
        Held::default()
    }

    fn put(&self, block: StreamBlock) -> Result<(), Error> {
        self.0.borrow_mut().push(match block {
            StreamBlock::Lines { offset, lines, .. } => (offset, lines, false),
            StreamBlock::TooLong { offset, beginning } => (offset, beginning, true),
        });
        Ok(())
    }
}

/// The steps of a test before operations of a store.
#[async_trait::async_trait]
pub(crate) trait Watch: std::fmt::Debug + Send + Sync + 'static {
    async fn inserting(&self, _store: &dyn Store, _key: &Key) {}
    async fn storing(&self, _key: &BlockKey) {}
    async fn reading(&self, _key: &BlockKey) {}
}

/// A store that a test watches.
#[derive(Debug)]
pub(crate) struct WatchedStore<W> {
    inner: Arc<dyn Store>,
    pub(crate) watch: W,
}

impl<W: Watch> WatchedStore<W> {
    /// Puts the watch before the store of a context.
    pub(crate) fn over(context: Context, watch: W) -> (Context, Arc<Self>) {
        let store = Arc::new(Self { inner: Arc::clone(&context.store), watch });
        let shared = Arc::<Self>::clone(&store);
        (Context { store: shared, ..context }, store)
    }
}

#[async_trait::async_trait]
impl<W: Watch> Store for WatchedStore<W> {
    async fn insert(&self, key: &Key, value: Bytes) -> Result<Insertion, StoreError> {
        self.watch.inserting(&*self.inner, key).await;
        self.inner.insert(key, value).await
    }

    async fn get(&self, key: &Key) -> Result<Option<Bytes>, StoreError> {
        self.inner.get(key).await
    }

    async fn runs(&self) -> Result<Vec<RunId>, StoreError> {
        self.inner.runs().await
    }

    async fn sources(&self) -> Result<Vec<SourceName>, StoreError> {
        self.inner.sources().await
    }

    async fn put_block(&self, key: &BlockKey, bytes: Bytes) -> Result<(), StoreError> {
        self.watch.storing(key).await;
        self.inner.put_block(key, bytes).await
    }

    async fn get_block(&self, key: &BlockKey) -> Result<Bytes, StoreError> {
        self.watch.reading(key).await;
        self.inner.get_block(key).await
    }

    async fn highest(&self, log: Log, source: &SourceName) -> Result<u64, StoreError> {
        self.inner.highest(log, source).await
    }

    fn list(&self, part: Part) -> Listing<'_> {
        self.inner.list(part)
    }

    async fn remove_blocks(&self, run: &RunId, stage: Stage) -> Result<(), StoreError> {
        self.inner.remove_blocks(run, stage).await
    }

    async fn remove_run(&self, run: &RunId) -> Result<(), StoreError> {
        self.inner.remove_run(run).await
    }
}
