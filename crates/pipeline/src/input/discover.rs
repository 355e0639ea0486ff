//! Finds the input files that URIs name: files, folders and globs. Owns the skipped names and the
//! order of the files; a file that is matched twice is read once.

use std::collections::HashSet;
use std::ffi::OsStr;
use std::fs;
use std::path::{Component, Path, PathBuf};
use std::time::SystemTime;

use crate::Error;

/// An input file that was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundFile {
    /// The path under which it was found; it may contain symbolic links.
    pub path: PathBuf,
    /// The name of the file for the user, if it is not the path.
    pub name: Option<String>,
}

impl FoundFile {
    /// The name of the file for the user.
    pub fn name(&self) -> String {
        self.name.clone().unwrap_or_else(|| self.path.display().to_string())
    }
}

/// A file that was found, and what its other names share with it.
struct Found {
    path: PathBuf,
    /// The absolute path without symbolic links, equal for equal files; `None` if it is the path.
    /// There may be a million files, so no path is kept twice.
    canonical: Option<PathBuf>,
    links: Option<Box<Links>>,
}

impl Found {
    fn canonical(&self) -> &Path {
        self.canonical.as_ref().unwrap_or(&self.path)
    }
}

/// The identity that all hard links of a file share: device, inode, size and the time of the last
/// change. Device and inode suffice where no file system reuses them for two files at once.
type Links = (u64, u64, u64, Option<SystemTime>);

/// Returns the identity that the names of a file share, if it has several.
#[cfg(unix)]
fn links(metadata: &fs::Metadata) -> Option<Box<Links>> {
    use std::os::unix::fs::MetadataExt as _;
    let of = (metadata.dev(), metadata.ino(), metadata.len(), metadata.modified().ok());
    (metadata.nlink() > 1).then(|| Box::new(of))
}

/// Returns what the names of a file share: here it can't be known.
#[cfg(not(unix))]
fn links(_: &fs::Metadata) -> Option<Box<Links>> {
    None
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
    found.sort_by(|a: &Found, b| (a.canonical(), &a.path).cmp(&(b.canonical(), &b.path)));
    found.dedup_by(|a, b| a.canonical() == b.canonical());
    let mut linked = HashSet::new();
    found.retain(|Found { path, links, .. }| {
        let is_first = links.as_deref().is_none_or(|links| linked.insert(*links));
        if !is_first {
            tracing::warn!(path = %path.display(), "is a hard link to a file that is read already");
        }
        is_first
    });
    Ok(found.into_iter().map(|Found { path, .. }| FoundFile { path, name: None }).collect())
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
    found: &mut Vec<Found>,
) -> Result<(), Error> {
    let invalid = |error: glob::PatternError| {
        let (fault, position) = (error.msg, error.pos);
        Error::Input(format!("{uri} is not a valid glob: {fault} at character {position}"))
    };
    glob::Pattern::new(&pattern.to_string_lossy()).map_err(invalid)?;
    let before = found.len();
    let literal: PathBuf =
        pattern.components().take_while(|part| !is_glob(part.as_os_str().as_ref())).collect();
    let rest = pattern.strip_prefix(&literal).unwrap_or(pattern);
    let parts: Result<Vec<_>, _> = rest.components().map(Part::new).collect();
    let mut visit = Visit::below(&literal, store_folder);
    let mut search =
        Search { parts: parts.map_err(invalid)?, dots: has_hidden(rest), entered: HashSet::new() };
    let start = if literal.as_os_str().is_empty() { PathBuf::from(".") } else { literal };
    search.below(&start, 0, &mut |path| visit.path(path, found))?;
    if found.len() == before {
        return Err(Error::Input(format!("no file matches {uri}: check the path and the pattern")));
    }
    Ok(())
}

/// One part of the path of a glob.
enum Part {
    /// A name without a wildcard, or `..`.
    Literal(PathBuf),
    /// A pattern of one name.
    Names(glob::Pattern),
    /// Any number of folders: `**`.
    Folders,
}

impl Part {
    fn new(part: Component<'_>) -> Result<Self, glob::PatternError> {
        let name: &Path = part.as_os_str().as_ref();
        Ok(match name.to_str() {
            Some("**") => Self::Folders,
            Some(text) if is_glob(name) => Self::Names(glob::Pattern::new(text)?),
            _ => Self::Literal(name.to_owned()),
        })
    }
}

/// The search for the paths that a glob matches. It reads each folder once for each part of the
/// pattern, so a link to a folder above doesn't lead it round in circles; and it reads names from
/// folders, which never hold `.` and `..`.
struct Search {
    parts: Vec<Part>,
    /// True if the pattern spells out a dot, and so matches names that begin with one.
    dots: bool,
    /// Folders without symbolic links, with the number of the part that was matched below.
    entered: HashSet<(PathBuf, usize)>,
}

