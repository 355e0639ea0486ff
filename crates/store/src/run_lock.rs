//! The lock of a run in a folder store: a file lock, which the kernel releases when its process
//! dies, however it dies. Owns the lock files; correctness of results never rests on them.
//!
//! A lock file is removed with its run. If it were removed while another process has it open, that
//! process could lock the removed file while a third one locks a new file of the same name. So
//! files are opened and removed only under one more lock, the guard, which is held for that moment
//! and never removed.

use std::fs::{self, File, TryLockError};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use crate::{RunId, StoreError};

/// The name of the guard, which no run can have.
const GUARD: &str = ".guard";

/// The lock of a run, which only this process has. Released when dropped.
#[derive(Debug)]
pub struct RunLock {
    path: PathBuf,
    file: LockedFile,
}

/// A locked file. It is unlocked when dropped, not only closed: a process that another thread has
/// just forked has the same files open, and with them the locks, until it executes another program.
#[derive(Debug)]
struct LockedFile(File);

impl Drop for LockedFile {
    fn drop(&mut self) {
        // If unlocking fails, closing still releases the lock.
        drop(self.0.unlock());
    }
}

impl RunLock {
    /// Takes the lock of a run in the store in `folder`; `None` if another process has it.
    pub fn acquire(folder: &Path, run: &RunId) -> Result<Option<Self>, StoreError> {
        let path = path(folder, run);
        let _guard = guard(&path)?;
        let opened = File::options().create(true).append(true).open(&path);
        let file = opened.map_err(|error| failed(&path, error))?;
        Ok(locked(&path, file)?.map(|file| Self { path, file }))
    }

    /// Returns true if no process has the lock of a run. The answer may be outdated at once.
    pub fn is_free(folder: &Path, run: &RunId) -> Result<bool, StoreError> {
        let path = path(folder, run);
        if !path.try_exists().map_err(|error| failed(&path, error))? {
            return Ok(true);
        }
        // Under the guard, so that a process that acquires the lock meanwhile waits instead of
        // failing.
        let _guard = guard(&path)?;
        match File::options().append(true).open(&path) {
            Ok(file) => Ok(locked(&path, file)?.is_some()),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(true),
            Err(error) => Err(failed(&path, error)),
        }
    }

    /// Releases the lock of a removed run, and removes its file.
    pub fn discard(self) {
        let Self { path, file } = self;
        // A file that stays behind is empty and harmless.
        if let Ok(_guard) = guard(&path) {
            // Windows removes closed files only. No other process opens it while the guard is held.
            drop(file);
            drop(fs::remove_file(&path));
        }
    }
}

fn path(folder: &Path, run: &RunId) -> PathBuf {
    folder.join("locks").join(run.as_str())
}

/// Waits for the guard of the folder of a lock file.
fn guard(lock: &Path) -> Result<LockedFile, StoreError> {
    let path = lock.with_file_name(GUARD);
    let open = || {
        path.parent().map_or(Ok(()), fs::create_dir_all)?;
        let file = File::options().create(true).append(true).open(&path)?;
        file.lock().map(|()| LockedFile(file))
    };
    open().map_err(|error| failed(&path, error))
}

/// Locks a file; `None` if another process has it locked.
fn locked(path: &Path, file: File) -> Result<Option<LockedFile>, StoreError> {
    match file.try_lock() {
        Ok(()) => Ok(Some(LockedFile(file))),
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(error)) => Err(failed(path, error)),
    }
}

fn failed(path: &Path, error: io::Error) -> StoreError {
    StoreError::at_path("locking", path, error)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run() -> RunId {
        RunId::new("run").unwrap()
    }

    #[test]
    fn one_of_two_gets_the_lock_and_the_other_gets_it_next() {
        let folder = tempfile::tempdir().unwrap();
        assert!(RunLock::is_free(folder.path(), &run()).unwrap());
        let lock = RunLock::acquire(folder.path(), &run()).unwrap().expect("it is free");
        assert!(!RunLock::is_free(folder.path(), &run()).unwrap());
        assert!(RunLock::acquire(folder.path(), &run()).unwrap().is_none());
        let other = RunId::new("other").unwrap();
        assert!(
            RunLock::acquire(folder.path(), &other).unwrap().is_some(),
            "each run has its own lock"
        );
        drop(lock);
        assert!(RunLock::is_free(folder.path(), &run()).unwrap());
        assert!(RunLock::acquire(folder.path(), &run()).unwrap().is_some());
    }

    #[test]
    fn a_discarded_lock_has_no_file() {
        let folder = tempfile::tempdir().unwrap();
        let lock = RunLock::acquire(folder.path(), &run()).unwrap().expect("it is free");
        let path = lock.path.clone();
        assert!(path.exists());
        lock.discard();
        assert!(!path.exists());
        assert!(RunLock::is_free(folder.path(), &run()).unwrap());
    }

    #[test]
    fn a_folder_that_cannot_be_locked_in_is_named() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("locks"), "a file where the folder should be").unwrap();
        let error = RunLock::acquire(folder.path(), &run()).unwrap_err().to_string();
        assert!(error.contains(folder.path().to_str().unwrap()), "{error}");
    }

    #[test]
    fn two_never_have_the_lock_while_its_file_is_made_and_removed() {
        use std::sync::atomic::{AtomicU32, Ordering};
        let folder = tempfile::tempdir().unwrap();
        let (holders, taken) = (AtomicU32::new(0), AtomicU32::new(0));
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for _ in 0..2_000 {
                        let lock = RunLock::acquire(folder.path(), &run()).unwrap();
                        if let Some(lock) = lock {
                            assert_eq!(holders.fetch_add(1, Ordering::SeqCst), 0);
                            std::thread::yield_now();
                            taken.fetch_add(1, Ordering::SeqCst);
                            holders.fetch_sub(1, Ordering::SeqCst);
                            lock.discard();
                        }
                    }
                });
            }
        });
        assert!(taken.into_inner() > 0);
    }
}
