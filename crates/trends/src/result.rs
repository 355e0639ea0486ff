//! The index of a published result: what the publish marker of a run says. Owns its JSON; knows
//! nothing of where blocks are kept.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{Kind, RecordCounts};

/// Everything a reader needs to find its way in a result.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ResultIndex {
    /// The digest of rows and counters, 64 hexadecimal digits.
    pub digest: String,
    /// What became of the records.
    pub records: RecordCounts,
    /// Bytes of input, as stored.
    pub bytes: u64,
    /// Occurrences of terms too long to be stored.
    pub long_terms: u64,
    /// Whether shards are missing.
    pub incomplete: bool,
    /// The term blocks, by partition, in order.
    pub partitions: Vec<PartitionIndex>,
    /// The complete rankings, by kind.
    pub rankings: BTreeMap<Kind, Vec<RankingPage>>,
}

impl ResultIndex {
    /// How many topics of a kind are ranked.
    pub fn topics(&self, kind: Kind) -> u64 {
        let pages = self.rankings.get(&kind).map_or(&[][..], Vec::as_slice);
        pages.iter().map(|page| u64::from(page.topics)).sum()
    }
}

/// The term blocks of one partition.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PartitionIndex {
    /// The attempt that counts.
    pub attempt: String,
    /// Its blocks of rows, in order.
    pub terms: Vec<TermBlock>,
}

/// One block of rows and the first key in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TermBlock {
    /// The kind of the first row.
    pub kind: Kind,
    /// The term of the first row.
    pub first: String,
    /// How many rows.
    pub rows: u32,
    /// Where.
    pub block: BlockRef,
}

/// One page of a ranking.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RankingPage {
    /// The term that ranks first on the page.
    pub first: String,
    /// Its count.
    pub count: u64,
    /// How many topics the page holds.
    pub topics: u32,
    /// Where.
    pub block: BlockRef,
}

/// A block of an attempt, as its marker refers to it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BlockRef {
    /// The name within the attempt.
    pub name: String,
    /// Its length in bytes.
    pub length: u64,
    /// Its checksum, 16 hexadecimal digits.
    pub checksum: String,
}

impl BlockRef {
    /// The reference to a sealed block.
    pub fn to(name: String, block: &[u8]) -> Self {
        let checksum = crate::format::checksum(block).unwrap_or_default();
        Self { name, length: block.len() as u64, checksum: format!("{checksum:016x}") }
    }

    /// Whether bytes are the block that was referred to; says what differs if not.
    pub fn check(&self, block: &[u8]) -> Result<(), String> {
        let found = Self::to(self.name.clone(), block);
        if found.length != self.length {
            Err(format!("it is {} bytes long instead of {}", found.length, self.length))
        } else if found.checksum != self.checksum {
            Err(format!("its checksum is {} instead of {}", found.checksum, self.checksum))
        } else {
            Ok(())
        }
    }
}
