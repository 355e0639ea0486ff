//! The store in a folder or a bucket, over `object_store`. Owns the translation of keys to paths,
//! and of errors. The library makes values atomic and durable: it stages, syncs and links a file.

mod durable;
mod folder;

use std::fs;
use std::io::ErrorKind;
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

use crate::error::is_caused_by;
use crate::{
    BlockKey, Insertion, InvalidName, Key, ListedKey, Listing, Log, Part, RunId, SourceName, Stage,
    Store, StoreError,
};
use durable::DurableFolders;

/// The format of a store. A store with a newer format is not touched.
const FORMAT: u32 = 1;

/// The most retries of a value whose folder or staged file is removed while it is written. The
/// blocks of a stage are removed when its run is published, and a late pod may still write its own.
/// A clock that leaps by an hour makes a staged file look old.
const MAX_RETRIES: usize = 8;

/// The most deletions at once.
const CONCURRENT_DELETIONS: usize = 16;

#[derive(Debug, Deserialize)]
struct Format {
    format: u32,
}

/// A store over any `object_store`.
#[derive(Debug)]
pub struct ObjectStore {
    objects: Arc<dyn Objects>,
    /// The name of the store in messages.
    place: String,
    /// The folder, unless it is a bucket.
    folder: Option<PathBuf>,
    /// The folders below `folder` that are durable.
    durable: Option<DurableFolders>,
}

impl ObjectStore {
    /// Opens the store in a folder, which is created if it does not exist.
    ///
    /// # Errors
    /// If the folder can't be created, has other files, or has a store of a newer version.
    pub async fn open_folder(folder: &Path) -> Result<Self, StoreError> {
        let made = fs::create_dir_all(folder);
        made.map_err(|error| StoreError::at_path("creating the store", folder, error))?;
        // Checked before anything is written: a store on a full disk must open, to be cleaned up.
        if folder::is_store(folder)? {
            return Self::open_existing_folder(folder).await;
        }
        // Checked again: another process may have made the store since the first check.
        if folder::is_used(folder)? && !folder::is_store(folder)? {
            folder::refuse_without_format(folder)?;
            return Err(StoreError::Refused(format!(
                "{} is not empty and has no trendjob store: pass an empty or new folder as --store",
                folder.display()
            )));
        }
        let store = Self::in_folder(folder)?;
        store.mark_format().await?;
        Ok(store)
    }

