//! The store in a MongoDB of version 6 or later, or in a server with its protocol. Owns the
//! collections and the translation of keys to documents; the logs, markers and formats are those of
//! every store.
//!
//! ```text
//! trendjob.store        {_id: "format"}                     the format of the database
//! trendjob.runs         {_id: run, ...}                     the records of runs
//! trendjob.plans        {_id: run, run, ...}                their plans
//! trendjob.markers      {_id: run/stage/index, run, ...}    the attempts that count
//! trendjob.blocks       {_id: ..., run, stage, ...}         pieces of data
//! trendjob.starts       {_id: source/n, ...}                start numbers
//! trendjob.generations  {_id: source/n, n, ...}             published results
//! trendjob.exclusions   {_id: source/n, n, ...}             changes of the exclusions
//! trendjob.plain        {_id: source, limit}                the wanted numbers of plain documents
//! trendjob.retired      {_id: run, ...}                     runs about to be removed
//! trendjob.purged       {_id: uid, ...}                     TrendJobs whose runs are removed
//! ```
//!
//! `value` has the bytes and `by` names the call that inserted them. A value is only inserted under
//! a unique `_id`, found by `_id` or number, listed, and deleted by `_id` or run. Only documents of
//! `trendjob.plain` are replaced, as a whole. So servers without transactions or update operators
//! suffice. A source has no dot in its name, so its own collections never collide with these.

mod causal;
mod connect;
mod fault;
mod listing;
pub mod plain;
pub mod records;
mod retry;
mod uri;

use std::collections::BTreeSet;
use std::time::Duration;

use bytes::Bytes;
use futures::TryStreamExt as _;
use mongodb::action::FindOne;
use mongodb::bson::spec::BinarySubtype;
use mongodb::bson::{Binary, Document, doc};
use mongodb::{Collection, Database};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::{
    BlockKey, Insertion, Key, Listing, Log, Part, RunId, SourceName, Stage, Store, StoreError,
};
use causal::LastWrite;

pub use connect::{MongoOptions, Opening};
pub use uri::MongoUri;

/// The format of a database. A database with a newer one is not touched.
const FORMAT: i64 = 1;

/// The collections with the data of runs, in the order in which a run is removed from them.
const OF_A_RUN: [&str; 3] = ["trendjob.plans", "trendjob.markers", "trendjob.blocks"];

/// The most documents that one command removes: it ends well within the time of one try, so that
/// the removal of any number of documents makes progress.
const PIECE: usize = 1_000;

/// A store in one database.
#[derive(Debug, Clone)]
pub struct MongoStore {
    database: Database,
    /// The name of the database in messages: hosts and name, nothing secret.
    place: String,
    /// The longest time for which a failing operation is repeated.
    patience: Duration,
    last_write: LastWrite,
}

/// A value as a document.
#[derive(Debug, Serialize, Deserialize)]
struct ValueDocument {
    #[serde(rename = "_id")]
    id: String,
    /// The run it is removed with, if there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    run: Option<String>,
    /// The stage that wrote a block.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    stage: Option<String>,
    /// The number of a log entry.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    n: Option<i64>,
    /// The call that inserted it: a call whose reply was lost recognises its own value.
    by: String,
    value: Binary,
}

/// The place of a key: its collection, and the fields that it is found by.
struct Address {
    collection: String,
    id: String,
    run: Option<String>,
    n: Option<i64>,
}

impl Address {
    fn of(key: &Key) -> Self {
        let (name, id) = match key {
            Key::Run(run) => ("runs", run.to_string()),
            Key::Plan(run) => ("plans", run.to_string()),
            Key::Marker { run, stage, index } => ("markers", format!("{run}/{stage}/{index:020}")),
            Key::Entry { log, source, n } => (log.name(), format!("{source}/{n:020}")),
            Key::Retired(run) => ("retired", run.to_string()),
            Key::Purged(uid) => ("purged", uid.to_string()),
        };
        let (run, n) = match key {
            Key::Run(run) | Key::Plan(run) | Key::Marker { run, .. } => (Some(run), None),
            Key::Entry { n, .. } => (None, i64::try_from(*n).ok()),
            Key::Retired(_) | Key::Purged(_) => (None, None),
        };
        Self { collection: format!("trendjob.{name}"), id, run: run.map(RunId::to_string), n }
    }
}

impl MongoStore {
    /// Connects to a database, to read and write or to read only.
    ///
    /// # Errors
    /// `Refused` for options that can't be used, `Denied` for a user without the rights, `Newer`
    /// for a database of a newer format, `Unavailable` if the server can't be reached in time.
    pub async fn open(options: &MongoOptions) -> Result<Self, StoreError> {
        let (database, place) = connect::database(options).await?;
        let (patience, last_write) = (options.patience, LastWrite::default());
        let store = Self { database, place, patience, last_write };
        let opened = match options.opening {
            Opening::CreateIndexes => store.prepare().await,
            Opening::CheckFormat => store.check_format().await,
        };
        if opened.is_err() {
            store.close().await;
        }
        opened.map(|()| store)
    }

