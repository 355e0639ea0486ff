//! The division of the input and the number of pods. Owns these numbers and their limits; doesn't
//! know how the input is cut.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::Size;

/// The division of the work into shards and partitions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Sharding {
    /// Bytes of one chunk, from 1Ki to 1Ti. A compressed object is always one chunk.
    pub chunk_size: Size,
    /// The most shards that chunks are grouped into. Each shard is a pod index of the etl Job.
    #[schemars(range(min = 1, max = 10_000))]
    pub max_shards: u32,
    /// The most pods that run at the same time. May be changed during a run.
    #[schemars(range(min = 1, max = 1_000))]
    pub parallelism: u32,
    /// Number of partitions of the terms. Each is a pod index of the aggregate Job.
    #[schemars(range(min = 1, max = 1_024))]
    pub partitions: u32,
}

impl Default for Sharding {
    fn default() -> Self {
        Self { chunk_size: Size::mebibytes(64), max_shards: 500, parallelism: 50, partitions: 8 }
    }
}
