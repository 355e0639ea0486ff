//! `GET /api/v1/openapi.json`: the OpenAPI document of all this.

use axum::extract::State;
use axum::response::Response;
use axum::routing::get;
use serde_json::{Value, json};

use super::Resource;
use crate::answer::{Answer, etag};
use crate::app::ApiState;
use crate::openapi::{Schemas, document, operation};
use crate::query::Question;

pub(super) const RESOURCE: Resource = Resource {
    path: "/api/v1/openapi.json",
    methods: || get(openapi),
    operation: described,
    example: "",
};

/// The answer, the same for all.
pub(crate) fn answer() -> Answer {
    let body = document();
    Answer::new(etag::of_text(&body), body)
}

async fn openapi(State(ApiState(state)): State<ApiState>, question: Question) -> Response {
    state.document.to(question.headers())
}

fn described(_: &mut Schemas) -> Value {
    operation("openapi", "This document", &[], &json!({ "type": "object" }), &[])
}
