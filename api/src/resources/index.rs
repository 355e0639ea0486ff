//! `GET /`: what there is.

use axum::extract::State;
use axum::response::Response;
use axum::routing::get;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use super::Resource;
use crate::answer::{Answer, etag};
use crate::app::ApiState;
use crate::openapi::{Schemas, operation};
use crate::query::Question;

pub(super) const RESOURCE: Resource =
    Resource { path: "/", methods: || get(index), operation: described, example: "" };

/// What there is.
#[derive(Debug, Serialize, JsonSchema)]
struct Index {
    /// The name of the program.
    name: &'static str,
    /// Its version.
    version: &'static str,
    /// What can be asked for, with parameters worth a try.
    endpoints: Vec<String>,
}

/// The answer, the same for all.
pub(crate) fn answer() -> Answer {
    let others = super::all().into_iter().filter(|resource| resource.path != RESOURCE.path);
    let index = Index {
        name: "trendjob",
        version: env!("CARGO_PKG_VERSION"),
        endpoints: others.map(|other| format!("{}{}", other.path, other.example)).collect(),
    };
    let body = serde_json::to_string(&index).unwrap_or_default() + "\n";
    Answer::new(etag::of_text(&body), body)
}

async fn index(State(ApiState(state)): State<ApiState>, question: Question) -> Response {
    state.index.to(question.headers())
}

fn described(schemas: &mut Schemas) -> Value {
    operation("index", "What there is", &[], &schemas.of::<Index>(), &[])
}