    /// Opens the store in a folder, to read it. Fails with `Refused` if there is none.
    pub async fn open_existing_folder(folder: &Path) -> Result<Self, StoreError> {
        if !folder::is_store(folder)? {
            folder::refuse_without_format(folder)?;
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

    /// Opens the store in a bucket, or in any place with conditional writes, with the name `place`
    /// in messages.
    pub async fn over(objects: Arc<dyn Objects>, place: &str) -> Result<Self, StoreError> {
        let store = Self { objects, place: place.to_owned(), folder: None, durable: None };
        store.mark_format().await?;
        Ok(store)
    }

    /// Creates a store in memory, which ends with its last handle.
    pub async fn in_memory() -> Result<Self, StoreError> {
        Self::over(Arc::new(InMemory::new()), "memory").await
    }

    /// Writes the format of the store, or checks that this program knows it.
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
            // No automatic removal of empty folders: it could remove a shared one, such as `runs`,
            // just before another writer uses it.
            .with_fsync(true);
        let durable = Some(DurableFolders::new(folder.clone()));
        Ok(Self { objects: Arc::new(objects), place, folder: Some(folder), durable })
    }

    fn check_format(&self, found: &[u8]) -> Result<(), StoreError> {
        let key = format_args!("{}/format", self.place);
        let parsed = serde_json::from_slice(found);
        let Format { format } = parsed.map_err(|error| {
            StoreError::damaged(&key, &error).with_remedy(folder::FORMAT_REMEDY)
        })?;
        if format <= FORMAT {
            return Ok(());
        }
        Err(StoreError::Newer { place: self.place.clone(), found: format, known: FORMAT })
    }

    /// Removes the staged files that killed writers left before `before`, and returns their number.
    /// No reader ever sees a staged file, so this frees space and changes no result. A writer needs
    /// seconds for a file, so a `before` one hour ago is safe. Staged files of a run are removed
    /// with the run, however young.
    pub fn sweep_staged(&self, before: SystemTime) -> Result<u64, StoreError> {
        let Some(folder) = &self.folder else { return Ok(0) };
        let swept = folder::sweep(folder, before);
        swept.map_err(|error| StoreError::at_path("removing staged files from", folder, error))
    }

    /// A retry after a link that was made, but could not be synced, finds this call's own value as
    /// another's: the callers compare what they inserted with what they find.
    async fn create(&self, path: &ObjectPath, value: Bytes) -> Result<Insertion, StoreError> {
        match self.write(path, value, PutMode::Create).await {
            Ok(()) => Ok(Insertion::Inserted),
            Err(ObjectError::AlreadyExists { .. }) => {
                let present = self.read(path).await?;
                present.map(Insertion::Present).ok_or_else(|| self.missing(path))
            }
            Err(error) => {
                let links = &[ErrorKind::PermissionDenied, ErrorKind::Unsupported];
                match &self.folder {
                    Some(folder)
                        if is_caused_by(&error, links) && folder::has_no_hard_links(folder) =>
                    {
                        Err(StoreError::Refused(without_hard_links(&self.place)))
                    }
                    _ => Err(StoreError::failed("writing", self.named(path), error)),
                }
            }
        }
    }

    /// Writes a value, again if its folder or its staged file is removed meanwhile.
    async fn write(
        &self,
        path: &ObjectPath,
        value: Bytes,
        mode: PutMode,
    ) -> Result<(), ObjectError> {
        let mut retries = MAX_RETRIES;
        loop {
            let options = PutOptions { mode: mode.clone(), ..PutOptions::default() };
            match self.objects.put_opts(path, value.clone().into(), options).await {
                Ok(_) => break,
                Err(error)
                    if retries > 0
                        && self.folder.is_some()
                        && is_caused_by(&error, &[ErrorKind::NotFound]) =>
                {
                    retries -= 1;
                }
                Err(error) => return Err(error),
            }
        }
        let Some(durable) = &self.durable else { return Ok(()) };
        let synced = durable.sync_above(path.as_ref()).await;
        synced.map_err(|error| ObjectError::Generic { store: "folder", source: error.into() })
    }

    async fn read(&self, path: &ObjectPath) -> Result<Option<Bytes>, StoreError> {
        let failed = |error| StoreError::failed("reading", self.named(path), error);
        match self.objects.get(path).await {
            Ok(found) => found.bytes().await.map(Some).map_err(failed),
            Err(ObjectError::NotFound { .. }) => Ok(None),
            Err(error) => Err(failed(error)),
        }
    }

    /// Returns the names directly below a prefix, ascending. Skips folders with an invalid name,
    /// which belong to file servers or were made by hand.
    async fn children<T: Ord>(
        &self,
        prefix: &str,
        name: fn(&str) -> Result<T, InvalidName>,
    ) -> Result<Vec<T>, StoreError> {
        let path = ObjectPath::from(prefix);
        let listed = self.objects.list_with_delimiter(Some(&path)).await;
        let listed =
            listed.map_err(|error| StoreError::failed("listing", self.named(&path), error))?;
        let folders = listed.common_prefixes.iter().filter_map(ObjectPath::filename);
        let mut names: Vec<T> = folders.filter_map(|folder| name(folder).ok()).collect();
        names.sort();
        Ok(names)
    }

    /// Removes a value. Succeeds if another process removed it first.
    async fn remove(&self, path: &ObjectPath) -> Result<(), StoreError> {
        match self.objects.delete(path).await {
            Ok(()) | Err(ObjectError::NotFound { .. }) => Ok(()),
            Err(error) => Err(StoreError::failed("removing", self.named(path), error)),
        }
    }

    /// Removes everything below a prefix; in a folder, staged files and the folder itself, too.
    async fn remove_below(&self, prefix: &str) -> Result<(), StoreError> {
        if let Some(folder) = &self.folder {
            let removed = folder.join(prefix);
            if let Some(durable) = &self.durable {
                durable.forget(&removed);
            }
            return folder::remove(removed).await;
        }
        let path = ObjectPath::from(prefix);
        let failed = |error| StoreError::failed("removing", self.named(&path), error);
        let found: Vec<_> = self.objects.list(Some(&path)).try_collect().await.map_err(failed)?;
        futures::stream::iter(found)
            .map(|found| async move { self.remove(&found.location).await })
            .buffer_unordered(CONCURRENT_DELETIONS)
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

/// Returns the message about a file system that has no hard links. A value becomes visible by a
/// link, whole and only if its name is free; no other call of a file system does both.
fn without_hard_links(place: &str) -> String {
    format!(
        "the file system of {place} has no hard links, which a store needs to let one of several writers win: pass a folder on another file system as --store, such as ext4, xfs, btrfs, APFS, NTFS or NFS"
    )
}

#[async_trait::async_trait]
impl Store for ObjectStore {
    async fn insert(&self, key: &Key, value: Bytes) -> Result<Insertion, StoreError> {
        self.create(&ObjectPath::from(key.to_string()), value).await
    }

    async fn get(&self, key: &Key) -> Result<Option<Bytes>, StoreError> {
        self.read(&ObjectPath::from(key.to_string())).await
    }

    async fn runs(&self) -> Result<Vec<RunId>, StoreError> {
        self.children("runs", RunId::new).await
    }

    async fn sources(&self) -> Result<Vec<SourceName>, StoreError> {
        self.children("generations", SourceName::new).await
    }

    async fn put_block(&self, key: &BlockKey, bytes: Bytes) -> Result<(), StoreError> {
        let path = ObjectPath::from(key.to_string());
        let written = self.write(&path, bytes, PutMode::Overwrite).await;
        written.map_err(|error| StoreError::failed("writing", self.named(&path), error))
    }

    async fn get_block(&self, key: &BlockKey) -> Result<Bytes, StoreError> {
        let path = ObjectPath::from(key.to_string());
        self.read(&path).await?.ok_or_else(|| self.missing(&path))
    }

    async fn highest(&self, log: Log, source: &SourceName) -> Result<u64, StoreError> {
        let path = ObjectPath::from(format!("{}/{source}", log.name()));
        let failed = |error| StoreError::failed("listing", self.named(&path), error);
        let mut listed = self.objects.list(Some(&path));
        let mut highest = 0;
        while let Some(found) = listed.try_next().await.map_err(failed)? {
            if let ListedKey::Value(Key::Entry { n, .. }) =
                ListedKey::parse(found.location.as_ref())
            {
                highest = n.max(highest);
            }
        }
        Ok(highest)
    }

    fn list(&self, part: Part) -> Listing<'_> {
        let path = ObjectPath::from(part.name());
        let listed = self.objects.list(Some(&path));
        let keys = listed.map(move |found| match found {
            Ok(found) => Ok(ListedKey::parse(found.location.as_ref())),
            Err(error) => Err(StoreError::failed("listing", self.named(&path), error)),
        });
        keys.boxed()
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
