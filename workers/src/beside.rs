//! Records and plain documents, which a MongoDB holds besides the results. Owns when each is
//! written; the store owns their formats.

use pipeline::records::{Record, RecordSink};
use pipeline::{Context, Error};
use store::mongo::records::RecordId;
use store::mongo::{plain, records};
use store::{MongoStore, RunId, SourceName};
use tokio::runtime::Handle;
use trendjob::MongoSink;

/// A sink that stores the records of a run in the MongoDB.
#[derive(Debug)]
pub(crate) struct Records {
    pub(crate) store: MongoStore,
    pub(crate) source: SourceName,
    pub(crate) run: RunId,
    pub(crate) runtime: Handle,
}

impl RecordSink for Records {
    fn store(&self, shard: u32, batch: &[Record]) -> Result<u64, Error> {
        let id = |record: &Record| RecordId { shard, object: record.object, offset: record.offset };
        let lines = batch.iter().map(|record| (id(record), record.line.as_slice()));
        let lines: Vec<_> = lines.collect();
        let stored = records::insert(&self.store, &self.source, &self.run, &lines);
        Ok(self.runtime.block_on(stored)?)
    }
}

/// The MongoDB of an attempt, with the settings for records and plain documents.
#[derive(Clone, Copy)]
pub(crate) struct Beside<'a> {
    pub(crate) context: &'a Context,
    pub(crate) store: &'a MongoStore,
    pub(crate) source: &'a SourceName,
    pub(crate) sink: &'a MongoSink,
}

impl Beside<'_> {
    /// Makes records and plain documents agree with the result that was just published. `without`
    /// are the shards it goes without, `stored` is the number of records that its shards stored.
    pub(crate) fn publish(self, without: &[u32], stored: u64) -> Result<(), Error> {
        let Context { runtime, run, attempt, .. } = self.context;
        runtime.block_on(async {
            if self.sink.store_records {
                records::publish(self.store, self.source, run, without, stored).await?;
            }
            plain::refresh(self.store, self.source, attempt, self.limit()).await?;
            Ok(())
        })
    }

    /// Makes the plain documents agree with the visible result after a later run has been
    /// published: an attempt of this run may have replaced them before it was killed.
    pub(crate) fn catch_up(self) -> Result<(), Error> {
        let Context { runtime, attempt, .. } = self.context;
        let caught_up = plain::catch_up(self.store, self.source, attempt, self.limit());
        Ok(runtime.block_on(caught_up)?)
    }

    /// Returns the number of plain documents to keep; a negative number in the manifest means all.
    fn limit(self) -> u64 {
        u64::try_from(self.sink.documents).unwrap_or(u64::MAX)
    }
}
