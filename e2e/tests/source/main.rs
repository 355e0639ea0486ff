//! Rules about the source tree itself. Reads every crate of the workspace as text, and runs none of
//! its code.
#![expect(clippy::unwrap_used, reason = "helpers of tests")]
#![expect(clippy::panic, reason = "helpers of tests")]

mod cycles;
mod imports;
mod module_tree;

use std::path::{Path, PathBuf};

use module_tree::ModuleTree;

/// Returns the root file of every library and binary of the workspace.
fn roots() -> Vec<PathBuf> {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let folders =
        std::fs::read_dir(workspace.join("crates")).unwrap().map(|entry| entry.unwrap().path());
    let tops =
        ["api", "cli", "e2e", "operator", "testing", "workers"].map(|name| workspace.join(name));
    let files = folders
        .chain(tops)
        .flat_map(|folder| ["lib.rs", "main.rs"].map(|file| folder.join("src").join(file)));
    let mut roots: Vec<_> = files.filter(|file| file.is_file()).collect();
    roots.sort();
    roots
}

#[test]
fn the_files_of_a_crate_import_each_other_in_no_cycle() {
    let roots = roots();
    assert!(roots.len() > 10, "only {} crates were found", roots.len());
    let mut imports = 0;
    let mut found = Vec::new();
    for root in &roots {
        let tree = ModuleTree::read(root);
        let edges = imports::between_files(&tree);
        imports += edges.len();
        found.extend(
            cycles::shortest(&edges).iter().map(|cycle| format!("{}:\n{cycle}", root.display())),
        );
    }
    assert!(imports > 500, "only {imports} imports were found: the reader of imports is broken");
    assert!(
        found.is_empty(),
        "move what both files need into a file of its own:\n{}",
        found.join("\n")
    );
}

/// Returns the cycles among these files, as text; the first file is the root.
fn cycles_of(files: &[(&str, &str)]) -> Vec<String> {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    let tree = ModuleTree::read(&folder.path().join(files[0].0));
    cycles::shortest(&imports::between_files(&tree))
}

#[test]
fn two_files_that_import_each_other_are_a_cycle() {
    let found = cycles_of(&[
        ("lib.rs", "mod a; mod b;"),
        ("a.rs", "use crate::b::B; pub struct A;"),
        ("b.rs", "use crate::a::A; pub struct B;"),
    ]);
    assert_eq!(found, ["  a.rs uses crate::b::B of b.rs\n  b.rs uses crate::a::A of a.rs"]);
}

#[test]
fn a_path_in_code_or_in_a_macro_counts_as_an_import() {
    let found = cycles_of(&[
        ("lib.rs", "mod a; mod b;"),
        ("a.rs", "pub fn a() { crate::b::b() }"),
        ("b.rs", "pub fn b() { println!(\"{:?}\", super::a::a()) }"),
    ]);
    assert_eq!(found.len(), 1, "{found:?}");
}

#[test]
fn a_re_export_leads_to_the_file_that_defines_the_item() {
    let through_the_root = cycles_of(&[
        ("lib.rs", "mod a; mod b; mod c; pub use a::A; pub use b::*; pub use c::C;"),
        ("a.rs", "use crate::B; pub struct A;"),
        ("b.rs", "use crate::{A, C}; pub struct B;"),
        ("c.rs", "pub struct C;"),
    ]);
    assert_eq!(through_the_root, ["  a.rs uses crate::B of b.rs\n  b.rs uses crate::A of a.rs"]);
}

#[test]
fn a_cycle_of_three_files_in_folders_is_found() {
    let found = cycles_of(&[
        ("lib.rs", "mod a; mod b; mod c;"),
        ("a/mod.rs", "mod inner;"),
        ("a/inner.rs", "use crate::b::b;"),
        ("b.rs", "use crate::c; pub fn b() { c::c() }"),
        ("c.rs", "use super::a::inner; pub fn c() { inner::go() }"),
    ]);
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].contains("c.rs uses super::a::inner of a/inner.rs"), "{}", found[0]);
}

#[test]
fn a_parent_and_its_child_are_no_cycle() {
    let found = cycles_of(&[
        ("lib.rs", "mod a; pub struct Root;"),
        ("a.rs", "mod inner; use inner::Inner; pub struct Outer;"),
        ("a/inner.rs", "use super::Outer; use crate::Root; pub struct Inner;"),
    ]);
    assert_eq!(found, [""; 0]);
}

#[test]
fn imports_of_tests_are_no_imports_of_the_program() {
    let found = cycles_of(&[
        ("lib.rs", "mod a; mod b;"),
        ("a.rs", "use crate::b::B; pub struct A; #[cfg(test)] mod tests { use super::*; }"),
        (
            "b.rs",
            "pub struct B; #[cfg(test)] mod tests { use crate::a::A; #[test] fn t() { crate::a::A; } }",
        ),
    ]);
    assert_eq!(found, [""; 0]);
}
