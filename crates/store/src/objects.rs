//! The store in a folder or a bucket, over `object_store`. Owns the translation of keys to paths and
//! of errors; atomicity and durability are the library's: a value is staged, synced and linked.

mod folder;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use bytes::Bytes;
use futures::{StreamExt as _, TryStreamExt as _};
use object_store::local::LocalFileSystem;
use object_store::memory::InMemory;
use object_store::path::Path as ObjectPath;
use object_store::{
    Error as ObjectError, ObjectStore as Objects, ObjectStoreExt as _, PutMode, PutOptions,
};
use serde::Deserialize;

use crate::error::is_missing;
use crate::{BlockKey, Insertion, Key, RunId, SourceName, Stage, Store, StoreError};

/// The format of everything in a store. A store of a newer one is left alone.
const FORMAT: u32 = 1;

/// How often a block is written again whose folder was removed from under it: the blocks of a stage go when
/// its run is published, and a late pod may be writing its own.
const AGAIN: usize = 8;

/// Deletions under way at once.
const UNDER_WAY: usize = 16;

#[derive(Debug, Deserialize)]
struct Format {
    format: u32,
}

/// A store over any `object_store`.
#[derive(Debug)]
pub struct ObjectStore {
    objects: Arc<dyn Objects>,
    place: String,
    folder: Option<PathBuf>,
}

impl ObjectStore {
    /// Opens the store in a folder, which is made if it does not exist.
    ///
    /// # Errors
    /// If the folder can't be made or holds something else, or its store is of a newer version.
    pub async fn open_folder(folder: &Path) -> Result<Self, StoreError> {
        let made = fs::create_dir_all(folder);
        made.map_err(|error| StoreError::at_path("making the store", folder, error))?;
        // Looked at before anything is written: a store on a full disk must open, to be cleaned up.
        if folder::is_store(folder)? {
            return Self::open_existing_folder(folder).await;
        }
        // Looked at twice: another process may be making the store right now.
        if folder::is_used(folder)? && !folder::is_store(folder)? {
            return Err(StoreError::Refused(format!(
                "{} is not empty and holds no trendjob store: pass an empty or new folder as --store",
                folder.display()
            )));
        }
        let store = Self::in_folder(folder)?;
        store.mark_format().await?;
        Ok(store)
    }

    /// Opens the store in a folder that must have one, to read it.
    pub async fn open_existing_folder(folder: &Path) -> Result<Self, StoreError> {
        if !folder::is_store(folder)? {
            return Err(StoreError::Refused(format!(
                "there is no store in {}: make one with trendjob run or trendjob demo, or pass another folder as --store",
                folder.display()
            )));
        }
        let store = Self::in_folder(folder)?;
        let found = store.read(&ObjectPath::from("format")).await?.unwrap_or_default();
        store.check_format(&found)?;
        Ok(store)
    }

    /// A store over a bucket or anything else with conditional writes, named `place` in messages.
    pub async fn over(objects: Arc<dyn Objects>, place: &str) -> Result<Self, StoreError> {
        let store = Self { objects, place: place.to_owned(), folder: None };
        store.mark_format().await?;
        Ok(store)
    }

    /// A store that is gone with its last handle.
    pub async fn in_memory() -> Result<Self, StoreError> {
        Self::over(Arc::new(InMemory::new()), "memory").await
    }

    /// Says of which format the store is, or checks that this program knows it.
    async fn mark_format(&self) -> Result<(), StoreError> {
        let format = serde_json::json!({ "format": FORMAT }).to_string();
        match self.create(&ObjectPath::from("format"), format.into()).await? {
            Insertion::Inserted => Ok(()),
            Insertion::Present(found) => self.check_format(&found),
        }
    }

    fn in_folder(folder: &Path) -> Result<Self, StoreError> {
        let folder = folder
            .canonicalize()
            .map_err(|error| StoreError::at_path("opening the store", folder, error))?;
        let place = folder.display().to_string();
        let objects = LocalFileSystem::new_with_prefix(&folder)
            .map_err(|error| StoreError::failed("opening the store", place.clone(), error))?
            // No automatic clean-up of empty folders: it would take those that are shared, as
            // `runs`, from under a writer that is about to use them.
            .with_fsync(true);
        Ok(Self { objects: Arc::new(objects), place, folder: Some(folder) })
    }

    fn check_format(&self, found: &[u8]) -> Result<(), StoreError> {
        let damaged = |error: serde_json::Error| StoreError::Damaged {
            key: format!("{}/format", self.place),
            what: error.to_string(),
        };
        let Format { format } = serde_json::from_slice(found).map_err(damaged)?;
        if format <= FORMAT {
            return Ok(());
        }
        Err(StoreError::Newer { place: self.place.clone(), found: format, known: FORMAT })
    }

    /// Removes what writers that were killed left half-written before `before`, and says how many
    /// files it were. Only staged files are touched, which no reader ever sees, so this is tidiness
    /// and not correctness; a writer needs seconds for one, so an hour ago is safe. Those of a run
    /// go with the run, however young.
    pub fn sweep_staged(&self, before: SystemTime) -> Result<u64, StoreError> {
        let Some(folder) = &self.folder else { return Ok(0) };
        let swept = folder::sweep(folder, before);
        swept.map_err(|error| StoreError::at_path("removing staged files from", folder, error))
    }

