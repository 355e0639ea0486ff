//! The contents of a published result, which a run's publish marker holds. Owns its JSON
//! form; knows nothing of the store.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::scores::{BurstGates, BurstSettings, Formula, PooledDispersion, ReferenceChoice};
use crate::window::WindowTotals;
use crate::{Kind, Profile, RecordCounts, Score};

/// Returns the key under which a profile counts a typed term.
pub fn normalize(profile: Profile, kind: Kind, typed: &str) -> String {
    match profile {
        Profile::Seed => typed.to_lowercase(),
        Profile::Social => crate::social::normalize(kind, typed),
    }
}

/// The contents of a result: its totals, and references to all its blocks.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ResultContents {
    /// The digest of rows and counters, 64 hexadecimal digits.
    pub digest: String,
    /// The numbers of records by outcome.
    pub records: RecordCounts,
    /// Bytes of input, as stored.
    pub bytes: u64,
    /// Occurrences of terms that are too long to be stored.
    pub long_terms: u64,
    /// Records of which only a part was read, because the rest was too long.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub cut_records: u64,
    /// True if shards are missing.
    pub incomplete: bool,
    /// The rules that turned text into terms.
    #[serde(default)]
    pub profile: Profile,
    /// The rules that cut text into words, as [`crate::social::segmentation`] names them; `None` for
    /// profile Seed and in results of versions that named none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub segmentation: Option<String>,
    /// The length of a window in seconds, if terms were counted by window.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub window: Option<u64>,
    /// The totals of each window; empty if neither windows nor authors were counted.
    #[serde(default, skip_serializing_if = "WindowTotals::is_empty")]
    pub totals: WindowTotals,
    /// The counted kinds, ascending. Empty in results of versions that counted words only.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub kinds: Vec<Kind>,
    /// The number of all pairs of neighbouring words, if phrases were counted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pairs: Option<u64>,
    /// The fewest occurrences of a term with a series; `None` if all terms have one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub series_floor: Option<u32>,
    /// The result that keyness compares with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub baseline: Option<Baseline>,
    /// Records of excluded authors: read, but counted for no term.
    #[serde(default)]
    pub excluded: u64,
    /// The blocks of rows of each partition, in order.
    pub partitions: Vec<PartitionContents>,
    /// The dispersion of terms by kind, pooled over all partitions; empty without scores over time.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub pooled: BTreeMap<Kind, PooledDispersion>,
    /// The scores that topics are ranked by besides their count, ascending.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub scores: Vec<Score>,
    /// The gates of the burst score; `None` without scores over time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gates: Option<BurstGates>,
    /// The version of the burst score.
    #[serde(default, skip_serializing_if = "Formula::is_first")]
    pub formula: Formula,
    /// The windows that bursts are compared with.
    #[serde(default, skip_serializing_if = "ReferenceChoice::is_trailing")]
    pub reference: ReferenceChoice,
    /// The rankings by score, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub scored: Vec<ScoredBlock>,
    /// The digest of the phrases, the scores in the last window and the keyness of every term, 64
    /// hexadecimal digits; empty without phrases and scores.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub score_digest: String,
    /// The complete rankings, by kind.
    pub rankings: BTreeMap<Kind, Vec<RankingPage>>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
const fn is_zero(number: &u64) -> bool {
    *number == 0
}

impl ResultContents {
    /// Returns what the run decided about its bursts; `None` without scores over time.
    pub fn bursts(&self) -> Option<BurstSettings> {
        let Self { formula, reference, .. } = *self;
        self.gates.map(|gates| BurstSettings { gates, formula, reference })
    }

    /// Returns the number of ranked topics of a kind.
    pub fn topics(&self, kind: Kind) -> u64 {
        let pages = self.rankings.get(&kind).map_or(&[][..], Vec::as_slice);
        pages.iter().map(|page| u64::from(page.topics)).sum()
    }
}

/// The published result that keyness compares with, by its source and generation.
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
pub struct PartitionContents {
    /// The aggregate attempt with the marker.
    pub attempt: String,
    /// Its blocks of rows over the whole run, in order.
    pub terms: Vec<TermBlock>,
    /// Its blocks of rows by window, in order; empty without windows.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub series: Vec<TermBlock>,
    /// Its phrases, if phrases were counted. They have blocks of their own, for only the score
    /// stage knows which pairs are phrases.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phrases: Option<PhraseContents>,
}

/// The blocks of the phrases of one partition.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PhraseContents {
    /// The score attempt with the marker.
    pub attempt: String,
    /// Its blocks of rows over the whole run, in order.
    pub terms: Vec<TermBlock>,
    /// Its blocks of rows by window, in order; empty without windows.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub series: Vec<TermBlock>,
}

/// A reference to a block of rows, with its first key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TermBlock {
    /// The kind of the first row.
    pub kind: Kind,
    /// The term of the first row.
    pub first: String,
    /// Number of rows.
    pub rows: u32,
    /// The block.
    pub block: BlockRef,
}

/// A reference to a page of a ranking, with its first topic.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RankingPage {
    /// The term that ranks first on the page.
    pub first: String,
    /// Its count.
    pub count: u64,
    /// Number of topics on the page.
    pub topics: u32,
    /// The block.
    pub block: BlockRef,
}

/// A reference to a block of topics ranked by scores, with its first section.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ScoredBlock {
    /// The kind of its first topic.
    pub kind: Kind,
    /// The score it is ranked by.
    pub score: Score,
    /// The window it is ranked in.
    pub bucket: i64,
    /// The block.
    pub block: BlockRef,
}

/// A reference to a block of an attempt, with its length and checksum.
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
    /// Makes the reference to a sealed block.
    pub fn to(name: String, block: &[u8]) -> Self {
        let checksum = crate::format::checksum(block).unwrap_or_default();
        Self { name, length: block.len() as u64, checksum: format!("{checksum:016x}") }
    }

    /// Checks that these bytes are the block; if not, fails with the difference.
    pub fn check(&self, block: &[u8]) -> Result<(), String> {
        let found = Self::to(self.name.clone(), block);
        if found.length != self.length {
            Err(format!("it has {} bytes instead of {}", found.length, self.length))
        } else if found.checksum != self.checksum {
            Err(format!("its checksum is {} instead of {}", found.checksum, self.checksum))
        } else {
            Ok(())
        }
    }
}
