//! `trendjob history SOURCE TERM`: the counts of a term in each window, as a table, JSON or CSV.

use questions::{CountsAnswer, HistoryAnswer, WindowAnswer};

use super::open;
use crate::args::{Format, HistoryArgs};
use crate::failure::Failure;
use crate::output::Output;
use crate::tables;

/// Prints the windows of a term.
pub(crate) async fn history(args: &HistoryArgs) -> Result<(), Failure> {
    let HistoryArgs { term, output } = args;
    let view = open::newest(&term.location, &term.source).await?;
    let answer = open::term(term).history(&view).await?;
    match output {
        Format::Json => Output::json(&answer),
        Format::Csv => Output::print(&csv(&answer)),
        Format::Table => Output::print(&table(&answer)),
    }
}

fn csv(history: &HistoryAnswer) -> String {
    let mut text = String::from("start,count,documents,authors,authors_estimated\n");
    for WindowAnswer { start, counts } in &history.windows {
        let CountsAnswer { count, documents, authors } = counts;
        let [authors, estimated] = tables::authors_fields(authors);
        let row = format!("{start},{count},{documents},{authors},{estimated}\n");
        text.push_str(&row);
    }
    text
}

fn table(history: &HistoryAnswer) -> String {
    let row = |start: String, counts: &CountsAnswer| {
        let authors = tables::authors(&counts.authors);
        vec![start, tables::grouped(counts.count), tables::grouped(counts.documents), authors]
    };
    let all = history.windows.iter().map(|window| &window.counts).chain(&history.undated);
    let legend = tables::legend(all.map(|counts| &counts.authors));
    let windows = history.windows.iter().map(|window| row(window.start.clone(), &window.counts));
    let undated = history.undated.iter().map(|counts| row("without a time".to_owned(), counts));
    let header = ["window", "count", "records", "authors"];
    tables::columns(&header, &[1, 2, 3], windows.chain(undated)) + legend
}
