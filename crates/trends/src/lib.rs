//! The domain: records, terms, counts, merging, ranking and the formats of stored blocks.
//!
//! Pure: no async, no Kubernetes, no database, no clock, no environment, no files. What is told
//! the same says the same, on every machine.

pub mod kind;
pub mod record;

pub use kind::Kind;
