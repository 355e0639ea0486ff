//! From URIs to objects: files, folders, globs and standard input. Owns what is skipped and in
//! which order objects come; an object matched twice is read once.

use std::collections::HashSet;
use std::fs;
use std::path::{Component, Path, PathBuf};

use crate::Error;

/// A file that was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// As it was found, which may lead over links.
    pub path: PathBuf,
    /// Absolute, without links: what tells one file from another.
    pub canonical: PathBuf,
    /// As the user would call it.
    pub name: String,
}

/// Finds the files behind URIs, ordered by path. `data` stands in for `/data` of a manifest's
/// `file:` URIs.
///
/// A folder means every file in it and below, except names that begin with a dot (which also are
/// the other copies of a mounted `ConfigMap`'s files).
///
/// # Errors
/// If a URI names nothing that can be read: a missing path, an empty folder, a glob without match.
pub fn discover(uris: &[String], data: Option<&Path>) -> Result<Vec<Found>, Error> {
    let mut found = Vec::new();
    for uri in uris {
        let before = found.len();
        let path = local_path(uri, data)?;
        if fs::symlink_metadata(&path).is_ok() {
            visit(&path, &path, &mut HashSet::new(), &mut found)?;
            if found.len() == before {
                return Err(Error::Input(format!(
                    "the folder {} holds no file to read: files whose name begins with a dot are skipped",
                    path.display()
                )));
            }
        } else if is_glob(&path) {
            expand(uri, &path, &mut found)?;
        } else {
            return Err(Error::Input(format!(
                "{} does not exist: give a file, a folder, a glob in quotes, or - for standard input",
                path.display()
            )));
        }
    }
    found.sort_by(|a, b| (&a.canonical, &a.path).cmp(&(&b.canonical, &b.path)));
    found.dedup_by(|a, b| a.canonical == b.canonical);
    Ok(found)
}

/// The local path a URI means.
fn local_path(uri: &str, data: Option<&Path>) -> Result<PathBuf, Error> {
    let Some((scheme, rest)) = uri.split_once("://") else { return Ok(PathBuf::from(uri)) };
    if scheme != "file" {
        return Err(Error::Input(format!(
            "{uri}: {scheme} is not supported by this version, use a local path or file:///path"
        )));
    }
    let path = Path::new(rest);
    if !path.is_absolute() {
        return Err(Error::Input(format!("{uri}: a file URI has three slashes, file:///path")));
    }
    if path.components().any(|part| part == Component::ParentDir) {
        return Err(Error::Input(format!("{uri}: .. is not allowed in a file URI")));
    }
    let mounted = data.and_then(|data| Some(data.join(path.strip_prefix("/data").ok()?)));
    Ok(mounted.unwrap_or_else(|| path.to_owned()))
}

fn is_glob(path: &Path) -> bool {
    path.to_string_lossy().contains(['*', '?', '['])
}

fn expand(uri: &str, pattern: &Path, found: &mut Vec<Found>) -> Result<(), Error> {
    let invalid = |error: glob::PatternError| {
        Error::Input(format!("{uri} is no valid glob: {} at character {}", error.msg, error.pos))
    };
    let paths = glob::glob(&pattern.to_string_lossy()).map_err(invalid)?;
    let before = found.len();
    for path in paths {
        let path = path.map_err(|error| {
            let path = error.path().to_owned();
            Error::Read { path, offset: None, source: error.into() }
        })?;
        let hidden = path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'));
        if !hidden && !path.is_dir() {
            visit(&path, &path, &mut HashSet::new(), found)?;
        }
    }
    if found.len() == before {
        return Err(Error::Input(format!("no file matches {uri}: check the path and the pattern")));
    }
    Ok(())
}

/// Adds a file, or all files below a folder. Follows links, but enters no folder twice.
fn visit(
    path: &Path,
    name: &Path,
    entered: &mut HashSet<PathBuf>,
    found: &mut Vec<Found>,
) -> Result<(), Error> {
    let failed = |source| Error::Read { path: name.to_owned(), offset: None, source };
    let canonical = path.canonicalize().map_err(failed)?;
    let metadata = fs::metadata(&canonical).map_err(failed)?;
    if metadata.is_file() {
        found.push(Found { path: path.to_owned(), canonical, name: name.display().to_string() });
        return Ok(());
    }
    if !metadata.is_dir() {
        return Err(Error::Input(format!(
            "{} is neither a file nor a folder: pipe it in and name - instead",
            name.display()
        )));
    }
    if entered.insert(canonical) {
        for entry in fs::read_dir(path).map_err(failed)? {
            let entry = entry.map_err(failed)?;
            if !entry.file_name().to_string_lossy().starts_with('.') {
                visit(&entry.path(), &name.join(entry.file_name()), entered, found)?;
            }
        }
    }
    Ok(())
}