    /// The database, for collections beside the store.
    pub fn database(&self) -> &Database {
        &self.database
    }

    /// Creates the indexes and writes the format of the database.
    async fn prepare(&self) -> Result<(), StoreError> {
        for name in OF_A_RUN {
            let create = || async {
                let index = mongodb::IndexModel::builder().keys(doc! { "run": 1 }).build();
                self.collection(name).create_index(index).await
            };
            self.retry("creating the index of", name, create).await?;
        }
        let format = doc! { "_id": "format", "format": FORMAT };
        let formats = self.database.collection::<Document>("trendjob.store");
        let insert = || async {
            match formats.insert_one(&format).await {
                Err(error) if fault::is_duplicate(&error) => Ok(()),
                inserted => inserted.map(drop),
            }
        };
        self.retry("writing the format of", "trendjob.store", insert).await?;
        self.check_format().await
    }

    async fn check_format(&self) -> Result<(), StoreError> {
        let formats = self.database.collection::<Document>("trendjob.store");
        let find = || async { formats.find_one(doc! { "_id": "format" }).await };
        let found = self.retry("reading the format of", "trendjob.store", find).await?;
        // The database is empty.
        let Some(found) = found else { return Ok(()) };
        let format = found
            .get_i64("format")
            .map_err(|error| StoreError::damaged(&self.named("trendjob.store"), &error))?;
        if format <= FORMAT {
            return Ok(());
        }
        let (place, known) = (self.place.clone(), FORMAT as u32);
        Err(StoreError::Newer { place, found: u32::try_from(format).unwrap_or(u32::MAX), known })
    }

    fn collection(&self, name: &str) -> Collection<ValueDocument> {
        self.database.collection(name)
    }

    fn named(&self, key: &str) -> String {
        format!("{key} in {}", self.place)
    }

    async fn read(&self, collection: &str, id: &str) -> Result<Option<ValueDocument>, StoreError> {
        let values = self.collection(collection);
        let find = || values.find_one(doc! { "_id": id });
        self.retry("reading", id, || self.find_after(find)).await
    }

    /// Finds a document with the action of `find`, in a state that has all writes of this store.
    async fn find_after<'a, T: DeserializeOwned + Send + Sync + 'a>(
        &self,
        find: impl Fn() -> FindOne<'a, T>,
    ) -> mongodb::error::Result<Option<T>> {
        if let Some(mut session) = self.last_write.of_read(self.database.client()).await? {
            match find().session(&mut session).await {
                Err(error) if fault::is_without_sessions(&error) => self.last_write.refuse(&error),
                found => return found,
            }
        }
        find().await
    }

    /// Inserts a document, and notes the time of this write for later reads.
    async fn insert_before(
        &self,
        values: &Collection<ValueDocument>,
        stored: &ValueDocument,
    ) -> mongodb::error::Result<()> {
        if let Some(mut session) = self.last_write.of_write(self.database.client()).await? {
            let inserted = values.insert_one(stored).session(&mut session).await;
            self.last_write.note(&session);
            match inserted {
                Err(error) if fault::is_without_sessions(&error) => self.last_write.refuse(&error),
                inserted => return inserted.map(drop),
            }
        }
        values.insert_one(stored).await.map(drop)
    }

    /// Inserts a document. Returns the present one if another call was first.
    async fn create(
        &self,
        collection: &str,
        stored: ValueDocument,
    ) -> Result<Option<ValueDocument>, StoreError> {
        let values = self.collection(collection);
        let create = || async {
            match self.insert_before(&values, &stored).await {
                Ok(()) => return Ok(None),
                Err(error) if fault::is_duplicate(&error) => {}
                Err(error) => return Err(error),
            }
            let present = self.find_after(|| values.find_one(doc! { "_id": &stored.id })).await?;
            let present = present.ok_or_else(fault::unsettled)?;
            // The present document may be this call's own, if only the reply was lost.
            Ok((present.by != stored.by).then_some(present))
        };
        self.retry("writing", &stored.id, create).await
    }

    /// Removes all matching documents, in pieces that each have the time of one try.
    async fn delete(&self, collection: &str, what: Document) -> Result<(), StoreError> {
        let documents = self.database.collection::<Document>(collection);
        let delete = async |what: &Document| {
            let delete = || async { documents.delete_many(what.clone()).await };
            self.retry("removing from", collection, delete).await.map(drop)
        };
        let next = || async {
            let found = documents.find(what.clone()).projection(doc! { "_id": 1 });
            found.limit(PIECE as i64).await?.try_collect::<Vec<_>>().await
        };
        loop {
            let found = self.retry("listing", collection, next).await?;
            if found.len() < PIECE {
                // The few that are left, and any that another process has written since.
                return delete(&what).await;
            }
            let ids: Vec<_> = found.iter().filter_map(|found| found.get("_id").cloned()).collect();
            delete(&doc! { "_id": { "$in": ids } }).await?;
        }
    }

    /// The names of all collections.
    async fn collections(&self) -> Result<Vec<String>, StoreError> {
        let names = || async { self.database.list_collection_names().await };
        self.retry("listing", "collections", names).await
    }

