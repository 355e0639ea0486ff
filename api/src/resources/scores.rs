//! `GET /api/v1/scores?source=&kind=&score=&window=&limit=`: the topics of a window by a score.

use std::sync::Arc;

use axum::routing::get;
use questions::{ScoredAnswer, ScoredQuestion, schema};
use serde_json::Value;
use store::View;
use trends::{Kind, Score};

use super::{Reply, Resource, SharedState};
use crate::problem::Problem;
use crate::request::{Parameters, RequestHead};
use crate::response::Content;
use crate::schemas::{Parameter, Schemas, operation};

pub(super) const RESOURCE: Resource = Resource {
    path: "/api/v1/scores",
    methods: || get(scores),
    operation: described,
    example: "?source=SOURCE&score=burst",
};

async fn scores(state: SharedState, request: RequestHead) -> Reply {
    let parameters = request.parameters()?;
    let question = &question(&parameters)?;
    let make = |view: Arc<View>| async move { Content::json(&question.answer(&view).await?) };
    state.respond(&request, parameters.source()?, make).await
}

fn question(parameters: &Parameters<'_>) -> Result<ScoredQuestion, Problem> {
    parameters.only(&["source", "kind", "score", "window", "limit"])?;
    let limit = parameters.limit()?;
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
    let score = schema::scores(schemas.generator()).to_value();
    let parameters = [
        Parameter::text("source", "The name of the source.").required(),
        Parameter::kinds(
            schemas,
            "The kinds of the terms; word by default. Several kinds give one list, in which a phrase with at least 7 in 10 of a word's value stands for the word.",
        ),
        Parameter::new("score", "The score that ranks the topics; burst by default.", score),
        Parameter::text(
            "window",
            "Any time in the window (RFC 3339); the last window by default, and the only one for popular and chisquare.",
        ),
        Parameter::limit(),
    ];
    let answer = schemas.of::<ScoredAnswer>();
    operation("scores", "Topics of a window by a score", &parameters, &answer, &[400, 404, 500])
}
