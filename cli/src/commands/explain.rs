//! `trendjob explain SOURCE TERM`: every input and step of a term's scores in a window.

use serde::Serialize;
use trends::Kind;
use trends::scores::Explanation;

use super::newest;
use crate::args::{ExplainArgs, Format};
use crate::failure::Failure;
use crate::output::Output;

#[derive(Debug, Serialize)]
struct Explained<'a> {
    source: &'a str,
    generation: u64,
    kind: Kind,
    term: &'a str,
    start: String,
    #[serde(flatten)]
    explanation: Explanation,
}

/// Prints how the scores came about.
pub(crate) async fn explain(args: &ExplainArgs) -> Result<(), Failure> {
    let ExplainArgs { term: asked, window, output } = args;
    let published = newest::newest(&asked.place, &asked.source).await?;
    let length = newest::window_length(&published)?;
    let bucket = window.as_ref().map(|time| newest::bucket(&published, time)).transpose()?;
    let term = newest::term(&published, asked);
    if published.topic(asked.kind, &term).await?.is_none() {
        return Err(newest::unknown_term(&published, asked.kind, &term));
    }
    let source = asked.source.as_str();
    if published.index().gates.is_none() {
        let hint = "run it with --scores burst,peak,popular";
        return Err(Failure::permanent("NoScores", format!("{source} has no scores: {hint}")));
    }
    let explained = published.explain(asked.kind, &term, bucket).await?;
    let explanation = explained.ok_or_else(|| {
        Failure::permanent(
            "NoWindow",
            "there are no scores for this time: no record was counted then, or the window was not over"
                .to_owned(),
        )
    })?;
    let start = newest::begins(explanation.score.bucket, length);
    let generation = published.generation().generation;
    if *output == Format::Json {
        let kind = asked.kind;
        return Output::json(&Explained {
            source,
            generation,
            kind,
            term: &term,
            start,
            explanation,
        });
    }
    let kind = asked.kind;
    Output::print(&format!(
        "{kind} {term} of {source}, window of {length} s from {start}\n{explanation}\n"
    ))
}
