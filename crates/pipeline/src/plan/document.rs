//! The plan as a document, and the spec that it is made from. Owns both types and the JSON of a
//! plan, whose hash every attempt checks; knows nothing of the store.

use std::io::{self, Write};
use std::ops;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use store::{SourceName, Stage};
use trends::Partitions;
use trends::digest::hex;
use trends::record::{CustomFields, Fields};

use super::analysis::Analysis;
use super::cut::Range;
use super::indexes::{PartitionIndex, ShardIndex};
use crate::Error;
use crate::input::{Compression, Identity, Object, ObjectReader, Objects};

/// The request of a user: the input of a run and its settings.
#[derive(Debug, Clone)]
pub struct Spec {
    /// The name to publish under.
    pub source: SourceName,
    /// Files, folders, globs, `file:` URIs; `-` is standard input.
    pub uris: Vec<String>,
    /// The folder that stands in for `/data` of a manifest.
    pub data: Option<PathBuf>,
    /// The folder of the store: its files are not input, even if it lies below an input folder.
    pub store_folder: Option<PathBuf>,
    /// The file that standard input was spooled to.
    pub spooled: Option<PathBuf>,
    /// The property that distinguishes versions of local files.
    pub identity: Identity,
    /// The compression of all objects; `None` to detect it for each.
    pub compression: Option<Compression>,
    /// The format of the records.
    pub record: RecordFormat,
    /// The largest percentage of malformed lines, among those that are not blank, at which the run
    /// is published.
    pub max_malformed_percent: f64,
    /// The longest line that is read, in bytes.
    pub max_record_size: u64,
    /// The size of a chunk in bytes, at least 1.
    pub chunk_size: u64,
    /// The largest number of shards that chunks are grouped into, at least 1.
    pub max_shards: u32,
    /// The number of shards, if it is fixed; chunks are made smaller if needed.
    pub shards: Option<u32>,
    /// The number of partitions.
    pub partitions: Partitions,
    /// The settings for counting and scoring.
    pub analysis: Analysis,
}

impl Spec {
    /// A spec that counts the words of Twitter statuses and allows no malformed line.
    pub fn new(source: SourceName, uris: Vec<String>) -> Self {
        Self {
            source,
            uris,
            data: None,
            store_folder: None,
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

/// The format of records, which decides where the parts of a record are.
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

/// The parts of a record, as JSON pointers that a user chose.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CustomFormat {
    /// The text; the first pointer that leads to a string is used.
    pub text: Vec<String>,
    /// The time at which the post was written.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub time: Vec<String>,
    /// The author.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub author: Vec<String>,
    /// The id of the record.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub id: Vec<String>,
    /// The language.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub language: Vec<String>,
}

impl RecordFormat {
    /// Returns the fields that are read of a record.
    ///
    /// # Errors
    /// `Input` if a JSON pointer is invalid.
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

/// The plan of a run: inserted once, followed by every attempt at every stage. It can't be changed,
/// so its hash is computed once: every marker names it, and a plan may be as long as its input has
/// files.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    document: PlanDocument,
    hash: String,
}

impl Plan {
    /// The plan of a document.
    pub(crate) fn new(document: PlanDocument) -> Result<Self, Error> {
        let hash = document.hash()?;
        Ok(Self { document, hash })
    }

    /// Returns the plan hash: the SHA-256 of the plan's JSON, in hexadecimal digits.
    pub fn hash(&self) -> &str {
        &self.hash
    }
}

impl ops::Deref for Plan {
    type Target = PlanDocument;

    fn deref(&self) -> &PlanDocument {
        &self.document
    }
}

/// The content of a plan.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PlanDocument {
    /// The name to publish under.
    pub source: SourceName,
    /// The run's place in the order of the source's runs, from 1.
    pub start: u64,
    /// The input.
    pub objects: Objects,
    /// The byte ranges of each shard.
    pub shards: Vec<Vec<Range>>,
    /// The size of a chunk in bytes, after it was fitted to the number of shards.
    pub chunk_size: u64,
    /// The number of chunks.
    pub chunks: u64,
    /// The number of partitions, 1 to 1,024.
    pub partitions: u32,
    /// The format of the records.
    pub record: RecordFormat,
    /// The largest percentage of malformed lines, among those that are not blank, at which the run
    /// is published.
    pub max_malformed_percent: f64,
    /// The longest line that is read, in bytes.
    pub max_record_size: u64,
    /// The rules and tables that cut text into words; only for `Social`. Programs with others refuse
    /// the plan.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub segmentation: Option<String>,
    /// The settings for counting and scoring.
    #[serde(default, skip_serializing_if = "Analysis::is_default")]
    pub analysis: Analysis,
}

impl PlanDocument {
    /// Returns the size of the input in bytes, before decompression.
    pub fn bytes(&self) -> u64 {
        self.objects.bytes()
    }

