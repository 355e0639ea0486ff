//! `trendjob history SOURCE TERM`: the windows a term was seen in, as a table, JSON or CSV.

use serde::Serialize;
use store::published::WindowCount;
use trends::{Bucket, Kind};

use super::newest;
use crate::args::{Format, HistoryArgs};
use crate::failure::Failure;
use crate::output::Output;
use crate::tables;

#[derive(Debug, Serialize)]
struct History<'a> {
    source: &'a str,
    generation: u64,
    kind: Kind,
    term: &'a str,
    /// The length of a window in seconds.
    window: u64,
    windows: Vec<Window>,
    /// What was seen in records without a time.
    #[serde(skip_serializing_if = "Option::is_none")]
    undated: Option<Counts>,
}

#[derive(Debug, Serialize)]
struct Window {
    start: String,
    #[serde(flatten)]
    counts: Counts,
}

#[derive(Debug, Serialize)]
struct Counts {
    count: u64,
    documents: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    authors: Option<u64>,
}

impl Counts {
    const fn of(counted: &WindowCount) -> Self {
        let WindowCount { count, documents, authors, .. } = *counted;
        Self { count, documents, authors }
    }
}

/// Prints the windows of a term.
pub(crate) async fn history(args: &HistoryArgs) -> Result<(), Failure> {
    let HistoryArgs { term: asked, output } = args;
    let published = newest::newest(&asked.place, &asked.source).await?;
    let window = newest::window_length(&published)?;
    let term = newest::term(&published, asked);
    let series = published.series(asked.kind, &term).await?;
    if series.is_empty() {
        let topic = published.topic(asked.kind, &term).await?;
        return Err(newest::no_series(&published, asked.kind, &term, topic.as_ref()));
    }
    let (undated, dated): (Vec<&WindowCount>, Vec<&WindowCount>) =
        series.iter().partition(|counted| counted.bucket == Bucket::WHOLE);
    let windows: Vec<_> = dated
        .into_iter()
        .map(|counted| Window {
            start: newest::begins(counted.bucket.0, window),
            counts: Counts::of(counted),
        })
        .collect();
    let undated = undated.first().copied().map(Counts::of);
    let (source, generation) = (asked.source.as_str(), published.generation().generation);
    let history =
        History { source, generation, kind: asked.kind, term: &term, window, windows, undated };
    match output {
        Format::Json => Output::json(&history),
        Format::Csv => Output::print(&csv(&history)),
        Format::Table => Output::print(&table(&history)),
    }
}

fn csv(history: &History<'_>) -> String {
    let mut text = String::from("start,count,documents,authors\n");
    for Window { start, counts: Counts { count, documents, authors } } in &history.windows {
        let authors = authors.map_or_else(String::new, |authors| authors.to_string());
        let row = format!("{start},{count},{documents},{authors}\n");
        text.push_str(&row);
    }
    text
}

fn table(history: &History<'_>) -> String {
    let row = |start: String, counts: &Counts| {
        let authors = counts.authors.map_or_else(String::new, tables::grouped);
        vec![start, tables::grouped(counts.count), tables::grouped(counts.documents), authors]
    };
    let windows = history.windows.iter().map(|window| row(window.start.clone(), &window.counts));
    let undated = history.undated.iter().map(|counts| row("without a time".to_owned(), counts));
    tables::columns(&["window", "count", "records", "authors"], &[1, 2, 3], windows.chain(undated))
}