impl Search {
    /// Hands the paths below a folder that match the parts from number `at` to `take`.
    fn below(
        &mut self,
        folder: &Path,
        at: usize,
        take: &mut impl FnMut(&Path) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let is_last = at + 1 == self.parts.len();
        let Some(part) = self.parts.get(at) else { return Ok(()) };
        if let Part::Literal(name) = part {
            let path = folder.join(name);
            return match (is_last, path.is_dir()) {
                (false, true) => self.below(&path, at + 1, take),
                (true, false) if fs::symlink_metadata(&path).is_ok() => take(&path),
                _ => Ok(()),
            };
        }
        let failed = |source| Error::Read { path: folder.to_owned(), offset: None, source };
        let Ok(canonical) = folder.canonicalize() else { return Ok(()) };
        if !folder.is_dir() || !self.entered.insert((canonical, at)) {
            return Ok(());
        }
        let is_any = matches!(part, Part::Folders);
        if is_any {
            // No folder at all is a number of folders, too.
            self.below(folder, at + 1, take)?;
        }
        for entry in fs::read_dir(folder).map_err(failed)? {
            let name = entry.map_err(failed)?.file_name();
            if is_hidden(&name) && !self.dots {
                continue;
            }
            let path = named_below(folder, &name);
            if is_any {
                if path.is_dir() {
                    self.below(&path, at, take)?;
                }
            } else if !self.is_match(at, &name) {
            } else if !is_last {
                self.below(&path, at + 1, take)?;
            } else if !path.is_dir() {
                take(&path)?;
            }
        }
        Ok(())
    }

    /// Returns true if a name matches the part with this number.
    fn is_match(&self, at: usize, name: &OsStr) -> bool {
        match self.parts.get(at) {
            Some(Part::Names(pattern)) => pattern.matches(&name.to_string_lossy()),
            _ => false,
        }
    }
}

/// Returns the path of a name in a folder. The current folder is left out, as in a shell.
fn named_below(folder: &Path, name: &OsStr) -> PathBuf {
    if folder == Path::new(".") { PathBuf::from(name) } else { folder.join(name) }
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
    fn path(&mut self, path: &Path, found: &mut Vec<Found>) -> Result<(), Error> {
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
            let canonical = Some(canonical).filter(|canonical| canonical != path);
            found.push(Found { path: path.to_owned(), canonical, links: links(&metadata) });
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
            let name = |found: &FoundFile| {
                found.path.canonicalize().unwrap().strip_prefix(&root).unwrap().to_owned()
            };
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
    fn a_glob_matches_part_by_part() {
        let files = ["a/1.x", "a/b/2.x", "a/b/c/3.x", "a/b/c/4.y", "d/1.x", "[e]/5.x"];
        let folder = Folder::with(&files);
        let found = |uri| folder.found(uri, "none");
        assert_eq!(found("*/1.x"), ["a/1.x", "d/1.x"]);
        assert_eq!(found("a/**/*.x"), ["a/1.x", "a/b/2.x", "a/b/c/3.x"]);
        assert_eq!(found("**/c/*"), ["a/b/c/3.x", "a/b/c/4.y"]);
        assert_eq!(found("a/**/c/**/?.x"), ["a/b/c/3.x"]);
        assert_eq!(found("**/b/../1.*"), ["a/1.x"]);
        assert_eq!(found("[[]e]/*.x"), ["[e]/5.x"]);
        assert_eq!(found("[ad]/1.x"), ["a/1.x", "d/1.x"]);
        let pattern = folder.0.path().join("a**").display().to_string();
        let error = discover(&[pattern], Folders::default()).unwrap_err().to_string();
        assert!(error.contains("is not a valid glob"), "{error}");
        let pattern = folder.0.path().join("a/**/*.z").display().to_string();
        let error = discover(&[pattern], Folders::default()).unwrap_err().to_string();
        assert!(error.contains("no file matches"), "{error}");
    }

    #[cfg(unix)]
    #[test]
    fn a_link_to_a_folder_above_is_no_circle_and_no_file_is_read_twice() {
        use std::os::unix::fs::symlink;
        let folder = Folder::with(&["in/a.x", "in/sub/b.x", "other/c.x"]);
        let root = folder.0.path();
        symlink(".", root.join("in/cur")).unwrap();
        symlink("..", root.join("in/sub/up")).unwrap();
        symlink("../other", root.join("in/other")).unwrap();
        let all = ["in/a.x", "in/sub/b.x", "other/c.x"];
        assert_eq!(folder.found("in", "none"), all);
        assert_eq!(folder.found("in/**/*.x", "none"), all);
        assert_eq!(folder.found("in/*/*.x", "none"), all);
        fs::hard_link(root.join("in/a.x"), root.join("in/z.x")).unwrap();
        assert_eq!(folder.found("in", "none"), all);
        assert_eq!(folder.found("in/[az].x", "none"), ["in/a.x"]);
    }

    #[test]
    fn a_pattern_with_a_dot_does_not_lead_to_the_folder_above() {
        let folder = Folder::with(&["data/.hidden/a.x", "secret.x"]);
        assert_eq!(folder.found("data/.*/*.x", "none"), ["data/.hidden/a.x"]);
        let pattern = folder.0.path().join("data/.*/secret.x").display().to_string();
        let error = discover(&[pattern], Folders::default()).unwrap_err().to_string();
        assert!(error.contains("no file matches"), "{error}");
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
