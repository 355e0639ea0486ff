//! `GET /api/v1/history?source=&kind=&term=`: how often a term was seen in each window.

use axum::extract::State;
use axum::response::Response;
use axum::routing::get;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;
use store::published::WindowCount;
use trends::{Bucket, Kind};

use super::Resource;
use crate::answer::{Answer, etag};
use crate::app::ApiState;
use crate::openapi::{Schemas, kinds, operation};
use crate::problem::Problem;
use crate::query::Question;
use crate::term::{self, TermQuestion};
use crate::windows;

pub(super) const RESOURCE: Resource = Resource {
    path: "/api/v1/history",
    methods: || get(history),
    operation: described,
    example: "?source=SOURCE&term=TERM",
};

/// The windows a term was seen in, of one generation of a source.
#[derive(Debug, Serialize, JsonSchema)]
struct History<'a> {
    /// The name it is published under.
    source: &'a str,
    /// The generation all of this is from.
    generation: u64,
    /// What sort of term.
    #[schemars(schema_with = "kinds")]
    kind: Kind,
    /// The term, as it is counted.
    term: &'a str,
    /// The length of a window in seconds.
    window: u64,
    /// The windows the term is in, ascending; in all others it is not.
    windows: Vec<Seen>,
    /// The same of records without a time; absent if there are none.
    #[serde(skip_serializing_if = "Option::is_none")]
    undated: Option<Counts>,
}

/// A term in a window.
#[derive(Debug, Serialize, JsonSchema)]
struct Seen {
    /// When the window begins (RFC 3339).
    start: String,
    #[serde(flatten)]
    counts: Counts,
}

/// How often a term was seen.
#[derive(Debug, Serialize, JsonSchema)]
struct Counts {
    /// How often it occurred.
    count: u64,
    /// In how many records.
    documents: u64,
    /// By how many authors: exact up to 32, estimated above; absent where records have none.
    #[serde(skip_serializing_if = "Option::is_none")]
    authors: Option<u64>,
}

impl Counts {
    const fn of(counted: &WindowCount) -> Self {
        let WindowCount { count, documents, authors, .. } = *counted;
        Self { count, documents, authors }
    }
}

async fn history(
    State(ApiState(state)): State<ApiState>,
    question: Question,
) -> Result<Response, Problem> {
    let parameters = question.parameters()?;
    parameters.only(&term::PARAMETERS)?;
    let asked = TermQuestion::of(&state, &parameters).await?;
    let results = [asked.published.clone()];
    let make = async || {
        let TermQuestion { published, kind, term } = &asked;
        let window = windows::length(published)?;
        let series = published.series(*kind, term).await?;
        if series.is_empty() {
            let topic = published.topic(*kind, term).await?;
            return Err(topic.map_or_else(|| asked.unknown(), |topic| asked.below_floor(&topic)));
        }
        let is_dated = |counted: &&WindowCount| counted.bucket != Bucket::WHOLE;
        let seen = |counted: &WindowCount| Seen {
            start: windows::begins(counted.bucket.0, window),
            counts: Counts::of(counted),
        };
        let generation = published.generation();
        let answer = History {
            source: generation.source.as_str(),
            generation: generation.generation,
            kind: *kind,
            term,
            window,
            windows: series.iter().filter(is_dated).map(seen).collect(),
            undated: series.iter().find(|counted| !is_dated(counted)).map(Counts::of),
        };
        Answer::json(etag::of(published, &["history", kind.name(), term]), &answer)
    };
    state.answers.answer(&question, &results, make).await
}

fn described(schemas: &mut Schemas) -> Value {
    let parameters = term::described(schemas);
    let answer = schemas.of::<History<'_>>();
    operation("history", "A term over time", &parameters, &answer, &[400, 404, 500])
}
