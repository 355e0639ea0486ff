//! `GET /api/v1/trends?source=&limit=`: the topics of a source by rank.

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use serde::Serialize;
use trends::kind::UnknownKind;
use trends::{Kind, Topic};

use crate::app::ApiState;
use crate::etag;
use crate::problem::Problem;
use crate::query::Parameters;

const DEFAULT_LIMIT: u64 = 10;
const MAX_LIMIT: u64 = 1000;

#[derive(Debug, Serialize)]
struct Trends<'a> {
    source: &'a str,
    generation: u64,
    kind: Kind,
    total: u64,
    topics: Vec<Ranked>,
}

#[derive(Debug, Serialize)]
struct Ranked {
    rank: u64,
    #[serde(flatten)]
    topic: Topic,
}

pub(crate) async fn get(
    State(state): State<ApiState>,
    headers: HeaderMap,
    parameters: Parameters,
) -> Result<Response, Problem> {
    parameters.only(&["source", "kind", "limit", "offset"])?;
    let limit = parameters.number("limit", 1..=MAX_LIMIT, DEFAULT_LIMIT)?;
    let offset = parameters.number("offset", 0..=u64::from(u32::MAX), 0)?;
    let kind: Result<Kind, UnknownKind> = parameters.first("kind").unwrap_or("word").parse();
    let kind = kind.map_err(|error| Problem::bad_parameter(error.to_string()))?;
    let source = parameters.first("source").ok_or_else(|| {
        Problem::bad_parameter("source is missing: /api/v1/sources lists what is published")
    })?;
    let published =
        state.current.of(source).await?.ok_or_else(|| Problem::unknown_source(source))?;
    // At most 1,000.
    let topics = published.ranked(kind, offset, limit as usize).await?;
    let answer = Trends {
        source,
        generation: published.generation().generation,
        kind,
        total: published.topics(kind),
        topics: (offset + 1..).zip(topics).map(|(rank, topic)| Ranked { rank, topic }).collect(),
    };
    let question = ["trends", kind.name(), &limit.to_string(), &offset.to_string()];
    let tag = etag::of(published.generation(), &question);
    etag::answer_json(&headers, &tag, &answer)
}
