//! Every link between documents leads to a file and a heading of the repository, every path that
//! ARCHITECTURE.md names exists, and its code map has the dependencies of each crate.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::tools::{read, top};

/// Appends the paths of all files and folders below a folder, from the top of the repository,
/// except build output and downloads.
fn files(folder: &Path, found: &mut Vec<String>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.strip_prefix(top()).unwrap().to_str().unwrap().to_owned();
        if [".git", "target", "bench/data", "bench/.venv"].contains(&name.as_str()) {
            continue;
        }
        if path.is_dir() {
            files(&path, found);
        }
        found.push(if path.is_dir() { format!("/{name}/") } else { format!("/{name}") });
    }
}

fn all() -> Vec<String> {
    let mut found = Vec::new();
    files(&top(), &mut found);
    found
}

#[test]
fn every_link_between_documents_leads_to_a_file() {
    let all = all();
    let is_document = |path: &&String| Path::new(path).extension().is_some_and(|end| end == "md");
    let documents: Vec<_> = all.iter().filter(is_document).collect();
    assert!(documents.len() > 10, "{documents:?}");
    for document in documents {
        let document = &document[1..];
        let folder = Path::new(document).parent().map(PathBuf::from).unwrap();
        // Code may hold the characters of a link.
        let prose: String = read(document).split('`').step_by(2).collect();
        for part in prose.split("](").skip(1) {
            let link = part.split(')').next().unwrap();
            if link.contains("://") {
                continue;
            }
            let (target, anchor) = link.split_once('#').unwrap_or((link, ""));
            let path = if target.is_empty() {
                top().join(document)
            } else {
                top().join(&folder).join(target)
            };
            assert!(path.exists(), "{document} links to {link}, which doesn't exist");
            assert!(
                anchor.is_empty() || anchors(&path).iter().any(|one| one == anchor),
                "{document} links to {link}, a heading that doesn't exist"
            );
        }
    }
}

/// Returns the anchors of a document's headings, as GitHub names them.
fn anchors(document: &Path) -> Vec<String> {
    let text = std::fs::read_to_string(document).unwrap();
    let headings = text.lines().filter(|line| line.starts_with('#'));
    let anchors = headings.map(|line| {
        let words = line.trim_start_matches('#').trim().to_lowercase().replace(' ', "-");
        words.chars().filter(|c| c.is_alphanumeric() || "-_".contains(*c)).collect()
    });
    anchors.collect()
}

/// Returns true if a quoted word of ARCHITECTURE.md is the path of a file or folder.
fn is_path(word: &str) -> bool {
    let has_end =
        [".rs", ".md", ".yaml", ".json", ".toml", ".txt"].iter().any(|e| word.ends_with(e));
    let is_file = has_end || word.starts_with(".ci/");
    !word.starts_with('/') && !word.contains(' ') && (is_file || word.ends_with('/'))
}

/// The first path of a cell or line may lack its first folders. The others may be relative to any
/// folder above the first.
#[test]
fn every_path_in_the_architecture_exists() {
    let (all, text) = (all(), read("ARCHITECTURE.md"));
    let mut count = 0;
    for cell in text.lines().flat_map(|line| line.split('|')) {
        let mut paths = cell.split('`').skip(1).step_by(2).filter(|word| is_path(word));
        let Some(first) = paths.next() else { continue };
        let found = all.iter().find(|file| file.ends_with(&format!("/{first}")));
        let found =
            found.unwrap_or_else(|| panic!("ARCHITECTURE.md names {first}, which doesn't exist"));
        count += 1;
        for path in paths {
            let mut above = Path::new(found).ancestors().map(|above| above.join(path));
            assert!(
                above.any(|path| top().join(path.strip_prefix("/").unwrap()).exists()),
                "ARCHITECTURE.md names {path} beside {first}, which doesn't exist there"
            );
            count += 1;
        }
    }
    assert!(count > 100, "{count}");
}

/// Returns the names of the dependencies in a `Cargo.toml` that are crates of the workspace.
fn dependencies_of_ours(file: &str) -> BTreeSet<String> {
    let workspace = read("Cargo.toml");
    let ours = workspace.lines().filter(|line| line.contains("{ path = "));
    let ours: BTreeSet<_> = ours.map(|line| line.split(' ').next().unwrap()).collect();
    let text = read(file);
    let section = text.split("\n[").find_map(|part| part.strip_prefix("dependencies]\n"));
    let lines = section.unwrap_or_default().lines();
    let names = lines.map(|line| line.split(['.', ' ']).next().unwrap());
    names.filter(|name| ours.contains(name)).map(str::to_owned).collect()
}

#[test]
fn the_code_map_has_the_dependencies_of_every_crate() {
    let text = read("ARCHITECTURE.md");
    let mut mapped = BTreeSet::new();
    for row in text.lines().filter(|line| line.starts_with("| `")) {
        let cells: Vec<_> = row.split('|').map(str::trim).collect();
        let file = format!("{}Cargo.toml", row.split('`').nth(1).unwrap());
        if cells.len() != 5 || !file.ends_with("/Cargo.toml") || !top().join(&file).exists() {
            continue;
        }
        let names = cells[3].strip_prefix("no other crate of ours").unwrap_or(cells[3]);
        let names = names.split(", ").filter(|name| !name.is_empty()).map(str::to_owned);
        assert_eq!(names.collect::<BTreeSet<_>>(), dependencies_of_ours(&file), "{row}");
        mapped.insert(format!("/{file}"));
    }
    let crates = all().into_iter().filter(|path| path.ends_with("/Cargo.toml"));
    let crates: BTreeSet<_> = crates.filter(|path| path != "/Cargo.toml").collect();
    assert_eq!(mapped, crates, "the crates of the code map, and those of the repository");
}
