//! The index of a published result: what the publish marker of a run says. Owns its JSON; knows
//! nothing of where blocks are kept.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::scores::{BurstGates, PooledDispersion};
use crate::window::WindowTotals;
use crate::{Kind, Profile, RecordCounts, Score};

/// Returns the term that is counted for what a user typed.
pub fn normalize(profile: Profile, kind: Kind, typed: &str) -> String {
    match profile {
        Profile::Seed => typed.to_lowercase(),
        Profile::Social => crate::social::normalize(kind, typed),
    }
}

/// Everything a reader needs to find its way in a result.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
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
    /// How text became terms.
    #[serde(default)]
    pub profile: Profile,
    /// The length of a window in seconds, where rows were counted by window.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub window: Option<u64>,
    /// The totals of each window, where windows or authors were counted.
    #[serde(default, skip_serializing_if = "WindowTotals::is_empty")]
    pub totals: WindowTotals,
    /// The kinds that were asked for, ascending; not told by results of before there were any but words.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub kinds: Vec<Kind>,
    /// All pairs of neighbouring words, where phrases were asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pairs: Option<u64>,
    /// A term that occurs less often has no series.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub series_floor: Option<u32>,
    /// What keyness compares with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub baseline: Option<Baseline>,
    /// Records that count for nothing, because their author is excluded.
    #[serde(default)]
    pub excluded: u64,
    /// The term blocks, by partition, in order.
    pub partitions: Vec<PartitionIndex>,
    /// The dispersion of terms by kind, pooled over all partitions; empty without scores over time.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub pooled: BTreeMap<Kind, PooledDispersion>,
    /// What topics are ranked by beside their count, ascending.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub scores: Vec<Score>,
    /// The gates of the scores, where they were asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gates: Option<BurstGates>,
    /// The rankings by score, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub scored: Vec<ScoredBlock>,
    /// The digest of the scores of every term in the last window, 64 hexadecimal digits; empty without
    /// scores.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub score_digest: String,
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

/// A published result, by name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Baseline {
    /// The source it was published under.
    pub source: String,
    /// Its generation.
    pub generation: u64,
}

/// The term blocks of one partition.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PartitionIndex {
    /// The attempt that counts.
    pub attempt: String,
    /// Its blocks of rows, in order.
    pub terms: Vec<TermBlock>,
    /// Its blocks of rows by window, in order; none without windows.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub series: Vec<TermBlock>,
    /// Its phrases, where those were asked for: only the score stage knows which pairs are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phrases: Option<PhraseIndex>,
}

/// The blocks of the phrases of one partition.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PhraseIndex {
    /// The attempt of the score stage that counts.
    pub attempt: String,
    /// Its blocks of rows, in order.
    pub terms: Vec<TermBlock>,
    /// Its blocks of rows by window, in order; none without windows.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub series: Vec<TermBlock>,
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

/// One block of topics ranked by scores, and its first section.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ScoredBlock {
    /// The kind of its first topic.
    pub kind: Kind,
    /// What that is ranked by.
    pub score: Score,
    /// The window it is ranked in.
    pub bucket: i64,
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
