//! `GET /api/v1/sources`: what is published.

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use serde::Serialize;
use store::Published;
use trends::{Kind, RecordCounts};

use crate::app::ApiState;
use crate::etag;
use crate::problem::Problem;
use crate::query::Parameters;

#[derive(Debug, Serialize)]
struct Sources {
    sources: Vec<Source>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Source {
    #[serde(rename = "source")]
    name: String,
    generation: u64,
    run: String,
    published_at: String,
    incomplete: bool,
    digest: String,
    topics: u64,
    records: RecordCounts,
}

impl Source {
    fn of(published: &Published) -> Self {
        let generation = published.generation();
        Self {
            name: generation.source.to_string(),
            generation: generation.generation,
            run: generation.run.to_string(),
            published_at: generation.published_at.clone(),
            incomplete: generation.incomplete,
            digest: published.digest().to_owned(),
            topics: published.topics(Kind::Word),
            records: published.records().clone(),
        }
    }
}

pub(crate) async fn get(
    State(state): State<ApiState>,
    headers: HeaderMap,
    parameters: Parameters,
) -> Result<Response, Problem> {
    parameters.only(&[])?;
    let mut newest = Vec::new();
    for name in state.current.names().await?.iter() {
        newest.extend(state.current.of(name.as_str()).await?);
    }
    let tag = etag::of_all(newest.iter().map(|published| published.generation()));
    let sources = newest.iter().map(|published| Source::of(published)).collect();
    etag::answer_json(&headers, &tag, &Sources { sources })
}
