//! The folders above a value, made durable. Owns the memory of which folders are synced already.
//!
//! `object_store` syncs the folders that its own call makes. A call that finds a folder which
//! another thread or process has just made syncs only below it: a power failure could then take the
//! folder, and with it a value that was reported as stored. So before a write is reported, every
//! folder from the value up to the store is synced once by this process.

use std::collections::HashSet;
use std::fs::File;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

/// The most folders that are remembered, at about 200 bytes each. Forgetting costs only time.
const REMEMBERED: usize = 10_000;

/// The folders of a store whose entries in the folders above them are durable.
#[derive(Debug)]
pub(super) struct DurableFolders {
    root: PathBuf,
    durable: Mutex<HashSet<PathBuf>>,
}

impl DurableFolders {
    pub(super) fn new(root: PathBuf) -> Self {
        Self { root, durable: Mutex::default() }
    }

    /// Makes the folders above a value durable. Succeeds if the run was removed meanwhile.
    pub(super) async fn sync_above(&self, value: &str) -> io::Result<()> {
        let folders = self.unsynced(value);
        if folders.is_empty() {
            return Ok(());
        }
        let synced = tokio::task::spawn_blocking(move || {
            folders.iter().filter_map(|folder| folder.parent()).try_for_each(sync)?;
            Ok(folders)
        });
        let folders = synced.await.unwrap_or_else(|panic| Err(io::Error::other(panic)))?;
        let mut durable = self.durable.lock().unwrap_or_else(PoisonError::into_inner);
        if durable.len() + folders.len() > REMEMBERED {
            durable.clear();
        }
        durable.extend(folders);
        Ok(())
    }

    /// Forgets the folders below `removed`: they are new if they are made again.
    pub(super) fn forget(&self, removed: &Path) {
        let mut durable = self.durable.lock().unwrap_or_else(PoisonError::into_inner);
        durable.retain(|folder| !folder.starts_with(removed));
    }

    /// The folders above a value whose entries may not be durable, the deepest one first.
    fn unsynced(&self, value: &str) -> Vec<PathBuf> {
        let path = self.root.join(value);
        let durable = self.durable.lock().unwrap_or_else(PoisonError::into_inner);
        let above = path.ancestors().skip(1).take_while(|folder| **folder != self.root);
        above.filter(|folder| !durable.contains(*folder)).map(Path::to_owned).collect()
    }
}

/// Syncs the entries of a folder. Other systems than Unix can't.
fn sync(folder: &Path) -> io::Result<()> {
    if cfg!(not(unix)) {
        return Ok(());
    }
    match File::open(folder).and_then(|folder| folder.sync_all()) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        synced => synced,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_first_write_below_a_folder_syncs_it_up_to_the_store_and_later_ones_do_not() {
        let root = tempfile::tempdir().unwrap();
        let folders = DurableFolders::new(root.path().to_owned());
        let unsynced = |value: &str| -> Vec<String> {
            let of = |folder: PathBuf| folder.strip_prefix(root.path()).unwrap().to_owned();
            folders.unsynced(value).into_iter().map(|f| of(f).display().to_string()).collect()
        };
        let value = "runs/a/blocks/etl/x";
        // Another writer has made the folders, so object_store syncs none of them.
        std::fs::create_dir_all(root.path().join("runs/a/blocks/etl")).unwrap();
        assert_eq!(unsynced(value), ["runs/a/blocks/etl", "runs/a/blocks", "runs/a", "runs"]);
        folders.sync_above(value).await.unwrap();
        assert_eq!(unsynced(value), [""; 0]);
        assert_eq!(unsynced("runs/a/markers/x"), ["runs/a/markers"]);
        assert_eq!(unsynced("format"), [""; 0]);
        folders.forget(&root.path().join("runs/a"));
        assert_eq!(unsynced("runs/a/plan"), ["runs/a"]);
        folders.sync_above("runs/removed/plan").await.unwrap();
    }
}
