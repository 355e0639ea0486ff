//! The store in a folder or a bucket, over `object_store`. Owns the translation of keys to paths and
//! of errors; atomicity and durability are the library's: a value is staged, synced and linked.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use bytes::Bytes;
use futures::{StreamExt as _, TryStreamExt as _};
use object_store::local::LocalFileSystem;
use object_store::path::Path as ObjectPath;
use object_store::{
    Error as ObjectError, ObjectStore as Objects, ObjectStoreExt as _, PutMode, PutOptions,
};
use serde::{Deserialize, Serialize};

use crate::{BlockKey, Insertion, Key, RunId, SourceName, Stage, Store, StoreError};

/// The format of everything in a store. A store of a newer one is left alone.
const FORMAT: u32 = 1;

/// Deletions under way at once.
const UNDER_WAY: usize = 16;

#[derive(Debug, Serialize, Deserialize)]
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
        fs::create_dir_all(folder).map_err(|error| failed("making the store", folder, error))?;
        // Looked at before anything is written: a store on a full disk must open, to be cleaned up.
        if folder.join("format").exists() {
            return Self::open_existing_folder(folder).await;
        }
        let entries = fs::read_dir(folder);
        let entries = entries.map_err(|error| failed("opening the store", folder, error))?;
        // Another process may be making the store right now.
        let other =
            |entry: &fs::DirEntry| !entry.file_name().to_string_lossy().starts_with("format");
        if entries.flatten().any(|entry| other(&entry)) && !folder.join("format").exists() {
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
        if !folder.join("format").exists() {
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

    /// Says of which format the store is, or checks that this program knows it.
    async fn mark_format(&self) -> Result<(), StoreError> {
        let format = serde_json::to_vec(&Format { format: FORMAT }).unwrap_or_default();
        match self.create(&ObjectPath::from("format"), format.into()).await? {
            Insertion::Inserted => Ok(()),
            Insertion::Present(found) => self.check_format(&found),
        }
    }

    fn in_folder(folder: &Path) -> Result<Self, StoreError> {
        let folder =
            folder.canonicalize().map_err(|error| failed("opening the store", folder, error))?;
        let place = folder.display().to_string();
        let objects = LocalFileSystem::new_with_prefix(&folder)
            .map_err(|error| translate("opening the store", &place, error))?
            .with_fsync(true)
            .with_automatic_cleanup(true);
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

    /// Removes what writers that were killed left half-written before `before`. Only staged files
    /// are touched; a writer needs seconds for one, so an hour ago is safe.
    pub fn sweep_staged(&self, before: SystemTime) -> Result<u64, StoreError> {
        let Some(folder) = &self.folder else { return Ok(0) };
        let swept = sweep(folder, before);
        swept.map_err(|error| failed("removing staged files from", folder, error))
    }

    async fn create(&self, path: &ObjectPath, value: Bytes) -> Result<Insertion, StoreError> {
        let options = PutOptions { mode: PutMode::Create, ..PutOptions::default() };
        match self.objects.put_opts(path, value.into(), options).await {
            Ok(_) => Ok(Insertion::Inserted),
            Err(ObjectError::AlreadyExists { .. }) => {
                let present = self.read(path).await?;
                present.map(Insertion::Present).ok_or_else(|| self.missing(path))
            }
            Err(error) => Err(translate("writing", &self.named(path), error)),
        }
    }

    async fn read(&self, path: &ObjectPath) -> Result<Option<Bytes>, StoreError> {
        let failed = |error| translate("reading", &self.named(path), error);
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
        let listed = listed.map_err(|error| translate("listing", &self.named(&path), error))?;
        let folders = listed.common_prefixes.iter();
        let mut names: Vec<String> =
            folders.filter_map(|path| path.filename().map(str::to_owned)).collect();
        names.sort();
        Ok(names)
    }

    async fn remove_below(&self, prefix: &str) -> Result<(), StoreError> {
        let path = ObjectPath::from(prefix);
        let failed = |error| translate("removing", &self.named(&path), error);
        let found: Vec<_> = self.objects.list(Some(&path)).try_collect().await.map_err(failed)?;
        let removals = futures::stream::iter(found).map(|found| async move {
            match self.objects.delete(&found.location).await {
                // Another process cleans up, too.
                Ok(()) | Err(ObjectError::NotFound { .. }) => Ok(()),
                Err(error) => Err(error),
            }
        });
        removals.buffer_unordered(UNDER_WAY).try_collect::<()>().await.map_err(failed)
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
        Ok(names.iter().map(|name| RunId::new(name)).collect::<Result<_, _>>()?)
    }

    async fn sources(&self) -> Result<Vec<SourceName>, StoreError> {
        let names = self.children("generations").await?;
        Ok(names.iter().map(|name| SourceName::new(name)).collect::<Result<_, _>>()?)
    }

    async fn put_block(&self, key: &BlockKey, bytes: Bytes) -> Result<(), StoreError> {
        let path = ObjectPath::from(key.to_string());
        let put = self.objects.put(&path, bytes.into()).await;
        put.map(drop).map_err(|error| translate("writing", &self.named(&path), error))
    }

    async fn get_block(&self, key: &BlockKey) -> Result<Bytes, StoreError> {
        let path = ObjectPath::from(key.to_string());
        self.read(&path).await?.ok_or_else(|| self.missing(&path))
    }

    async fn remove_blocks(&self, run: &RunId, stage: Stage) -> Result<(), StoreError> {
        self.remove_below(&format!("runs/{run}/blocks/{stage}")).await
    }

    async fn remove_run(&self, run: &RunId) -> Result<(), StoreError> {
        for part in ["plan", "markers", "blocks", "run"] {
            let path = ObjectPath::from(format!("runs/{run}/{part}"));
            match self.objects.delete(&path).await {
                Ok(()) | Err(ObjectError::NotFound { .. }) => {}
                // A folder is no object.
                Err(_) if part == "markers" || part == "blocks" => {}
                Err(error) => return Err(translate("removing", &self.named(&path), error)),
            }
            self.remove_below(path.as_ref()).await?;
        }
        if let Some(folder) = &self.folder {
            // Half-written files of killed writers, and folders that were empty all along.
            let run = folder.join("runs").join(run.as_str());
            match fs::remove_dir_all(&run) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => {
                    return Err(failed("removing", &run, error));
                }
                _ => {}
            }
        }
        Ok(())
    }
}

/// Removes staged files, which `object_store` names after their target, `#` and a number.
fn sweep(folder: &Path, before: SystemTime) -> io::Result<u64> {
    let mut swept = 0;
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let kind = entry.file_type()?;
        if kind.is_dir() {
            swept += sweep(&entry.path(), before)?;
        } else if kind.is_file() && is_staged(&entry.file_name().to_string_lossy()) {
            let old = entry.metadata()?.modified()? < before;
            if old && fs::remove_file(entry.path()).is_ok() {
                swept += 1;
            }
        }
    }
    Ok(swept)
}

fn is_staged(name: &str) -> bool {
    let number = name.rsplit_once('#').map(|(_, number)| number);
    number.is_some_and(|number| !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit()))
}

fn failed(doing: &'static str, path: &Path, error: io::Error) -> StoreError {
    let key = path.display().to_string();
    if is_full(&error) {
        return StoreError::Full { key, source: Box::new(error) };
    }
    StoreError::Unavailable { doing, key, source: Box::new(error) }
}

fn translate(doing: &'static str, key: &str, error: ObjectError) -> StoreError {
    let key = key.to_owned();
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(&error);
    while let Some(error) = cause {
        if error.downcast_ref::<io::Error>().is_some_and(is_full) {
            break;
        }
        cause = error.source();
    }
    match cause {
        Some(_) => StoreError::Full { key, source: Box::new(error) },
        None => StoreError::Unavailable { doing, key, source: Box::new(error) },
    }
}

fn is_full(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded)
}

#[cfg(test)]
mod tests;