    async fn create(&self, path: &ObjectPath, value: Bytes) -> Result<Insertion, StoreError> {
        let options = PutOptions { mode: PutMode::Create, ..PutOptions::default() };
        match self.objects.put_opts(path, value.into(), options).await {
            Ok(_) => Ok(Insertion::Inserted),
            Err(ObjectError::AlreadyExists { .. }) => {
                let present = self.read(path).await?;
                present.map(Insertion::Present).ok_or_else(|| self.missing(path))
            }
            Err(error) => Err(StoreError::failed("writing", self.named(path), error)),
        }
    }

    async fn read(&self, path: &ObjectPath) -> Result<Option<Bytes>, StoreError> {
        let failed = |error| StoreError::failed("reading", self.named(path), error);
        match self.objects.get(path).await {
            Ok(found) => found.bytes().await.map(Some).map_err(failed),
            Err(ObjectError::NotFound { .. }) => Ok(None),
            Err(error) => Err(failed(error)),
        }
    }

    /// The names right below a prefix, ascending.
    async fn children(&self, prefix: &str) -> Result<Vec<String>, StoreError> {
        let path = ObjectPath::from(prefix);
        let listed = self.objects.list_with_delimiter(Some(&path)).await;
        let listed =
            listed.map_err(|error| StoreError::failed("listing", self.named(&path), error))?;
        let folders = listed.common_prefixes.iter();
        let mut names: Vec<String> =
            folders.filter_map(|path| path.filename().map(str::to_owned)).collect();
        names.sort();
        Ok(names)
    }

    /// Removes a value, unless another process did.
    async fn remove(&self, path: &ObjectPath) -> Result<(), StoreError> {
        match self.objects.delete(path).await {
            Ok(()) | Err(ObjectError::NotFound { .. }) => Ok(()),
            Err(error) => Err(StoreError::failed("removing", self.named(path), error)),
        }
    }

    /// Removes everything below a prefix; in a folder with what was staged there and the folder.
    async fn remove_below(&self, prefix: &str) -> Result<(), StoreError> {
        if let Some(folder) = &self.folder {
            return folder::remove(folder.join(prefix)).await;
        }
        let path = ObjectPath::from(prefix);
        let failed = |error| StoreError::failed("removing", self.named(&path), error);
        let found: Vec<_> = self.objects.list(Some(&path)).try_collect().await.map_err(failed)?;
        futures::stream::iter(found)
            .map(|found| async move { self.remove(&found.location).await })
            .buffer_unordered(UNDER_WAY)
            .try_collect()
            .await
    }

    fn named(&self, path: &ObjectPath) -> String {
        format!("{}/{path}", self.place)
    }

    fn missing(&self, path: &ObjectPath) -> StoreError {
        StoreError::Missing { key: self.named(path) }
    }
}

#[async_trait::async_trait]
impl Store for ObjectStore {
    async fn insert(&self, key: &Key, value: Bytes) -> Result<Insertion, StoreError> {
        self.create(&ObjectPath::from(key.as_str()), value).await
    }

    async fn get(&self, key: &Key) -> Result<Option<Bytes>, StoreError> {
        self.read(&ObjectPath::from(key.as_str())).await
    }

    async fn runs(&self) -> Result<Vec<RunId>, StoreError> {
        let names = self.children("runs").await?;
        // A name that can't be a run was not put there by us, but by a file server or a hand.
        Ok(names.iter().filter_map(|name| RunId::new(name).ok()).collect())
    }

    async fn sources(&self) -> Result<Vec<SourceName>, StoreError> {
        let names = self.children("generations").await?;
        Ok(names.iter().filter_map(|name| SourceName::new(name).ok()).collect())
    }

    async fn put_block(&self, key: &BlockKey, bytes: Bytes) -> Result<(), StoreError> {
        let path = ObjectPath::from(key.to_string());
        let mut left = AGAIN;
        loop {
            match self.objects.put(&path, bytes.clone().into()).await {
                Ok(_) => return Ok(()),
                Err(error) if left > 0 && self.folder.is_some() && is_missing(&error) => left -= 1,
                Err(error) => return Err(StoreError::failed("writing", self.named(&path), error)),
            }
        }
    }

    async fn get_block(&self, key: &BlockKey) -> Result<Bytes, StoreError> {
        let path = ObjectPath::from(key.to_string());
        self.read(&path).await?.ok_or_else(|| self.missing(&path))
    }

    async fn remove_blocks(&self, run: &RunId, stage: Stage) -> Result<(), StoreError> {
        self.remove_below(&format!("runs/{run}/blocks/{stage}")).await
    }

    async fn remove_run(&self, run: &RunId) -> Result<(), StoreError> {
        let below = |part: &str| format!("runs/{run}/{part}");
        self.remove(&ObjectPath::from(below("plan"))).await?;
        self.remove_below(&below("markers")).await?;
        self.remove_below(&below("blocks")).await?;
        self.remove(&ObjectPath::from(below("run"))).await?;
        self.remove_below(&format!("runs/{run}")).await
    }
}

#[cfg(test)]
mod tests;
