//! The output of counted records. Owns the trait; its implementations decide where records go.

use std::fmt;

use crate::Error;

/// Takes the records that were counted, each as the bytes of its line.
pub trait RecordSink: fmt::Debug + Send + Sync {
    /// Stores records of a shard, and returns the number of records that it could not store. Every
    /// attempt passes the same records with the same objects and offsets; a record that is passed
    /// again is stored once.
    fn store(&self, shard: u32, records: &[Record]) -> Result<u64, Error>;
}

/// A record that was counted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// The number of the object in the plan.
    pub object: u32,
    /// The offset of its line in the (decompressed) object.
    pub offset: u64,
    /// The line, without its newline.
    pub line: Vec<u8>,
}
