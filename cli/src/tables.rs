//! Tables: plain columns that look the same in a terminal, a log and an email.

use comfy_table::{CellAlignment, Table, presets};
use questions::{AuthorsAnswer, TopAnswer};
use trends::Kind;

const LEGEND: &str = "~ estimate, standard error 1.6%\n";

/// A table of topics of one kind, or of several kinds with the kind in each row.
pub(crate) fn topics(answer: &TopAnswer) -> String {
    let TopAnswer { kind, topics, .. } = answer;
    let has_authors = topics.iter().any(|topic| topic.authors.authors.is_some());
    let rows = topics.iter().map(|topic| {
        let numbers = [grouped(topic.count), grouped(topic.documents)];
        let mut row = vec![topic.rank.to_string(), topic.shown().to_owned()];
        row.extend(numbers);
        if has_authors {
            row.push(authors(&topic.authors));
        }
        if kind.is_none() {
            row.push(topic.kind.name().to_owned());
        }
        row
    });
    let mut header = vec!["rank", kind.map_or("term", Kind::name), "count", "records"];
    header.extend(has_authors.then_some("authors"));
    header.extend(kind.is_none().then_some("kind"));
    let table = columns(&header, if has_authors { &[0, 2, 3, 4] } else { &[0, 2, 3] }, rows);
    table + legend(topics.iter().map(|topic| &topic.authors))
}

/// A number of authors, with `~` before an estimate; empty where records have none.
pub(crate) fn authors(answer: &AuthorsAnswer) -> String {
    let number = answer.authors.map_or_else(String::new, grouped);
    if answer.authors_estimated.is_some() { format!("~{number}") } else { number }
}

/// The CSV fields of a number of authors and of its being an estimate; both are empty where records
/// have none.
pub(crate) fn authors_fields(answer: &AuthorsAnswer) -> [String; 2] {
    let Some(authors) = answer.authors else { return [String::new(), String::new()] };
    [authors.to_string(), answer.authors_estimated.is_some().to_string()]
}

/// The line below a table that explains `~`; empty if no number has one.
pub(crate) fn legend<'a>(mut shown: impl Iterator<Item = &'a AuthorsAnswer>) -> &'static str {
    if shown.any(|answer| answer.authors_estimated.is_some()) { LEGEND } else { "" }
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
