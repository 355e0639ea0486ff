//! The domain: records, terms, counts, merging, ranking and the formats of stored blocks.
//!
//! Pure: no async, no Kubernetes, no database, no clock, no environment, no files. Equal input
//! gives equal output, bit for bit, on every machine.

pub mod count;
pub mod counters;
pub mod detail;
pub mod digest;
pub mod exclusions;
pub mod facts;
pub mod format;
pub mod merge;
mod packed;
pub mod pair;
pub mod record;
pub mod result;
pub mod row;
pub mod scores;
pub mod seed;
pub mod slot;
pub mod social;
pub mod term;
pub mod time;
pub mod topic;
pub mod window;

pub use counters::RecordCounts;
pub use row::{Bucket, Row, RowRef};
pub use slot::{Partitions, SLOTS, slot};
pub use topic::{Topic, cmp_rank};
pub use vocabulary::{Kind, Profile, Score, UnknownName};
