//! The plan stage: which bytes are whose. Owns what a plan says and that a run has exactly one.

mod analysis;
mod authors;
mod cut;

use std::collections::BTreeSet;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use store::document::{insert_document, read_document};
use store::{Key, SourceName, Stage, generations};
use trends::Partitions;
use trends::digest::hex;
use trends::record::{CustomFields, Fields};

pub use analysis::{Analysis, PinnedBaseline, Profile};
pub use cut::Range;
use cut::{Cut, cut};

use crate::etl::Shard;
use crate::input::{
    Compression, Found, Identity, Object, Places, Remote, discover, inspect, inspect_remote,
    is_remote,
};
use crate::{Cancel, Context, Error, score};

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

    /// The shards that are not among these, which are in order.
    pub(crate) fn without(&self, shards: &[Shard]) -> Vec<u32> {
        // There are fewer than 2^32 shards.
        let all = 0..self.shards.len() as u32;
        all.filter(|index| shards.binary_search_by_key(index, |shard| shard.index).is_err())
            .collect()
    }
}

/// Makes the plan of a run and stores it, unless it has one already.
///
/// # Errors
/// If the input names nothing readable; `Removed` if the run was one and is no more.
pub fn plan(context: &Context, spec: &Spec) -> Result<Plan, Error> {
    let key = Key::plan(&context.run);
    if let Some(plan) = context.wait(read_document(&*context.store, &key))? {
        return Ok(plan);
    }
    // A late attempt must not begin the run anew, with a number above that of later runs.
    let retired = context.wait(context.store.get(&Key::retired(&context.run)))?;
    if retired.is_some() {
        return Err(Error::Removed { run: context.run.to_string() });
    }
    make(context, draft(spec, &context.remote, &context.cancel)?)
}

/// The stored plan of a run. `expected` is the hash an attempt was started for, if it was told one.
///
/// # Errors
/// `NotReady` if there is none, `PlanMismatch` if it is another than expected.
pub fn stored(context: &Context, expected: Option<&str>) -> Result<Plan, Error> {
    let found: Option<Plan> =
        context.wait(read_document(&*context.store, &Key::plan(&context.run)))?;
    let plan = found
        .ok_or_else(|| Error::NotReady { run: context.run.to_string(), what: "plan".to_owned() })?;
    let stored = plan.hash()?;
    match expected {
        Some(expected) if stored != expected => {
            let (run, expected) = (context.run.to_string(), expected.to_owned());
            Err(Error::PlanMismatch { run, stored, expected })
        }
        _ => Ok(plan),
    }
}

/// What the plan would be, with nothing stored and start number 0.
pub fn draft(spec: &Spec, remote: &Remote, cancel: &Cancel) -> Result<Plan, Error> {
    spec.record.fields()?;
    spec.analysis.check()?;
    let objects = objects(spec, remote, cancel)?;
    let sizes: Vec<_> =
        objects.iter().map(|object| (object.size, object.is_splittable())).collect();
    let Cut { shards, chunk_size, chunks } =
        cut(&sizes, spec.chunk_size, spec.max_shards, spec.shards);
    Ok(Plan {
        source: spec.source.clone(),
        start: 0,
        objects,
        shards,
        chunk_size,
        chunks,
        partitions: u32::from(spec.partitions.count()),
        record: spec.record.clone(),
        max_malformed_percent: spec.max_malformed_percent,
        max_record_size: spec.max_record_size,
        analysis: spec.analysis.clone(),
    })
}

fn make(context: &Context, mut plan: Plan) -> Result<Plan, Error> {
    score::pin(context, &mut plan.analysis)?;
    let (store, run) = (&*context.store, &context.run);
    let exists = serde_json::json!({ "source": plan.source }).to_string();
    context.wait(store.insert(&Key::run(run), exists.into()))?;
    plan.start = context.wait(generations::begin(store, &plan.source, run))?;
    authors::freeze(context, &mut plan)?;
    let home = context.home(Stage::Plan, 0);
    let (plan, _) = context.wait(insert_document(store, &Key::plan(run), &home, plan))?;
    Ok(plan)
}

fn objects(spec: &Spec, remote: &Remote, cancel: &Cancel) -> Result<Vec<Object>, Error> {
    let (piped, named): (Vec<_>, Vec<_>) = spec.uris.iter().cloned().partition(|uri| uri == "-");
    let mut objects = Vec::new();
    if !piped.is_empty() {
        let spooled = spec.spooled.as_ref();
        let path = spooled.ok_or_else(|| Error::Input("standard input was not spooled".into()))?;
        let (path, name) = (path.clone(), "standard input".to_owned());
        let spooled = Found { canonical: path.clone(), path, name };
        objects.push(inspect(&spooled, spec.compression, spec.identity)?);
    }
    let (urls, named): (Vec<_>, Vec<_>) = named.into_iter().partition(|uri| is_remote(uri));
    let places = Places { data: spec.data.as_deref(), kept_out: spec.kept_out.as_deref() };
    for found in discover(&named, places)? {
        objects.push(inspect(&found, spec.compression, spec.identity)?);
    }
    // In the order of their names, each once.
    for url in urls.iter().collect::<BTreeSet<_>>() {
        objects.push(inspect_remote(remote, cancel, url, spec.compression)?);
    }
    Ok(objects)
}
