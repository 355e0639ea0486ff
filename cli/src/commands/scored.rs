//! `trendjob top SOURCE --score`: topics by a score in a window, as a table, JSON or CSV.

use serde::Serialize;
use store::View;
use trends::format::ScoredTopic;
use trends::result::Baseline;
use trends::scores::{Keyness, Status};
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
    /// Absent where several are listed.
    #[serde(skip_serializing_if = "Option::is_none")]
    kind: Option<Kind>,
    score: Score,
    /// When the window begins, and its length in seconds; of scores over time.
    #[serde(skip_serializing_if = "Option::is_none")]
    start: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    window: Option<u64>,
    /// Too little was said before it for a burst to be told; absent if there is enough.
    #[serde(rename = "insufficientHistory", skip_serializing_if = "Option::is_none")]
    short: Option<bool>,
    /// What the topics stand out against.
    #[serde(skip_serializing_if = "Option::is_none")]
    baseline: Option<&'a Baseline>,
    topics: Vec<Ranked>,
}

#[derive(Debug, Serialize)]
struct Ranked {
    rank: usize,
    kind: Kind,
    #[serde(flatten)]
    topic: ScoredTopic,
    #[serde(skip_serializing_if = "Option::is_none")]
    keyness: Option<Keyness>,
}

/// Prints the topics that rank highest by a score.
pub(super) async fn print(
    published: &View,
    args: &TopArgs,
    score: Score,
    limit: u64,
) -> Result<(), Failure> {
    if !published.index().scores.contains(&score) {
        return Err(Failure::permanent(
            "NoScores",
            format!("{} is not ranked by {score}: run it with --scores {score}", args.source),
        ));
    }
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let (mut bucket, mut start, mut window) = (None, None, None);
    if score.needs_window() {
        let length = newest::window_length(published)?;
        let latest = || published.windows()?.closed().last().copied();
        let begin = match &args.window {
            Some(time) => newest::bucket(published, time)?,
            None => latest().unwrap_or_default(),
        };
        if let Some(latest) =
            latest().filter(|latest| *latest != begin && !score.is_of_every_window())
        {
            let latest = newest::begins(latest, length);
            return Err(Failure::usage(format!(
                "score {score} is ranked in the last window only, which is from {latest}: leave --window out"
            )));
        }
        (bucket, window) = (Some(begin), Some(length));
        start = Some(newest::begins(begin, length));
    } else if args.window.is_some() {
        return Err(Failure::usage(format!(
            "score {score} is of the whole run: leave --window out"
        )));
    }
    let topics = published.mixed_scored(&args.kinds(), score, bucket, limit).await?;
    let (source, baseline) = (args.source.as_str(), published.index().baseline.as_ref());
    let short = newest::is_short(published, score, bucket).then_some(true);
    match args.output {
        Format::Json => {
            let generation = published.generation().generation;
            let ranked = |(rank, (kind, topic)): (usize, (Kind, ScoredTopic))| {
                let keyness = topic.compared.and_then(|compared| compared.keyness());
                Ranked { rank, kind, topic, keyness }
            };
            let topics = (1..).zip(topics).map(ranked).collect();
            let kind = args.only_kind();
            Output::json(&Top {
                source,
                generation,
                kind,
                score,
                start,
                window,
                short,
                baseline,
                topics,
            })
        }
        Format::Csv => Output::print(&csv(&topics)),
        Format::Table => {
            Output::print(&table(args.only_kind(), score, &topics))?;
            let empty = bucket.filter(|_| topics.is_empty());
            let empty = empty.and_then(|bucket| newest::nothing_there(published, bucket));
            let short = short.map(|_| newest::INSUFFICIENT_HISTORY.to_owned());
            let uncounted = newest::uncounted(published, &args.kinds());
            uncounted.or(empty).or(short).map_or(Ok(()), |told| Output::print(&format!("{told}\n")))
        }
    }
}

fn csv(topics: &[(Kind, ScoredTopic)]) -> String {
    let mut text = String::from(
        "rank,kind,term,count,documents,authors,value,burst,growth,peak,popular,status,new,g2,log_ratio\n",
    );
    for (rank, (kind, topic)) in (1..).zip(topics) {
        let authors = topic.authors.map_or_else(String::new, |authors| authors.to_string());
        let burst = topic.burst.map_or_else(String::new, |burst| burst.to_string());
        let keyness = topic.compared.and_then(|compared| compared.keyness());
        let of = |number: fn(&Keyness) -> f64| {
            keyness.as_ref().map_or_else(String::new, |keyness| number(keyness).to_string())
        };
        let (g2, log_ratio) = (of(|keyness| keyness.g2), of(|keyness| keyness.log_ratio));
        let ScoredTopic { term, count, documents, value, growth, peak, popular, new, .. } = topic;
        let row = format!(
            "{rank},{kind},{},{count},{documents},{authors},{value},{burst},{growth},{peak},{popular},{},{new},{g2},{log_ratio}\n",
            quoted(term),
            status(topic.status),
        );
        text.push_str(&row);
    }
    text
}

fn table(kind: Option<Kind>, score: Score, topics: &[(Kind, ScoredTopic)]) -> String {
    let header = if score.needs_window() { "growth" } else { "times" };
    let rows = (1..).zip(topics).map(|(rank, (of, topic)): (usize, &(Kind, ScoredTopic))| {
        let shown = topic.form.as_ref().unwrap_or(&topic.term).clone();
        let keyness = topic.compared.and_then(|compared| compared.keyness());
        let (times, state) = match keyness {
            Some(keyness) => (keyness.log_ratio.exp2(), format!("G2 {:.1}", keyness.g2)),
            None if topic.new => (topic.growth, "new".to_owned()),
            None => (topic.growth, status(topic.status).to_owned()),
        };
        let mut row = vec![
            rank.to_string(),
            shown,
            format!("{:.2}", topic.value),
            format!("{times:.1}x"),
            tables::grouped(topic.documents),
            topic.authors.map_or_else(String::new, tables::grouped),
            state,
        ];
        row.extend(kind.is_none().then(|| of.name().to_owned()));
        row
    });
    let term = kind.map_or("term", Kind::name);
    let mut header = vec!["rank", term, score.name(), header, "records", "authors", "status"];
    header.extend(kind.is_none().then_some("kind"));
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
