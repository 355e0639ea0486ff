//! `GET /api/v1/history?source=&kind=&term=`: the counts of one term in each window.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use axum::routing::get;
use questions::HistoryAnswer;
use serde_json::Value;

use crate::problem::Problem;
use crate::request::RequestHead;
use crate::resource::Resource;
use crate::response::Content;
use crate::schemas::{Schemas, operation};
use crate::state::ApiState;
use crate::term;

pub(super) const RESOURCE: Resource = Resource {
    path: "/api/v1/history",
    methods: || get(history),
    operation: described,
    example: "?source=SOURCE&term=TERM",
};

async fn history(
    State(state): State<Arc<ApiState>>,
    request: RequestHead,
) -> Result<Response, Problem> {
    let parameters = request.parameters()?;
    let question = term::question(&parameters)?;
    let view = state.view(&parameters).await?;
    let make = async || Content::json(&question.history(&view).await?);
    state.responses.respond(&request, std::slice::from_ref(&view), make).await
}

fn described(schemas: &mut Schemas) -> Value {
    let parameters = term::described(schemas);
    let answer = schemas.of::<HistoryAnswer>();
    operation("history", "A term over time", &parameters, &answer, &[400, 404, 500])
}
