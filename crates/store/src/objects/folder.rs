//! The parts of a store that only a folder has: staged files of killed writers, folders that
//! outlive their files, and foreign names. Owns their removal; doesn't know the content of a file.

use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use crate::{Log, Part, StoreError};

/// Returns true if a folder has a store.
pub(super) fn is_store(folder: &Path) -> Result<bool, StoreError> {
    let found = folder.join("format").try_exists();
    found.map_err(|error| StoreError::at_path("opening the store", folder, error))
}

/// The remedy if the file with the format of a store is damaged or lost.
pub(super) const FORMAT_REMEDY: &str =
    r#"the file should hold {"format":1}, without which no program uses the store"#;

/// Fails if a folder has the values of a store, but not the file with its format.
pub(super) fn refuse_without_format(folder: &Path) -> Result<(), StoreError> {
    let has = |part: &Part| folder.join(part.name()).is_dir();
    if !has(&Part::Runs) || !has(&Part::Log(Log::Starts)) {
        return Ok(());
    }
    let (key, what) = (folder.join("format"), "it is missing, although the folder has a store");
    Err(StoreError::damaged(&key.display(), &what).with_remedy(FORMAT_REMEDY))
}

/// Returns true if a folder has a file that belongs neither to a store nor to the system.
pub(super) fn is_used(folder: &Path) -> Result<bool, StoreError> {
    let failed = |error| StoreError::at_path("opening the store", folder, error);
    for entry in fs::read_dir(folder).map_err(failed)? {
        let name = entry.map_err(failed)?.file_name();
        let name = name.to_string_lossy();
        let format = name == "format" || (name.starts_with("format#") && is_staged(&name));
        // The root of a new disk has `lost+found`; file managers leave names that begin with a dot.
        let systems = name == "lost+found" || name.starts_with('.');
        if !format && !systems {
            return Ok(true);
        }
    }
    Ok(false)
}

/// The most tries to remove a folder in which late writers still make files.
const MAX_TRIES: usize = 100;

/// Removes a folder and its content, without following links. Succeeds if there is no folder.
pub(super) async fn remove(folder: PathBuf) -> Result<(), StoreError> {
    let path = folder.clone();
    let removed = tokio::task::spawn_blocking(move || remove_with_late_files(&path)).await;
    match removed.unwrap_or_else(|panic| Err(io::Error::other(panic))) {
        Err(error) if error.kind() != ErrorKind::NotFound => {
            Err(StoreError::at_path("removing", &folder, error))
        }
        _ => Ok(()),
    }
}

/// Removes a folder again as long as another process writes to it between the removal of its files
/// and its own. A run that is removed gets no more than the last writes of its late pods.
fn remove_with_late_files(folder: &Path) -> io::Result<()> {
    let mut tries = 0;
    loop {
        tries += 1;
        match fs::remove_dir_all(folder) {
            Err(error) if error.kind() == ErrorKind::DirectoryNotEmpty && tries < MAX_TRIES => {}
            removed => return removed,
        }
    }
}

/// Returns true if files can be made in a folder, but not linked to a second name, as on exFAT.
pub(super) fn has_no_hard_links(folder: &Path) -> bool {
    let process = std::process::id();
    // Names of staged files: what a killed process leaves of them is swept.
    let [first, second] = [1, 2].map(|number| folder.join(format!("format#{process}{number}")));
    if fs::File::create_new(&first).is_err() {
        return false;
    }
    let linked = fs::hard_link(&first, &second);
    for file in [first, second] {
        // The second one exists only if there are hard links.
        drop(fs::remove_file(file));
    }
    linked.is_err()
}

/// Removes staged files that were last written before `before`, and returns their number.
pub(super) fn sweep(folder: &Path, before: SystemTime) -> io::Result<u64> {
    let mut swept = 0;
    let Some(entries) = unless_gone(fs::read_dir(folder))? else { return Ok(0) };
    for entry in entries {
        let entry = entry?;
        let Some(kind) = unless_gone(entry.file_type())? else { continue };
        if kind.is_dir() {
            swept += sweep(&entry.path(), before)?;
        } else if kind.is_file() && is_staged(&entry.file_name().to_string_lossy()) {
            let Some(metadata) = unless_gone(entry.metadata())? else { continue };
            if metadata.modified()? < before && fs::remove_file(entry.path()).is_ok() {
                swept += 1;
            }
        }
    }
    Ok(swept)
}

/// `None` if a file is gone: writers finish while the folder is swept.
fn unless_gone<T>(found: io::Result<T>) -> io::Result<Option<T>> {
    match found {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        found => found.map(Some),
    }
}

/// Returns true for the name of a staged file of `object_store`: the target's name, `#` and a
/// number.
fn is_staged(name: &str) -> bool {
    let number = name.rsplit_once('#').map(|(_, number)| number);
    number.is_some_and(|number| !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit()))
}