    /// Returns the SHA-256 of the JSON, which is never in memory as a whole.
    fn hash(&self) -> Result<String, Error> {
        use sha2::Digest as _;
        let mut writer = io::BufWriter::new(Hashing(sha2::Sha256::new()));
        let written = serde_json::to_writer(&mut writer, self).is_ok();
        let hash = writer.into_inner().ok().filter(|_| written);
        let hash = hash.ok_or(Error::Defect("the plan can't be written as JSON"))?;
        Ok(hex(&hash.0.finalize()))
    }

    /// Checks a stored plan, so that following it can't fail: its ranges must lie in its objects,
    /// and its settings must fit together.
    ///
    /// # Errors
    /// The first fault found, as text.
    pub(super) fn check(&self) -> Result<(), String> {
        let mut objects = self.objects.reader();
        for (shard, ranges) in self.shards.iter().enumerate() {
            for range in ranges {
                self.check_range(range, &mut objects)
                    .map_err(|what| format!("shard {shard} reads {what}"))?;
            }
        }
        let settings = self.record.fields().map(drop).and_then(|()| self.analysis.check());
        settings.map_err(|error| error.to_string())
    }

    fn check_range(&self, range: &Range, objects: &mut ObjectReader<'_>) -> Result<(), String> {
        let Range { object, start, end } = *range;
        let Some(found) = objects.get(object) else {
            return Err(format!("object {object} of {}", self.objects.len()));
        };
        let Object { name, size, .. } = found;
        let is_whole = (start, end) == (0, *size);
        if start < end && end <= *size && (is_whole || found.is_splittable()) {
            return Ok(());
        }
        Err(format!("the bytes {start} to {end} of {name}, which has {size}"))
    }

    /// Returns the longest line that is read, in bytes; at most `usize::MAX`.
    pub(crate) fn max_line(&self) -> usize {
        usize::try_from(self.max_record_size).unwrap_or(usize::MAX)
    }

    /// The shard with this index.
    ///
    /// # Errors
    /// `OutsidePlan` if the plan has no such shard.
    pub fn shard(&self, index: u32) -> Result<ShardIndex, Error> {
        let (stage, count) = (Stage::Etl, self.shards.len());
        let shard = ShardIndex(index);
        if shard.position() < count {
            Ok(shard)
        } else {
            Err(Error::OutsidePlan { stage, index, count })
        }
    }

    /// The indexes of all shards, in order.
    pub fn shard_indexes(&self) -> impl Iterator<Item = ShardIndex> {
        (0..).zip(&self.shards).map(|(index, _)| ShardIndex(index))
    }

    /// The partition with this index.
    ///
    /// # Errors
    /// `OutsidePlan` if the plan has no such partition.
    pub fn partition(&self, index: u32) -> Result<PartitionIndex, Error> {
        let (stage, count) = (Stage::Aggregate, self.partitions as usize);
        let partition = u16::try_from(index).ok().filter(|_| index < self.partitions);
        partition.map(PartitionIndex).ok_or(Error::OutsidePlan { stage, index, count })
    }

    /// The indexes of all partitions, in order.
    pub(crate) fn partition_indexes(&self) -> Result<impl Iterator<Item = PartitionIndex>, Error> {
        Ok((0..self.partitions()?.count()).map(PartitionIndex))
    }

    /// The slots of a partition.
    pub(crate) fn slots(&self, partition: PartitionIndex) -> Result<ops::Range<u16>, Error> {
        Ok(self.partitions()?.slots(partition.get()))
    }

