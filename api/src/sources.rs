//! `GET /api/v1/sources`: what is published.

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use trends::{Kind, RecordCounts};

use crate::app::ApiState;
use crate::problem::Problem;
use crate::query::Parameters;

/// The list.
#[derive(Debug, Serialize)]
pub(crate) struct Sources {
    sources: Vec<Source>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Source {
    source: String,
    generation: u64,
    run: String,
    published_at: String,
    incomplete: bool,
    digest: String,
    topics: u64,
    records: RecordCounts,
}

pub(crate) async fn get(
    State(state): State<ApiState>,
    parameters: Parameters,
) -> Result<Json<Sources>, Problem> {
    parameters.only(&[])?;
    let mut sources = Vec::new();
    for name in state.current.names().await? {
        if let Some(published) = state.current.of(name.as_str()).await? {
            let generation = published.generation();
            sources.push(Source {
                source: name.to_string(),
                generation: generation.generation,
                run: generation.run.to_string(),
                published_at: generation.published_at.clone(),
                incomplete: generation.incomplete,
                digest: published.digest().to_owned(),
                topics: published.topics(Kind::Word),
                records: published.records().clone(),
            });
        }
    }
    Ok(Json(Sources { sources }))
}
