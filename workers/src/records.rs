//! The records of a run, which a MongoDB holds besides the results. Owns the conversion from the
//! pipeline's records to those of the store, which owns their format.

use pipeline::Error;
use pipeline::records::{Record, RecordSink};
use store::mongo::records::{self, RecordId};
use store::{MongoStore, RunId, SourceName};
use tokio::runtime::Handle;

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
