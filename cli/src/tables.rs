//! Tables: plain columns that look the same in a terminal, a log and an email.

use comfy_table::{CellAlignment, Table, presets};
use questions::TopAnswer;
use trends::Kind;

/// A table of topics of one kind, or of several kinds with the kind in each row.
pub(crate) fn topics(answer: &TopAnswer) -> String {
    let TopAnswer { kind, topics, .. } = answer;
    let has_authors = topics.iter().any(|topic| topic.authors.is_some());
    let rows = topics.iter().map(|topic| {
        let numbers = [grouped(topic.count), grouped(topic.documents)];
        let mut row = vec![topic.rank.to_string(), topic.shown().to_owned()];
        row.extend(numbers);
        if has_authors {
            row.push(topic.authors.map_or_else(String::new, grouped));
        }
        if kind.is_none() {
            row.push(topic.kind.name().to_owned());
        }
        row
    });
    let mut header = vec!["rank", kind.map_or("term", Kind::name), "count", "records"];
    header.extend(has_authors.then_some("authors"));
    header.extend(kind.is_none().then_some("kind"));
    columns(&header, if has_authors { &[0, 2, 3, 4] } else { &[0, 2, 3] }, rows)
}

/// A table; the columns in `right` are aligned to the right.
pub(crate) fn columns(
    header: &[&str],
    right: &[usize],
    rows: impl Iterator<Item = Vec<String>>,
) -> String {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    table.set_header(header.to_vec());
    for row in rows {
        table.add_row(row);
    }
    for at in right {
        if let Some(column) = table.column_mut(*at) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    table.trim_fmt() + "\n"
}

/// A number in groups of three digits.
pub(crate) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let groups: Vec<_> = digits.as_bytes().rchunks(3).rev().map(String::from_utf8_lossy).collect();
    groups.join(",")
}

/// Bytes in the largest unit that leaves a number of at least 1.
pub(crate) fn bytes(bytes: u64) -> String {
    indicatif::HumanBytes(bytes).to_string()
}

/// A CSV field, quoted if it must be (RFC 4180).
pub(crate) fn quoted(field: &str) -> std::borrow::Cow<'_, str> {
    if field.contains([',', '"', '\n', '\r']) {
        format!("\"{}\"", field.replace('"', "\"\"")).into()
    } else {
        field.into()
    }
}
