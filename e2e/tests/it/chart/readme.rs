//! The table of values in the chart's README, made from `values.yaml`: a key, its default, and the
//! comment above it.

use std::fmt::Write as _;

/// A key of `values.yaml`.
struct Entry {
    key: String,
    default: String,
    comment: String,
}

/// Returns the table. Fails if a key has no comment.
#[track_caller]
pub(super) fn table(values: &str) -> String {
    let mut table = "| value | default | meaning |\n|---|---|---|\n".to_owned();
    for Entry { key, default, comment } in entries(values) {
        // A key with fields has no default.
        let default = if default.is_empty() { String::new() } else { format!("`{default}`") };
        writeln!(
            table,
            "| `{key}` | {} | {} |",
            default.replace('|', "\\|"),
            comment.replace('|', "\\|")
        )
        .unwrap();
    }
    table
}

#[track_caller]
fn entries(values: &str) -> Vec<Entry> {
    let mut entries = Vec::new();
    let mut path: Vec<(usize, String)> = Vec::new();
    let mut comment = String::new();
    for line in values.lines() {
        let text = line.trim_start();
        let indent = line.len() - text.len();
        if text.is_empty() {
            comment.clear();
        } else if let Some(text) = text.strip_prefix("# ") {
            assert!(comment.is_empty(), "a value has more than one line of comment: {text}");
            text.clone_into(&mut comment);
        } else if text.starts_with("- ") {
            // An entry of the list before it; its comment isn't in the table.
            entries.last_mut().map(|entry: &mut Entry| entry.default.push_str("[...]")).unwrap();
            comment.clear();
        } else {
            let (key, default) = text.split_once(':').unwrap_or_else(|| panic!("no value: {line}"));
            path.retain(|(depth, _)| *depth < indent);
            path.push((indent, key.to_owned()));
            let key = path.iter().map(|(_, key)| key.as_str()).collect::<Vec<_>>().join(".");
            assert!(!comment.is_empty(), "{key} has no comment");
            let default = default.trim().to_owned();
            entries.push(Entry { key, default, comment: std::mem::take(&mut comment) });
        }
    }
    entries
}

#[test]
fn a_value_is_a_key_with_the_comment_above_it() {
    let table = table(
        "# All\na:\n  # One\n  b: 1\n  # Two\n  c: {d: \"|\"}\n  # Three\n  e:\n    # An entry\n    - x\n",
    );
    let rows: Vec<&str> = table.lines().skip(2).collect();
    assert_eq!(
        rows,
        [
            "| `a` |  | All |",
            "| `a.b` | `1` | One |",
            "| `a.c` | `{d: \"\\|\"}` | Two |",
            "| `a.e` | `[...]` | Three |"
        ]
    );
}

#[test]
#[should_panic(expected = "a.b has no comment")]
fn a_value_without_a_comment_is_refused() {
    table("# All\na:\n  b: 1\n");
}
