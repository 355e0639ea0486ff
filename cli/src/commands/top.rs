//! `trendjob top SOURCE`: topics by rank, as a table, JSON or CSV.

use serde::Serialize;
use store::{Published, SourceName, generations};
use trends::{Kind, Topic};

use crate::args::{Format, TopArgs};
use crate::failure::Failure;
use crate::output::Output;
use crate::place::Folder;
use crate::tables;

/// How many topics are read and printed at once.
const PAGE: usize = 10_000;

#[derive(Debug, Serialize)]
struct Top<'a> {
    source: &'a str,
    generation: u64,
    topics: Vec<Ranked>,
}

#[derive(Debug, Serialize)]
struct Ranked {
    rank: u64,
    #[serde(flatten)]
    topic: Topic,
}

/// Prints the highest-ranked topics.
pub(crate) async fn top(args: &TopArgs) -> Result<(), Failure> {
    let store = args.place.open(Folder::Existing).await?;
    let source =
        SourceName::new(&args.source).map_err(|error| Failure::usage(error.to_string()))?;
    let newest = generations::newest(&*store, &source, 0).await?;
    let Some(newest) = newest.filter(|newest| !newest.withdrawn) else {
        let published = store.sources().await?;
        let published: Vec<_> = published.iter().map(SourceName::as_str).collect();
        let known = if published.is_empty() {
            "nothing is published in this store yet".to_owned()
        } else {
            format!("published are: {}", published.join(", "))
        };
        let message = format!("nothing is published under {source}; {known}");
        return Err(Failure::permanent("UnknownSource", message));
    };
    let published = Published::open(store, newest).await?;
    let limit = if args.limit == 0 { u64::MAX } else { args.limit };
    match args.output {
        Format::Csv => csv(&published, limit).await,
        Format::Json => {
            let topics =
                published.ranked(Kind::Word, 0, usize::try_from(limit).unwrap_or(usize::MAX));
            let topics =
                (1..).zip(topics.await?).map(|(rank, topic)| Ranked { rank, topic }).collect();
            let generation = published.generation().generation;
            Output::json(&Top { source: source.as_str(), generation, topics })
        }
        Format::Table => {
            let topics =
                published.ranked(Kind::Word, 0, usize::try_from(limit).unwrap_or(usize::MAX));
            Output::print(&tables::topics(&topics.await?, 1))
        }
    }
}

async fn csv(published: &Published, limit: u64) -> Result<(), Failure> {
    Output::print("rank,kind,term,count,documents\n")?;
    let mut rank = 0;
    while rank < limit {
        let wanted = usize::try_from(limit - rank).unwrap_or(usize::MAX).min(PAGE);
        let topics = published.ranked(Kind::Word, rank, wanted).await?;
        let mut text = String::new();
        for topic in &topics {
            rank += 1;
            let Topic { kind, term, count, documents } = topic;
            let row = format!("{rank},{kind},{},{count},{documents}\n", quoted(term));
            text.push_str(&row);
        }
        Output::print(&text)?;
        if topics.len() < wanted {
            break;
        }
    }
    Ok(())
}

/// A field as RFC 4180 wants it.
fn quoted(field: &str) -> std::borrow::Cow<'_, str> {
    if field.contains([',', '"', '\n', '\r']) {
        format!("\"{}\"", field.replace('"', "\"\"")).into()
    } else {
        field.into()
    }
}