    /// The partitions.
    ///
    /// # Errors
    /// If the plan is damaged: it was made with 1 to 1,024 partitions.
    pub(crate) fn partitions(&self) -> Result<Partitions, Error> {
        let Self { source, start, partitions, .. } = self;
        Partitions::new(*partitions).ok_or_else(|| {
            let key = format!("the plan with start number {start} of source {source}");
            Error::damaged(key, format!("it has {partitions} partitions instead of 1 to 1,024"))
        })
    }
}

/// Hashes the bytes that are written.
struct Hashing(sha2::Sha256);

impl Write for Hashing {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        sha2::Digest::update(&mut self.0, bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use store::Key;
    use store::document::insert_document;

    use super::*;
    use crate::testing::{Fixture, post};

    #[test]
    fn a_plan_hands_out_the_indexes_that_it_has_and_no_other() {
        let fixture = Fixture::new();
        fixture.file("in", post("love").repeat(9));
        let partitions = Partitions::new(3).unwrap();
        let plan = fixture.plan("run", &Spec { shards: Some(2), partitions, ..fixture.spec() });
        let shards: Vec<u32> = plan.shard_indexes().map(u32::from).collect();
        let partitions: Vec<u32> = plan.partition_indexes().unwrap().map(u32::from).collect();
        assert_eq!((shards, partitions), (vec![0, 1], vec![0, 1, 2]));
        assert_eq!(plan.shard(1).map(u32::from).ok(), Some(1));
        assert_eq!(plan.partition(2).map(u32::from).ok(), Some(2));
        let outside = [plan.shard(2).map(drop), plan.partition(3).map(drop)];
        let messages = outside.map(|result| result.unwrap_err().to_string());
        assert_eq!(messages[0], "etl index 2 is outside the plan, which has 2");
        assert_eq!(messages[1], "aggregate index 3 is outside the plan, which has 3");
        // An index above 16 bits must not be truncated to a small one.
        assert_eq!(plan.partition(1 << 16).unwrap_err().reason(), "OutsidePlan");
        let slots = plan.partition_indexes().unwrap().map(|index| plan.slots(index).unwrap().len());
        assert_eq!(slots.sum::<usize>(), 1_024);
    }

    #[test]
    fn a_plan_without_partitions_is_damaged_and_not_wrong_input() {
        let fixture = Fixture::new();
        fixture.file("in", post("love"));
        let plan = PlanDocument { partitions: 0, ..fixture.plan("run", &fixture.spec()).document };
        let error = plan.partitions().unwrap_err();
        assert_eq!((error.reason(), error.is_permanent()), ("StoreDamaged", true));
        assert!(error.to_string().contains("start number 1 of source sample"), "{error}");
    }

    #[test]
    fn the_plan_hash_is_that_of_the_stored_json() {
        use sha2::Digest as _;
        let fixture = Fixture::new();
        fixture.file("in", post("love"));
        let plan = fixture.plan("run", &fixture.spec());
        let key = Key::plan(&fixture.context("run", "attempt").run);
        let stored = fixture.runtime.block_on(fixture.store.get(&key)).unwrap().unwrap();
        let stored: serde_json::Value = serde_json::from_slice(&stored).unwrap();
        let json = serde_json::to_vec(&plan.document).unwrap();
        assert_eq!(
            stored["value"]["inline"],
            serde_json::from_slice::<serde_json::Value>(&json).unwrap()
        );
        assert_eq!(plan.hash(), hex(&sha2::Sha256::digest(json)));
    }

    #[test]
    fn every_marker_gets_the_one_hash_that_the_plan_was_made_with() {
        let fixture = Fixture::new();
        fixture.file("in", post("love"));
        let plan = fixture.plan("run", &fixture.spec());
        // Equal texts at one address: the second was not computed again.
        let (first, second) = (plan.hash(), plan.hash());
        assert_eq!((first, first.as_ptr()), (second, second.as_ptr()));
    }

    #[test]
    fn a_stored_plan_with_impossible_ranges_or_settings_is_damaged() {
        let fixture = Fixture::new();
        fixture.file("in", post("love").repeat(9));
        let plan = fixture.plan("run", &Spec { shards: Some(2), ..fixture.spec() }).document;
        let range = plan.shards[1][0];
        let with_range = |range| PlanDocument { shards: vec![vec![range]], ..plan.clone() };
        let with = |analysis| PlanDocument { analysis, ..plan.clone() };
        let pointer = CustomFormat { text: vec!["nope".to_owned()], ..CustomFormat::default() };
        let damaged = [
            (with_range(Range { object: 7, ..range }), "object 7 of 1"),
            (with_range(Range { end: u64::MAX, ..range }), "which has"),
            (with_range(Range { end: range.start, ..range }), "which has"),
            (PlanDocument { objects: Objects::default(), ..plan.clone() }, "object 0 of 0"),
            (
                PlanDocument { record: RecordFormat::Custom(pointer), ..plan.clone() },
                "JSON pointer",
            ),
            (with(Analysis { window: Some(0), ..Analysis::default() }), "window"),
            (with(Analysis { kinds: Vec::new(), ..Analysis::default() }), "no kind"),
        ];
        for (number, (plan, what)) in damaged.into_iter().enumerate() {
            let context = fixture.context(&format!("damaged-{number}"), "attempt");
            let (key, attempt) = (Key::plan(&context.run), context.attempt_key(Stage::Plan, 0));
            let inserted = insert_document(&*context.store, &key, &attempt, plan);
            context.wait(inserted).unwrap();
            let error = crate::plan::stored(&context, None).unwrap_err();
            assert_eq!((error.reason(), error.is_permanent()), ("StoreDamaged", true), "{error}");
            assert!(error.to_string().contains(what), "{what}: {error}");
        }
    }
}
