//! Who works on a run of a folder store: a file lock, which the kernel gives up when its process
//! dies, however it dies. Owns the lock files; correctness of results never rests on them.

use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};

use crate::{RunId, StoreError};

/// That this process, and no other, works on a run. Given up when dropped.
#[derive(Debug)]
pub struct RunLock {
    path: PathBuf,
    _file: File,
}

impl RunLock {
    /// Takes the lock of a run in the store in `folder`; `None` if another process has it.
    pub fn acquire(folder: &Path, run: &RunId) -> Result<Option<Self>, StoreError> {
        let path = folder.join("locks").join(run.as_str());
        let failed = |source: std::io::Error| StoreError::Unavailable {
            doing: "locking",
            key: path.display().to_string(),
            source: Box::new(source),
        };
        fs::create_dir_all(folder.join("locks")).map_err(failed)?;
        let file = File::options().create(true).append(true).open(&path).map_err(failed)?;
        match file.try_lock() {
            Ok(()) => Ok(Some(Self { path, _file: file })),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(failed(error)),
        }
    }

    /// Removes the lock file of a run that is no more. Whoever waits for it finds no run then.
    pub fn discard(self) {
        // A file that stays behind is empty and in nobody's way.
        drop(fs::remove_file(&self.path));
    }
}
