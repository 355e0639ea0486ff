//! Rules about the source tree itself. Reads every crate of the workspace as text, and runs none of
//! its code.
#![expect(clippy::unwrap_used, reason = "helpers of tests")]
#![expect(clippy::panic, reason = "helpers of tests")]

mod cycles;
mod imports;
mod module_tree;
mod paths;
mod resolve;

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
    let mut uses = 0;
    let mut unresolved = Vec::new();
    let mut found = Vec::new();
    for root in &roots {
        let tree = ModuleTree::read(root);
        let imports = imports::between_files(&tree);
        uses += imports.uses.len();
        let of_root = |text: &String| format!("{}:\n{text}", root.display());
        unresolved.extend(imports.unresolved.iter().map(of_root));
        found.extend(cycles::shortest(&tree, &imports.uses).iter().map(of_root));
    }
    assert!(uses > 1_000, "only {uses} imports were found: the reader of imports is broken");
    assert!(
        unresolved.is_empty(),
        "teach e2e/tests/source where these paths lead, or cycles stay hidden:\n{}",
        unresolved.join("\n")
    );
    assert!(
        found.is_empty(),
        "move what both files need into a file of its own:\n{}",
        found.join("\n")
    );
}

/// Reads these files; the first is the root.
fn tree_of(files: &[(&str, &str)]) -> ModuleTree {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    ModuleTree::read(&folder.path().join(files[0].0))
}

/// Returns the cycles among these files, as text.
fn cycles_of(files: &[(&str, &str)]) -> Vec<String> {
    let tree = tree_of(files);
    cycles::shortest(&tree, &imports::between_files(&tree).uses)
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

#[test]
fn a_group_of_imports_in_a_function_counts() {
    let found = cycles_of(&[
        ("lib.rs", "mod a; mod b;"),
        ("a.rs", "pub fn a() { use crate::{b::{c, B}}; }"),
        ("b.rs", "pub struct B; pub fn b() { use super::{a::a as first}; first() }"),
    ]);
    assert_eq!(found, ["  a.rs uses crate::b::c of b.rs\n  b.rs uses super::a::a of a.rs"]);
}

#[test]
fn a_bare_name_from_a_glob_counts() {
    for user in [
        "use super::*; pub struct A(B);",
        "use super::*; pub fn a() { b() }",
        "pub struct A; fn a() { use crate::*; println!(\"{:?}\", b()) }",
    ] {
        let found = cycles_of(&[
            ("lib.rs", "mod a; mod b; pub use b::{b, B};"),
            ("a.rs", user),
            ("b.rs", "use crate::a; pub struct B; pub fn b() {}"),
        ]);
        assert_eq!(found.len(), 1, "{user}: {found:?}");
    }
}

#[test]
fn an_item_that_a_macro_or_a_derive_defines_is_found() {
    for import in ["crate::key::Name", "crate::Name", "crate::key::Kind"] {
        let user = format!("use {import}; pub struct A;");
        let found = cycles_of(&[
            ("lib.rs", "mod a; mod key; pub use key::{Name};"),
            ("a.rs", &user),
            (
                "key.rs",
                "use crate::a::A; macro_rules! name { ($t:ident) => { pub struct $t; } } name!(Name); \
                 #[kube(root = \"Kind\")] struct Spec;",
            ),
        ]);
        assert_eq!(found.len(), 1, "{found:?}");
    }
}

#[test]
fn a_path_in_an_attribute_counts() {
    for attribute in [
        "#[serde(with = \"crate::b\")]",
        "#[serde(default = \"super::b::first\", skip_serializing_if = \"Vec::is_empty\")]",
        "#[schemars(schema_with = \"names::schema::<63>\")]",
        "#[cfg_attr(feature = \"crd\", arg(value_parser = crate::b::schema))]",
    ] {
        let user = format!("use crate::names; pub struct A {{ {attribute} a: names::N }}");
        let found = cycles_of(&[
            ("lib.rs", "mod a; mod b; mod names;"),
            ("a.rs", &user),
            ("b.rs", "use crate::a::A; pub fn first() {} pub fn schema() {}"),
            ("names.rs", "pub use crate::b::schema; pub struct N;"),
        ]);
        assert_eq!(found.len(), 1, "{attribute}: {found:?}");
    }
}

#[test]
fn a_cycle_through_a_parent_and_a_third_file_is_found() {
    let found = cycles_of(&[
        ("lib.rs", "mod row; mod detail;"),
        ("row.rs", "use crate::detail::Detail; pub const MAX: usize = 1;"),
        ("detail/mod.rs", "mod forms; pub use forms::Forms; pub struct Detail(Forms);"),
        ("detail/forms.rs", "use crate::row::MAX; pub struct Forms;"),
    ]);
    let cycle = "  detail/forms.rs uses crate::row::MAX of row.rs
  row.rs uses crate::detail::Detail of detail/mod.rs
  detail/mod.rs uses forms::Forms of detail/forms.rs";
    assert_eq!(found, [cycle]);
}

#[test]
fn a_module_and_its_descendants_are_no_cycle() {
    let found = cycles_of(&[
        ("lib.rs", "mod row; mod detail; pub use detail::Detail; pub struct Error;"),
        ("row.rs", "use crate::Error; use crate::Detail;"),
        ("detail/mod.rs", "mod forms; mod reader; use forms::Forms; pub struct Detail;"),
        ("detail/forms.rs", "use super::reader::Reader; pub struct Forms;"),
        ("detail/reader.rs", "use super::Detail; use crate::Error; pub struct Reader;"),
    ]);
    assert_eq!(found, [""; 0]);
}

#[test]
fn a_path_into_the_crate_that_leads_nowhere_is_named() {
    let tree = tree_of(&[
        ("lib.rs", "mod a; mod b; pub use std::fmt;"),
        ("a.rs", "use crate::b::{B, C}; use crate::fmt::Debug; use super::nowhere;"),
        ("b.rs", "pub enum B { One } pub use B::*; pub use std::io::*;"),
    ]);
    let unresolved = imports::between_files(&tree).unresolved;
    let expected = ["  a.rs uses super::nowhere"];
    assert_eq!(unresolved.into_iter().collect::<Vec<_>>(), expected);
}
