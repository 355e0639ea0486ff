//! `GET /api/v1/scores?source=&kind=&score=&window=&limit=`: the topics of a window by a score.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use axum::routing::get;
use questions::{ScoredAnswer, ScoredQuestion, schema};
use serde_json::{Value, json};
use trends::{Kind, Score};

use crate::problem::Problem;
use crate::request::{Parameters, RequestHead};
use crate::resource::Resource;
use crate::response::Content;
use crate::schemas::{Parameter, Schemas, operation, several_kinds};
use crate::state::ApiState;

const DEFAULT_LIMIT: u64 = 10;
const MAX_LIMIT: u64 = 1000;

pub(super) const RESOURCE: Resource = Resource {
    path: "/api/v1/scores",
    methods: || get(scores),
    operation: described,
    example: "?source=SOURCE&score=burst",
};

async fn scores(
    State(state): State<Arc<ApiState>>,
    request: RequestHead,
) -> Result<Response, Problem> {
    let parameters = request.parameters()?;
    let question = question(&parameters)?;
    let view = state.view(&parameters).await?;
    let make = async || Content::json(&question.answer(&view).await?);
    state.responses.respond(&request, std::slice::from_ref(&view), make).await
}

fn question(parameters: &Parameters<'_>) -> Result<ScoredQuestion, Problem> {
    parameters.only(&["source", "kind", "score", "window", "limit"])?;
    // At most 1,000.
    let limit = parameters.number("limit", 1..=MAX_LIMIT, DEFAULT_LIMIT)? as usize;
    let mut kinds = parameters.kinds()?;
    if kinds.is_empty() {
        kinds.insert(Kind::Word);
    }
    let score = parameters.first("score").unwrap_or(Score::Burst.name()).parse::<Score>();
    let score = score.map_err(|error| Problem::bad_request(error.to_string()))?;
    let window = parameters.first("window").map(str::to_owned);
    Ok(ScoredQuestion { kinds, score, window, limit })
}

fn described(schemas: &mut Schemas) -> Value {
    let parameter =
        |name, description, schema, required| Parameter { name, description, schema, required };
    let text = || json!({ "type": "string" });
    let parameters = [
        parameter("source", "The name it is published under.", text(), true),
        parameter(
            "kind",
            "The kinds of the terms; word by default. Several are one list, in which a phrase with 7 in 10 of their value stands for its words.",
            several_kinds(schemas),
            false,
        ),
        parameter(
            "score",
            "The score that ranks the topics; burst by default.",
            schema::scores(schemas.generator()).to_value(),
            false,
        ),
        parameter(
            "window",
            "Any time in the window (RFC 3339); the last window by default, and the only one for popular and chisquare.",
            text(),
            false,
        ),
        parameter(
            "limit",
            "The most topics of the answer.",
            json!({ "type": "integer", "minimum": 1, "maximum": MAX_LIMIT, "default": DEFAULT_LIMIT }),
            false,
        ),
    ];
    let answer = schemas.of::<ScoredAnswer>();
    operation("scores", "Topics of a window by a score", &parameters, &answer, &[400, 404, 500])
}
