//! Records and plain documents, which a MongoDB holds besides the results. Owns when each is
//! written; the store owns their formats.

use pipeline::records::{Record, RecordSink};
use pipeline::{Context, Error, Plan};
use store::mongo::records::RecordId;
use store::mongo::{plain, records};
use store::{MongoStore, RunId, SourceName, StoreError};
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

/// Makes records and plain documents agree with the result that was just published. `stored` is the
/// number of records that the shards of the result report as stored.
pub(crate) fn publish(
    context: &Context,
    store: &MongoStore,
    plan: &Plan,
    sink: &MongoSink,
    without: &[u32],
    stored: u64,
) -> Result<(), Error> {
    let source = &plan.source;
    context.runtime.block_on(async {
        if sink.store_records {
            records::publish(store, source, &context.run, without, stored).await?;
        }
        plain::refresh(store, source, &context.attempt, limit(sink)).await?;
        Ok(())
    })
}

/// Makes the plain documents agree with the visible result after a later run has been published: an
/// attempt of this run may have replaced them before it was killed.
pub(crate) fn catch_up(
    context: &Context,
    store: &MongoStore,
    source: &str,
    sink: &MongoSink,
) -> Result<(), Error> {
    let source = SourceName::new(source).map_err(StoreError::Name)?;
    let caught_up = plain::catch_up(store, &source, &context.attempt, limit(sink));
    Ok(context.runtime.block_on(caught_up)?)
}

/// Returns the number of plain documents to keep; a negative number in the manifest means all.
fn limit(sink: &MongoSink) -> u64 {
    u64::try_from(sink.documents).unwrap_or(u64::MAX)
}
