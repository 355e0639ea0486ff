//! Finds the input files that URIs name: files, folders and globs. Owns the skipped names and the
//! order of the files; a file that is matched twice is read once.

use std::collections::HashSet;
use std::ffi::OsStr;
use std::fs;
use std::path::{Component, Path, PathBuf};

use crate::Error;

/// An input file that was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundFile {
    /// The path under which it was found; it may contain symbolic links.
    pub path: PathBuf,
    /// The absolute path without symbolic links: equal for equal files.
    pub canonical: PathBuf,
    /// The name of the file for the user.
    pub name: String,
}

/// Folders with a special meaning in the search for files.
#[derive(Debug, Clone, Copy, Default)]
pub struct Folders<'a> {
    /// The folder that replaces `/data` in the `file:` URIs of a manifest.
    pub data: Option<&'a Path>,
    /// The store's own folder: it is skipped if it lies below a folder that a URI names.
    pub store_folder: Option<&'a Path>,
}

/// Finds the files behind URIs, ordered by path.
///
/// A folder means every file in it and below, except names that begin with a dot; in a mounted
/// `ConfigMap` those are second copies of its files. A glob matches such names only if it spells
/// out the dot, as in a shell.
///
/// # Errors
/// If a URI leads to no file: a missing path, an empty folder, a glob without match.
pub fn discover(uris: &[String], folders: Folders<'_>) -> Result<Vec<FoundFile>, Error> {
    let mut found = Vec::new();
    let store_folder = folders.store_folder.and_then(|folder| folder.canonicalize().ok());
    for uri in uris {
        let before = found.len();
        let path = local_path(uri, folders.data)?;
        let mut visit = Visit::below(&path, store_folder.as_deref());
        if fs::symlink_metadata(&path).is_ok() {
            visit.path(&path, &mut found)?;
            if found.len() == before {
                return Err(Error::Input(format!(
                    "the folder {} holds no file to read: files whose name begins with a dot are skipped",
                    path.display()
                )));
            }
        } else if is_glob(&path) {
            expand(uri, &path, store_folder.as_deref(), &mut found)?;
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

/// Returns the local path of a URI.
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

fn expand(
    uri: &str,
    pattern: &Path,
    store_folder: Option<&Path>,
    found: &mut Vec<FoundFile>,
) -> Result<(), Error> {
    let invalid = |error: glob::PatternError| {
        let (fault, position) = (error.msg, error.pos);
        Error::Input(format!("{uri} is not a valid glob: {fault} at character {position}"))
    };
    let paths = glob::glob(&pattern.to_string_lossy()).map_err(invalid)?;
    let before = found.len();
    let literal: PathBuf =
        pattern.components().take_while(|part| !is_glob(part.as_os_str().as_ref())).collect();
    let dots = has_hidden(pattern.strip_prefix(&literal).unwrap_or(pattern));
    let mut visit = Visit::below(&literal, store_folder);
    for path in paths {
        let path = path.map_err(|error| {
            let path = error.path().to_owned();
            Error::Read { path, offset: None, source: error.into() }
        })?;
        let hidden = !dots && has_hidden(path.strip_prefix(&literal).unwrap_or(&path));
        if !hidden && !path.is_dir() {
            visit.path(&path, found)?;
        }
    }
    if found.len() == before {
        return Err(Error::Input(format!("no file matches {uri}: check the path and the pattern")));
    }
    Ok(())
}

/// Returns true if a name in a path begins with a dot. `.` and `..` are not names.
fn has_hidden(path: &Path) -> bool {
    path.components().any(|part| matches!(part, Component::Normal(name) if is_hidden(name)))
}

fn is_hidden(name: &OsStr) -> bool {
    name.as_encoded_bytes().starts_with(b".")
}

/// A walk through a file or a folder.
struct Visit<'a> {
    store_folder: Option<&'a Path>,
    entered: HashSet<PathBuf>,
}

impl<'a> Visit<'a> {
    /// A walk from the path that the user named. If the path lies inside the skipped folder, the
    /// folder is read, because the user named it.
    fn below(named: &Path, store_folder: Option<&'a Path>) -> Self {
        let inside =
            |folder: &&Path| named.canonicalize().is_ok_and(|path| path.starts_with(folder));
        Self {
            store_folder: store_folder.filter(|folder| !inside(folder)),
            entered: HashSet::new(),
        }
    }

    /// Adds a file, or all files below a folder. Follows links, but enters no folder twice.
    fn path(&mut self, path: &Path, found: &mut Vec<FoundFile>) -> Result<(), Error> {
        let failed = |source| Error::Read { path: path.to_owned(), offset: None, source };
        let metadata = fs::metadata(path).map_err(failed)?;
        if !metadata.is_file() && !metadata.is_dir() {
            return Err(Error::Input(format!(
                "{} is neither a file nor a folder: pipe it in and name - instead",
                path.display()
            )));
        }
        let canonical = path.canonicalize().map_err(failed)?;
        if self.store_folder.is_some_and(|folder| canonical.starts_with(folder)) {
            return Ok(());
        }
        if metadata.is_file() {
            let name = path.display().to_string();
            found.push(FoundFile { path: path.to_owned(), canonical, name });
        } else if self.entered.insert(canonical) {
            for entry in fs::read_dir(path).map_err(failed)? {
                let entry = entry.map_err(failed)?;
                if !is_hidden(&entry.file_name()) {
                    self.path(&entry.path(), found)?;
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A folder with these files.
    struct Folder(tempfile::TempDir);

    impl Folder {
        fn with(files: &[&str]) -> Self {
            let folder = tempfile::tempdir().unwrap();
            for file in files {
                let path = folder.path().join(file);
                fs::create_dir_all(path.parent().unwrap()).unwrap();
                fs::write(path, "{}").unwrap();
            }
            Self(folder)
        }

        fn found(&self, uri: &str, store_folder: &str) -> Vec<String> {
            let store_folder = self.0.path().join(store_folder);
            let folders = Folders { data: None, store_folder: Some(&store_folder) };
            let uri = self.0.path().join(uri).display().to_string();
            let found = discover(&[uri], folders).unwrap();
            let root = self.0.path().canonicalize().unwrap();
            let name = |found: &FoundFile| found.canonical.strip_prefix(&root).unwrap().to_owned();
            found.iter().map(|found| name(found).display().to_string()).collect()
        }
    }

    #[test]
    fn a_glob_matches_hidden_names_only_where_it_spells_out_the_dot() {
        let folder = Folder::with(&["a.x", ".b.x", ".store/demo/c.x", "sub/.git/d.x", "sub/e.x"]);
        assert_eq!(folder.found("*.x", "none"), ["a.x"]);
        assert_eq!(folder.found("**/*.x", "none"), ["a.x", "sub/e.x"]);
        assert_eq!(folder.found(".*.x", "none"), [".b.x"]);
        assert_eq!(folder.found(".store/demo/*.x", "none"), [".store/demo/c.x"]);
        assert_eq!(folder.found("", "none"), ["a.x", "sub/e.x"]);
    }

    #[test]
    fn the_folder_of_the_store_is_read_only_if_it_is_named() {
        let folder = Folder::with(&["a.x", "out/format", "out/demo/b.x", "outer/c.x"]);
        assert_eq!(folder.found("", "out"), ["a.x", "outer/c.x"]);
        assert_eq!(folder.found("**/*.x", "out"), ["a.x", "outer/c.x"]);
        assert_eq!(folder.found("out/demo", "out"), ["out/demo/b.x"]);
        assert_eq!(folder.found("out/demo/*.x", "out"), ["out/demo/b.x"]);
        assert_eq!(
            folder.found("", "not-there"),
            ["a.x", "out/demo/b.x", "out/format", "outer/c.x"]
        );
    }

    #[cfg(unix)]
    #[test]
    fn a_pipe_is_refused_with_its_name_and_the_remedy() {
        use std::os::fd::AsRawFd as _;
        let (reader, _writer) = std::io::pipe().unwrap();
        let uri = format!("/dev/fd/{}", reader.as_raw_fd());
        if fs::symlink_metadata(&uri).is_ok() {
            let error =
                discover(std::slice::from_ref(&uri), Folders::default()).unwrap_err().to_string();
            assert!(error.contains(&uri) && error.contains("name - instead"), "{error}");
        }
    }
}
