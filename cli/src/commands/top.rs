//! `trendjob top SOURCE`: topics by rank, as a table, JSON or CSV.

use serde::Serialize;
use store::View;
use store::view::{From as Begin, Page};
use trends::{Kind, Topic};

use super::{newest, scored};
use crate::args::{Format, TopArgs};
use crate::failure::Failure;
use crate::output::Output;
use crate::tables;

/// How many topics are read and printed at once.
const PART: usize = 10_000;

#[derive(Debug, Serialize)]
struct Top<'a> {
    source: &'a str,
    generation: u64,
    /// How many topics of the kinds are left out, because they are excluded.
    #[serde(skip_serializing_if = "Option::is_none")]
    excluded: Option<u64>,
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
    let published = newest::newest(&args.place, &args.source).await?;
    let limit = if args.limit == 0 { u64::MAX } else { args.limit };
    if let Some(score) = args.score {
        return scored::print(&published, args, score, limit).await;
    }
    let wanted = usize::try_from(limit).unwrap_or(usize::MAX);
    let Some(kind) = args.only_kind() else { return mixed(&published, args, wanted).await };
    match args.output {
        Format::Csv => csv(&published, kind, limit).await,
        Format::Json => {
            json(&published, args, published.page(kind, Begin::Shown(0), wanted).await?)
        }
        Format::Table => {
            let topics = published.ranked(kind, 0, wanted).await?;
            Output::print(&tables::topics(Some(kind), &topics, 1))?;
            hint(&published, args)
        }
    }
}

fn json(published: &View, args: &TopArgs, page: Page) -> Result<(), Failure> {
    let excluded = Some(page.left_out).filter(|left_out| *left_out > 0);
    let topics = (1..).zip(page.topics).map(|(rank, topic)| Ranked { rank, topic }).collect();
    let generation = published.generation().generation;
    Output::json(&Top { source: &args.source, generation, excluded, topics })
}

/// Several kinds in one list.
async fn mixed(published: &View, args: &TopArgs, limit: usize) -> Result<(), Failure> {
    let page = published.mixed(&args.kinds(), limit).await?;
    match args.output {
        Format::Csv => {
            let rows = (1..).zip(&page.topics).map(row).collect::<String>();
            Output::print(&format!("{HEAD}{rows}"))
        }
        Format::Json => json(published, args, page),
        Format::Table => {
            Output::print(&tables::topics(None, &page.topics, 1))?;
            hint(published, args)
        }
    }
}

/// Says why topics of some kinds can't be there.
fn hint(published: &View, args: &TopArgs) -> Result<(), Failure> {
    let told = newest::uncounted(published, &args.kinds());
    told.map_or(Ok(()), |told| Output::print(&format!("{told}\n")))
}

const HEAD: &str = "rank,kind,term,count,documents\n";

fn row((rank, topic): (u64, &Topic)) -> String {
    let Topic { kind, term, count, documents, .. } = topic;
    format!("{rank},{kind},{},{count},{documents}\n", quoted(term))
}

async fn csv(published: &View, kind: Kind, limit: u64) -> Result<(), Failure> {
    Output::print(HEAD)?;
    let mut rank = 0;
    while rank < limit {
        let wanted = usize::try_from(limit - rank).unwrap_or(usize::MAX).min(PART);
        let topics = published.ranked(kind, rank, wanted).await?;
        let mut text = String::new();
        for topic in &topics {
            rank += 1;
            text.push_str(&row((rank, topic)));
        }
        Output::print(&text)?;
        if topics.len() < wanted {
            break;
        }
    }
    Ok(())
}

/// A field as RFC 4180 wants it.
pub(super) fn quoted(field: &str) -> std::borrow::Cow<'_, str> {
    if field.contains([',', '"', '\n', '\r']) {
        format!("\"{}\"", field.replace('"', "\"\"")).into()
    } else {
        field.into()
    }
}
