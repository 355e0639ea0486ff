//! What is kept in the database beside the results: the records themselves and plain documents. Owns
//! when each is written; their formats are the store's.

use pipeline::records::{Record, RecordSink};
use pipeline::{Context, Error, Plan};
use store::mongo::records::RecordId;
use store::mongo::{plain, records};
use store::{MongoStore, RunId, SourceName, StoreError};
use tokio::runtime::Handle;
use trendjob::MongoSink;

/// Stores the records of a run.
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

/// Brings everything beside a result to what was just published. `stored` is how many records the
/// shards of the result say that they stored.
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

/// Makes good what an attempt at a run, which a later one has overtaken, may have left behind.
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

/// How many plain documents there are; -1 means all.
fn limit(sink: &MongoSink) -> u64 {
    u64::try_from(sink.documents).unwrap_or(u64::MAX)
}
