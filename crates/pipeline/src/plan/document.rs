//! What a plan says, and what it is made from. Owns both types and the JSON of a plan, whose hash every
//! attempt checks; knows nothing of the store.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use store::{SourceName, Stage};
use trends::Partitions;
use trends::digest::hex;
use trends::record::{CustomFields, Fields};

use super::analysis::Analysis;
use super::cut::Range;
use crate::Error;
use crate::input::{Compression, Identity, Object};

/// What the user asked for.
#[derive(Debug, Clone)]
pub struct Spec {
    /// The name to publish under.
    pub source: SourceName,
    /// Files, folders, globs, `file:` URIs; `-` is what was spooled.
    pub uris: Vec<String>,
    /// The folder that stands in for `/data` of a manifest.
    pub data: Option<PathBuf>,
    /// A folder of this program that is no input where it lies below one that is: the store's.
    pub kept_out: Option<PathBuf>,
    /// Where standard input was spooled to.
    pub spooled: Option<PathBuf>,
    /// How versions of local files are told apart.
    pub identity: Identity,
    /// How all objects are compressed, `None` to find out each.
    pub compression: Option<Compression>,
    /// Where the text is in a record.
    pub record: RecordFormat,
    /// The largest share of malformed lines that is still published, 0 to 100.
    pub max_malformed_percent: f64,
    /// The longest line that is read, in bytes.
    pub max_record_size: u64,
    /// The size of a chunk in bytes, at least 1.
    pub chunk_size: u64,
    /// The most shards chunks are grouped into, at least 1.
    pub max_shards: u32,
    /// So many shards, by smaller chunks if need be.
    pub shards: Option<u32>,
    /// How many partitions the terms are divided into.
    pub partitions: Partitions,
    /// What is counted.
    pub analysis: Analysis,
}

impl Spec {
    /// A spec of Twitter statuses of which no line may be malformed, whose words are counted.
    pub fn new(source: SourceName, uris: Vec<String>) -> Self {
        Self {
            source,
            uris,
            data: None,
            kept_out: None,
            spooled: None,
            identity: Identity::Modified,
            compression: None,
            record: RecordFormat::Twitter,
            max_malformed_percent: 0.0,
            max_record_size: 1 << 20,
            chunk_size: 1 << 30,
            max_shards: 1,
            shards: None,
            partitions: Partitions::ONE,
            analysis: Analysis::default(),
        }
    }
}

/// Where the parts of a record are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum RecordFormat {
    /// Twitter v1.1 statuses.
    Twitter,
    /// `DataSift` interactions.
    DataSift,
    /// Mastodon statuses.
    Mastodon,
    /// JSON pointers (RFC 6901) to each part, in order of preference.
    Custom(CustomFormat),
}

/// Where a user says the parts of a record are.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CustomFormat {
    /// The text; the first that holds a string wins.
    pub text: Vec<String>,
    /// When it was written.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub time: Vec<String>,
    /// Who wrote it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub author: Vec<String>,
    /// Its name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub id: Vec<String>,
    /// Its language.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub language: Vec<String>,
}

impl RecordFormat {
    /// What to take from a record.
    pub(crate) fn fields(&self) -> Result<Fields, Error> {
        match self {
            Self::Twitter => Ok(Fields::twitter()),
            Self::DataSift => Ok(Fields::datasift()),
            Self::Mastodon => Ok(Fields::mastodon()),
            Self::Custom(CustomFormat { text, time, author, id, language }) => {
                Fields::custom(&CustomFields { text, time, author, id, language })
                    .map_err(|error| Error::Input(error.to_string()))
            }
        }
    }
}

/// The plan of a run: inserted once, followed by every attempt at every stage.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Plan {
    /// The name to publish under.
    pub source: SourceName,
    /// The run's place in the order of the source's runs, from 1.
    pub start: u64,
    /// What is read.
    pub objects: Vec<Object>,
    /// The byte ranges of each shard.
    pub shards: Vec<Vec<Range>>,
    /// How large a chunk was in the end.
    pub chunk_size: u64,
    /// How many chunks there were.
    pub chunks: u64,
    /// How many partitions there are, 1 to 1,024.
    pub partitions: u32,
    /// Where the parts of a record are.
    pub record: RecordFormat,
    /// The largest share of malformed lines that is still published, 0 to 100.
    pub max_malformed_percent: f64,
    /// The longest line that is read, in bytes.
    pub max_record_size: u64,
    /// What is counted.
    #[serde(default, skip_serializing_if = "Analysis::is_default")]
    pub analysis: Analysis,
}

impl Plan {
    /// Bytes of input, as stored.
    pub fn bytes(&self) -> u64 {
        self.objects.iter().map(|object| object.size).sum()
    }

    /// The partitions.
    pub fn partitions(&self) -> Result<Partitions, Error> {
        Partitions::new(self.partitions)
            .ok_or_else(|| Error::Input(format!("the plan names {} partitions", self.partitions)))
    }

    /// What every attempt must have been started for: the SHA-256 of the plan's JSON.
    pub fn hash(&self) -> Result<String, Error> {
        use sha2::Digest as _;
        let json = serde_json::to_vec(self).map_err(|error| Error::Input(error.to_string()))?;
        Ok(hex(&sha2::Sha256::digest(json)))
    }

    /// The partition with this index.
    ///
    /// # Errors
    /// `OutsidePlan` if there is none.
    pub fn partition(&self, index: u32) -> Result<u16, Error> {
        let outside =
            Error::OutsidePlan { stage: Stage::Aggregate, index, count: self.partitions as usize };
        u16::try_from(index).ok().filter(|_| index < self.partitions).ok_or(outside)
    }
}