    /// The `_id`s of the matching documents, ascending. Skips ids that are not texts, which another
    /// program wrote.
    async fn ids(&self, collection: &str, what: Document) -> Result<Vec<String>, StoreError> {
        let documents = self.database.collection::<Document>(collection);
        let find = || async {
            let find = || documents.find(what.clone()).projection(doc! { "_id": 1 });
            if let Some(mut session) = self.last_write.of_read(self.database.client()).await? {
                match find().session(&mut session).await {
                    Err(error) if fault::is_without_sessions(&error) => {
                        self.last_write.refuse(&error);
                    }
                    found => return found?.stream(&mut session).try_collect::<Vec<_>>().await,
                }
            }
            find().await?.try_collect().await
        };
        let found = self.retry("listing", collection, find).await?;
        let ids = found.iter().filter_map(|found| found.get_str("_id").ok());
        let mut ids: Vec<String> = ids.map(str::to_owned).collect();
        ids.sort();
        Ok(ids)
    }
}

fn binary(bytes: &Bytes) -> Binary {
    Binary { subtype: BinarySubtype::Generic, bytes: bytes.to_vec() }
}

/// A unique name for one call.
fn call_id() -> String {
    mongodb::bson::oid::ObjectId::new().to_hex()
}

#[async_trait::async_trait]
impl Store for MongoStore {
    async fn insert(&self, key: &Key, value: Bytes) -> Result<Insertion, StoreError> {
        let Address { collection, id, run, n } = Address::of(key);
        let stored =
            ValueDocument { id, run, stage: None, n, by: call_id(), value: binary(&value) };
        Ok(match self.create(&collection, stored).await? {
            None => Insertion::Inserted,
            Some(present) => Insertion::Present(present.value.bytes.into()),
        })
    }

    async fn get(&self, key: &Key) -> Result<Option<Bytes>, StoreError> {
        let Address { collection, id, .. } = Address::of(key);
        Ok(self.read(&collection, &id).await?.map(|stored| stored.value.bytes.into()))
    }

    async fn runs(&self) -> Result<Vec<RunId>, StoreError> {
        let mut runs: BTreeSet<String> =
            self.ids("trendjob.runs", doc! {}).await?.into_iter().collect();
        for collection in OF_A_RUN {
            // The index on `run` alone answers this; no value is read.
            let distinct = || async { self.collection(collection).distinct("run", doc! {}).await };
            let found = self.retry("listing", collection, distinct).await?;
            runs.extend(found.iter().filter_map(|run| run.as_str().map(str::to_owned)));
        }
        Ok(runs.iter().filter_map(|run| RunId::new(run).ok()).collect())
    }

    async fn sources(&self) -> Result<Vec<SourceName>, StoreError> {
        // Every generation log has an entry 1, which is never removed.
        let ids = self.ids("trendjob.generations", doc! { "n": 1 }).await?;
        let sources = ids.iter().filter_map(|id| id.split_once('/'));
        Ok(sources.filter_map(|(source, _)| SourceName::new(source).ok()).collect())
    }

    async fn put_block(&self, key: &BlockKey, bytes: Bytes) -> Result<(), StoreError> {
        let stored = ValueDocument {
            id: block_id(key),
            run: Some(key.run.to_string()),
            stage: Some(key.stage.to_string()),
            n: None,
            by: call_id(),
            value: binary(&bytes),
        };
        // A key is only ever written with the same bytes.
        self.create("trendjob.blocks", stored).await.map(drop)
    }

    async fn get_block(&self, key: &BlockKey) -> Result<Bytes, StoreError> {
        let id = block_id(key);
        let found = self.read("trendjob.blocks", &id).await?;
        let found = found.ok_or_else(|| StoreError::Missing { key: self.named(&id) })?;
        Ok(found.value.bytes.into())
    }

    async fn highest(&self, log: Log, source: &SourceName) -> Result<u64, StoreError> {
        listing::highest(self, log, source).await
    }

    fn list(&self, part: Part) -> Listing<'_> {
        listing::list(self, part)
    }

    async fn remove_blocks(&self, run: &RunId, stage: Stage) -> Result<(), StoreError> {
        // By the key alone: no block of another stage is read. `0` follows `/`.
        let (from, to) = (format!("{run}/{stage}/"), format!("{run}/{stage}0"));
        self.delete("trendjob.blocks", doc! { "_id": { "$gte": from, "$lt": to } }).await
    }

    async fn remove_run(&self, run: &RunId) -> Result<(), StoreError> {
        for collection in OF_A_RUN {
            self.delete(collection, doc! { "run": run.as_str() }).await?;
        }
        self.delete("trendjob.runs", doc! { "_id": run.as_str() }).await
    }

    async fn close(&self) {
        self.database.client().clone().shutdown().immediate(true).await;
    }
}

fn block_id(key: &BlockKey) -> String {
    let BlockKey { run, stage, index, attempt, name } = key;
    format!("{run}/{stage}/{index}/{attempt}/{name}")
}

/// The default time that an operation waits for a database.
pub const PATIENCE: Duration = Duration::from_mins(10);

#[cfg(test)]
mod tests;
