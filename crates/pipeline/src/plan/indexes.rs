//! The indexes of a plan: the numbers of its shards and partitions. A number is checked once, where
//! it enters: a plan hands out only indexes that it has.

use std::fmt;

/// The number of a shard.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct ShardIndex(pub(super) u32);

/// The number of a partition, below 1,024.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct PartitionIndex(pub(super) u16);

impl ShardIndex {
    /// The position of the shard in a list of all shards.
    pub(crate) fn position(self) -> usize {
        self.0 as usize
    }
}

impl PartitionIndex {
    /// The number.
    pub(crate) fn get(self) -> u16 {
        self.0
    }

    /// The position of the partition in a list of all partitions.
    pub(crate) fn position(self) -> usize {
        self.0.into()
    }
}

impl From<ShardIndex> for u32 {
    fn from(index: ShardIndex) -> Self {
        index.0
    }
}

impl From<PartitionIndex> for u32 {
    fn from(index: PartitionIndex) -> Self {
        index.0.into()
    }
}

impl fmt::Display for ShardIndex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Display for PartitionIndex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
