//! Batches of the records to keep. Owns the size at which a batch goes to the sink; the sink owns
//! the place of the records.

use std::sync::Arc;

use crate::progress::Progress;
use crate::records::{Record, RecordSink};
use crate::{Context, Error};

/// Bytes of records in one batch.
const BATCH: usize = 1 << 20;

/// The records of one thread that the sink has not received yet.
#[derive(Debug)]
pub(super) struct RecordBatch {
    sink: Arc<dyn RecordSink>,
    progress: Arc<Progress>,
    shard: u32,
    records: Vec<Record>,
    bytes: usize,
    not_stored: u64,
}

impl RecordBatch {
    /// A batch for a shard, if records are kept.
    pub(super) fn new(context: &Context, shard: u32) -> Option<Self> {
        let sink = Arc::clone(context.records.as_ref()?);
        let progress = Arc::clone(&context.progress);
        Some(Self { sink, progress, shard, records: Vec::new(), bytes: 0, not_stored: 0 })
    }

    pub(super) fn add(&mut self, object: u32, offset: u64, line: &[u8]) -> Result<(), Error> {
        self.bytes += line.len();
        self.records.push(Record { object, offset, line: line.to_vec() });
        if self.bytes >= BATCH { self.flush() } else { Ok(()) }
    }

    /// Hands over the last batch. Returns the number of records that the sink could not store.
    pub(super) fn finish(mut self) -> Result<u64, Error> {
        self.flush()?;
        Ok(self.not_stored)
    }

    fn flush(&mut self) -> Result<(), Error> {
        if !self.records.is_empty() {
            let not_stored = self.sink.store(self.shard, &self.records)?;
            Progress::add(&self.progress.not_stored, not_stored);
            self.not_stored += not_stored;
            self.records.clear();
            self.bytes = 0;
        }
        Ok(())
    }
}
