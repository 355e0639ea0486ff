//! `trendjob explain SOURCE TERM`: every input and step of what is published of a term.

use std::fmt;

use serde::Serialize;
use store::View;
use trends::facts::Margins;
use trends::scores::{ChiSquare, Explanation, Keyness, KeynessCounts, PairCounts};
use trends::{Bucket, Kind, Score, Topic};

use super::newest;
use crate::args::{ExplainArgs, Format, TermArgs};
use crate::failure::Failure;
use crate::output::Output;

#[derive(Debug, Serialize)]
struct Explained<'a> {
    source: &'a str,
    generation: u64,
    kind: Kind,
    term: &'a str,
    /// When the window begins.
    #[serde(skip_serializing_if = "Option::is_none")]
    start: Option<String>,
    #[serde(flatten)]
    explanation: Option<Explanation>,
    #[serde(skip_serializing_if = "Option::is_none")]
    phrase: Option<PairSteps>,
    #[serde(skip_serializing_if = "Option::is_none")]
    keyness: Option<Against>,
    #[serde(rename = "chiSquare", skip_serializing_if = "Option::is_none")]
    chi_square: Option<Days>,
}

/// Why two words are a phrase.
#[derive(Debug, Serialize)]
struct PairSteps {
    together: u64,
    left: u64,
    right: u64,
    pairs: u64,
    npmi: f64,
}

/// How a term compares with a baseline.
#[derive(Debug, Serialize)]
struct Against {
    #[serde(flatten)]
    compared: KeynessCounts,
    #[serde(flatten)]
    keyness: Keyness,
}

/// What Mastodon's score is made of.
#[derive(Debug, Serialize)]
struct Days {
    value: f64,
    /// When the window begins that it is told of: the last one.
    start: String,
    /// All up to it, for what is kept may be older than what was kept in its place.
    windows: Vec<DaySoFar>,
}

/// The authors of a calendar day, up to the end of a window.
#[derive(Debug, Serialize)]
struct DaySoFar {
    start: String,
    authors: u64,
}

/// Prints how the scores came about.
pub(crate) async fn explain(args: &ExplainArgs) -> Result<(), Failure> {
    let ExplainArgs { term: asked, window, output } = args;
    let published = newest::newest(&asked.place, &asked.source).await?;
    let term = newest::term(&published, asked);
    let topic = published.topic(asked.kind, &term).await?;
    let topic = topic.ok_or_else(|| newest::unknown_term(&published, asked.kind, &term))?;
    let (start, explanation) = over_time(&published, asked, &topic, window.as_ref()).await?;
    let explained = Explained {
        source: asked.source.as_str(),
        generation: published.generation().generation,
        kind: asked.kind,
        term: &term,
        start,
        explanation,
        phrase: npmi(&published, &topic),
        keyness: against(&published, &topic).await?,
        chi_square: days(&published, &topic).await?,
    };
    if explained.is_empty() {
        let source = &asked.source;
        let why = if published.index().scores.contains(&Score::Keyness) {
            format!(
                "{term} is not among those that stand out most against the baseline: its G2 is below 15.13, it is rarer here \
                 than there, or 10,000 others are before it"
            )
        } else {
            format!("{source} has no scores: run it with --window 1h --scores burst,peak,popular")
        };
        return Err(Failure::permanent("NoScores", why));
    }
    match output {
        Format::Json => Output::json(&explained),
        _ => Output::print(&explained.to_string()),
    }
}

/// Burst, peak and popular in a window, where the run has scores over time.
async fn over_time(
    published: &View,
    asked: &TermArgs,
    topic: &Topic,
    window: Option<&String>,
) -> Result<(Option<String>, Option<Explanation>), Failure> {
    if window.is_some() {
        newest::window_length(published)?;
    }
    if published.index().gates.is_none() {
        return Ok((None, None));
    }
    let length = newest::window_length(published)?;
    let bucket = window.map(|time| newest::bucket(published, time)).transpose()?;
    let floor = u64::from(published.index().series_floor.unwrap_or(0));
    if topic.count < floor {
        return Err(newest::no_series(published, asked.kind, &topic.term, Some(topic)));
    }
    let explained = published.explain(asked.kind, &topic.term, bucket).await?;
    let explanation = explained.ok_or_else(|| {
        let latest = published.windows().and_then(|windows| windows.closed().last().copied());
        let asked = bucket.or(latest).unwrap_or_default();
        let mut why = "there are no scores for this time: no record was counted then, or the window was not over".to_owned();
        if newest::is_short(published, Score::Burst, Some(asked)) {
            why.push_str("; ");
            why.push_str(newest::INSUFFICIENT_HISTORY);
        }
        Failure::permanent("NoWindow", why)
    })?;
    let start = newest::begins(explanation.score.bucket, length);
    Ok((Some(start), Some(explanation)))
}

