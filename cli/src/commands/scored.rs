//! `trendjob top SOURCE --score`: topics by a score in a window, as a table, JSON or CSV.

use serde::Serialize;
use store::Published;
use trends::format::ScoredTopic;
use trends::scores::Status;
use trends::{Kind, Score};

use super::newest;
use super::top::quoted;
use crate::args::{Format, TopArgs};
use crate::failure::Failure;
use crate::output::Output;
use crate::tables;

#[derive(Debug, Serialize)]
struct Top<'a> {
    source: &'a str,
    generation: u64,
    kind: Kind,
    score: Score,
    /// When the window begins, and its length in seconds.
    start: String,
    window: u64,
    topics: Vec<Ranked>,
}

#[derive(Debug, Serialize)]
struct Ranked {
    rank: usize,
    #[serde(flatten)]
    topic: ScoredTopic,
}

/// Prints the topics that rank highest by a score.
pub(super) async fn print(
    published: &Published,
    args: &TopArgs,
    score: Score,
    limit: u64,
) -> Result<(), Failure> {
    let window = newest::window_length(published)?;
    if !published.index().scores.contains(&score) {
        return Err(Failure::permanent(
            "NoScores",
            format!("{} is not ranked by {score}: run it with --scores {score}", args.source),
        ));
    }
    let latest = || published.windows()?.closed().last().copied();
    let bucket = match &args.window {
        Some(time) => newest::bucket(published, time)?,
        None => latest().unwrap_or_default(),
    };
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let topics = published.scored(args.kind, score, Some(bucket), 0, limit).await?;
    let (source, start) = (args.source.as_str(), newest::begins(bucket, window));
    match args.output {
        Format::Json => {
            let generation = published.generation().generation;
            let ranked = |(rank, topic)| Ranked { rank, topic };
            let topics = (1..).zip(topics).map(ranked).collect();
            Output::json(&Top { source, generation, kind: args.kind, score, start, window, topics })
        }
        Format::Csv => Output::print(&csv(args.kind, &topics)),
        Format::Table => Output::print(&table(args.kind, score, &topics)),
    }
}

fn csv(kind: Kind, topics: &[ScoredTopic]) -> String {
    let mut text = String::from(
        "rank,kind,term,count,documents,authors,value,burst,growth,peak,popular,status,new\n",
    );
    for (rank, topic) in (1..).zip(topics) {
        let authors = topic.authors.map_or_else(String::new, |authors| authors.to_string());
        let burst = topic.burst.map_or_else(String::new, |burst| burst.to_string());
        let ScoredTopic { term, count, documents, value, growth, peak, popular, new, .. } = topic;
        let row = format!(
            "{rank},{kind},{},{count},{documents},{authors},{value},{burst},{growth},{peak},{popular},{},{new}\n",
            quoted(term),
            status(topic.status),
        );
        text.push_str(&row);
    }
    text
}

fn table(kind: Kind, score: Score, topics: &[ScoredTopic]) -> String {
    let rows = (1..).zip(topics).map(|(rank, topic): (usize, _)| {
        let shown = topic.form.as_ref().unwrap_or(&topic.term).clone();
        let state = if topic.new { "new" } else { status(topic.status) };
        vec![
            rank.to_string(),
            shown,
            format!("{:.2}", topic.value),
            format!("{:.1}x", topic.growth),
            tables::grouped(topic.documents),
            topic.authors.map_or_else(String::new, tables::grouped),
            state.to_owned(),
        ]
    });
    let header = ["rank", kind.name(), score.name(), "growth", "records", "authors", "status"];
    tables::columns(&header, &[0, 2, 3, 4, 5], rows)
}

const fn status(status: Status) -> &'static str {
    match status {
        Status::InsufficientHistory => "insufficient history",
        Status::Trending => "trending",
        Status::Rising => "rising",
        Status::Cooling => "cooling",
        Status::Steady => "steady",
    }
}
