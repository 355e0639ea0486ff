//! The way out for records that are kept. Owns the trait; its implementations decide where records
//! go.

use std::fmt;

use crate::Error;

/// Takes the records that were counted, each as the bytes of its line.
pub trait RecordSink: fmt::Debug + Send + Sync {
    /// Stores records of a shard. Returns the number of those it could not store. Every attempt
    /// hands over the same records under the same numbers; a record that is handed over again is
    /// stored once.
    fn store(&self, shard: u32, records: &[Record]) -> Result<u64, Error>;
}

/// A record that was counted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// The number of the object in the plan.
    pub object: u32,
    /// Where its line begins in the (decompressed) object.
    pub offset: u64,
    /// The line, without its newline.
    pub line: Vec<u8>,
}
