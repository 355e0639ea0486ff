//! `GET /`: the paths of the API.

use axum::response::Response;
use axum::routing::get;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use super::{Resource, SharedState};
use crate::request::RequestHead;
use crate::schemas::{Schemas, operation};

pub(super) const RESOURCE: Resource =
    Resource { path: "/", methods: || get(index), operation: described, example: "" };

/// The paths of the API.
#[derive(Debug, Serialize, JsonSchema)]
struct Index {
    /// The name of the program.
    name: &'static str,
    /// Its version.
    version: &'static str,
    /// The paths, with example parameters.
    endpoints: Vec<String>,
}

/// Returns the body, which lists these resources.
pub(crate) fn body(resources: &[Resource]) -> String {
    let others = resources.iter().filter(|resource| resource.path != RESOURCE.path);
    let index = Index {
        name: "trendjob",
        version: env!("CARGO_PKG_VERSION"),
        endpoints: others.map(|other| format!("{}{}", other.path, other.example)).collect(),
    };
    serde_json::to_string(&index).unwrap_or_default() + "\n"
}

async fn index(state: SharedState, request: RequestHead) -> Response {
    state.index.respond(request.headers())
}

fn described(schemas: &mut Schemas) -> Value {
    operation("index", "The paths of this API", &[], &schemas.of::<Index>(), &[])
}