fn npmi(published: &View, topic: &Topic) -> Option<PairSteps> {
    let Margins { left, right } = topic.facts.margins?;
    let (together, pairs) = (topic.count, published.index().pairs?);
    let npmi = PairCounts { together, left, right, pairs }.npmi()?;
    Some(PairSteps { together, left, right, pairs, npmi })
}

async fn against(published: &View, topic: &Topic) -> Result<Option<Against>, Failure> {
    if !published.index().scores.contains(&Score::Keyness) {
        return Ok(None);
    }
    let ranked = published.scored(topic.kind, Score::Keyness, None, 0, usize::MAX).await?;
    let found = ranked.into_iter().find(|ranked| ranked.term == topic.term);
    let compared = found.and_then(|found| found.compared);
    Ok(compared.and_then(|compared| Some(Against { compared, keyness: compared.keyness()? })))
}

async fn days(published: &View, topic: &Topic) -> Result<Option<Days>, Failure> {
    let Some(totals) =
        published.windows().filter(|_| published.index().scores.contains(&Score::ChiSquare))
    else {
        return Ok(None);
    };
    let length = totals.window().get().into();
    let series = published.series(topic.kind, &topic.term).await?;
    let days = series.iter().filter(|window| window.bucket != Bucket::WHOLE);
    let days: Vec<_> = days.filter_map(|window| Some((window.bucket.0, window.today?))).collect();
    let latest = totals.closed().last().copied().unwrap_or_default();
    let shown = |(bucket, authors): &(i64, u64)| DaySoFar {
        start: newest::begins(*bucket, length),
        authors: *authors,
    };
    let windows = days.iter().filter(|(bucket, _)| *bucket <= latest).map(shown).collect();
    let (value, start) = (ChiSquare::latest(totals, &days), newest::begins(latest, length));
    Ok(Some(Days { value, start, windows }))
}

impl Explained<'_> {
    fn is_empty(&self) -> bool {
        let Self { explanation, phrase, keyness, chi_square, .. } = self;
        explanation.is_none() && phrase.is_none() && keyness.is_none() && chi_square.is_none()
    }
}

impl fmt::Display for Explained<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { source, kind, term, .. } = self;
        if let (Some(start), Some(explanation)) = (&self.start, &self.explanation) {
            writeln!(f, "{kind} {term} of {source}, window from {start}\n{explanation}")?;
        } else {
            writeln!(f, "{kind} {term} of {source}")?;
        }
        if let Some(PairSteps { together, left, right, pairs, npmi }) = &self.phrase {
            writeln!(
                f,
                "phrase     NPMI = ln({together} x {pairs} / ({left} x {right})) / -ln({together} / {pairs}) = {npmi:.4}; a phrase has at least 0.3"
            )?;
        }
        if let Some(Against { compared, keyness }) = &self.keyness {
            let KeynessCounts { documents, all, baseline_documents, baseline_all } = compared;
            let Keyness { g2, log_ratio, lower } = keyness;
            writeln!(
                f,
                "keyness    {documents} of {all} records, in the baseline {baseline_documents} of {baseline_all}: G2 = {g2:.2}, log ratio = {log_ratio:.4}, its lower bound = {lower:.4}"
            )?;
        }
        if let Some(Days { value, start, windows }) = &self.chi_square {
            writeln!(
                f,
                "chisquare  {value:.4} in the last window, from {start}, by the authors of each day (UTC) so far:"
            )?;
            for DaySoFar { start, authors } in windows {
                writeln!(f, "           by the end of the window from {start}: {authors}")?;
            }
        }
        Ok(())
    }
}
