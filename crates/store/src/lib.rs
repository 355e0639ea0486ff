//! Keeps blocks, markers, generations and exclusions. Owns the `Store` trait, its implementations
//! and the reading of published results; formats live in `trends`, so every store serves the same
//! bytes.

pub mod check;
#[cfg(any(test, feature = "conformance"))]
pub mod conformance;
pub mod document;
mod envelope;
pub mod error;
pub mod exclusions;
pub mod generations;
pub mod key;
pub mod listing;
mod log;
pub mod marker;
mod marks;
#[cfg(feature = "mongodb")]
pub mod mongo;
pub mod objects;
pub mod published_result;
pub mod retention;
pub mod run_lock;
pub mod runs;
pub mod view;

use std::fmt;

use bytes::Bytes;

pub use error::StoreError;
pub use generations::Generation;
pub use key::{AttemptId, BlockKey, InvalidName, Key, Log, RunId, SourceName, TrendJobUid};
pub use listing::{ListedKey, Listing, Part};
pub use log::LOST_ENTRY_REMEDY;
#[cfg(feature = "mongodb")]
pub use mongo::{MongoOptions, MongoStore, MongoUri};
pub use objects::ObjectStore;
pub use published_result::PublishedResult;
pub use run_lock::RunLock;
pub use view::View;
pub use vocabulary::Stage;

/// The outcome of an insert-if-absent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Insertion {
    /// This call stored the value.
    Inserted,
    /// Another call was first, with this value.
    Present(Bytes),
}

/// A place for immutable values under unique keys.
///
/// Everything above rests on two promises. Exactly one of several concurrent inserts of a key wins,
/// and all others return the winner's value. And a value that was reported as stored survives the
/// process (and, in a durable store, the machine). Nothing is ever updated in place. No value is
/// above 1 MiB.
#[async_trait::async_trait]
pub trait Store: Send + Sync + fmt::Debug + 'static {
    /// Stores `value` under `key` unless the key exists. A value is visible whole or not at all.
    async fn insert(&self, key: &Key, value: Bytes) -> Result<Insertion, StoreError>;

    /// The value under `key`, if there is one.
    async fn get(&self, key: &Key) -> Result<Option<Bytes>, StoreError>;

    /// Every run that has a record or any data, ascending. The record is inserted before any data,
    /// and removed after it. So data without a record belongs to a run that was removed, and was
    /// stored by a late attempt.
    async fn runs(&self) -> Result<Vec<RunId>, StoreError>;

    /// Every source that has at least one generation, ascending.
    async fn sources(&self) -> Result<Vec<SourceName>, StoreError>;

    /// Stores a block. The same key is only ever written with the same bytes.
    async fn put_block(&self, key: &BlockKey, bytes: Bytes) -> Result<(), StoreError>;

    /// Reads a block. Fails with `StoreError::Missing` if it does not exist.
    async fn get_block(&self, key: &BlockKey) -> Result<Bytes, StoreError>;

    /// The highest number of the entries of a log of a source, 0 without any. Unlike a search for the
    /// end of the log, it finds entries behind one that was lost.
    async fn highest(&self, log: Log, source: &SourceName) -> Result<u64, StoreError>;

    /// The keys of a part, each once, in no order. Reads them as the stream is polled, in pages of at
    /// most a thousand, so the memory does not grow with the store. Keys that are written or removed
    /// meanwhile may be missing.
    fn list(&self, part: Part) -> Listing<'_>;

    /// Removes the blocks of one stage of a run, keeping its markers. Repeatable.
    async fn remove_blocks(&self, run: &RunId, stage: Stage) -> Result<(), StoreError>;

    /// Removes a run: its plan, then its markers, then its blocks, then its record. So a removal
    /// that was cut short is found by the record and finished. Repeatable.
    async fn remove_run(&self, run: &RunId) -> Result<(), StoreError>;

    /// Ends the connections of the store. A process calls it last, on one handle of the store: no
    /// other call may be under way or follow on any handle.
    async fn close(&self) {}
}
