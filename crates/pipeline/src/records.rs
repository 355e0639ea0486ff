//! The way out for records that are kept. Owns the trait; where records go is for its implementations.

use std::fmt;

use crate::Error;

/// Takes the records that were counted, each as its line says it.
pub trait RecordSink: fmt::Debug + Send + Sync {
    /// Stores records of a shard, and says how many it left out. Every attempt hands on the same
    /// records under the same numbers; a stored one is stored once.
    fn store(&self, shard: u32, records: &[Record]) -> Result<u64, Error>;
}

/// A record that was counted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// Which object of the plan.
    pub object: u32,
    /// Where its line begins in the (decompressed) object.
    pub offset: u64,
    /// The line, without its newline.
    pub line: Vec<u8>,
}
