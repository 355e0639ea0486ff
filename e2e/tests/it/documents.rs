//! Every link between documents leads to a file of the repository, and every path that
//! ARCHITECTURE.md names exists.

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
            let target = part.split([')', '#']).next().unwrap();
            let is_ours = !target.is_empty() && !target.contains("://");
            assert!(
                !is_ours || top().join(&folder).join(target).exists(),
                "{document} links to {target}, which doesn't exist"
            );
        }
    }
}

#[test]
fn every_path_in_the_architecture_exists() {
    let (all, text) = (all(), read("ARCHITECTURE.md"));
    let quoted = text.split('`').skip(1).step_by(2);
    let paths = quoted.filter(|text| {
        text.contains('/')
            && !text.starts_with('/')
            && (text.ends_with('/')
                || [".rs", ".md", ".yaml", ".txt"].iter().any(|end| text.ends_with(end)))
    });
    let mut count = 0;
    for path in paths {
        count += 1;
        let tail = format!("/{path}");
        assert!(
            all.iter().any(|file| file.ends_with(&tail)),
            "ARCHITECTURE.md names {path}, which doesn't exist"
        );
    }
    assert!(count > 50, "{count}");
}
