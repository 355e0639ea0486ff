//! `GET /api/v1/openapi.json`: the OpenAPI document of all resources.

use axum::response::Response;
use axum::routing::get;
use serde_json::{Map, Value, json};

use super::{Resource, SharedState};
use crate::request::RequestHead;
use crate::schemas::{Schemas, operation, problems};

pub(super) const RESOURCE: Resource = Resource {
    path: "/api/v1/openapi.json",
    methods: || get(openapi),
    operation: described,
    example: "",
};

/// The document of these resources, as JSON in lines.
pub(crate) fn document(resources: &[Resource]) -> String {
    let mut schemas = Schemas::new();
    let paths = resources.iter().map(|resource| {
        let operation = (resource.operation)(&mut schemas);
        (resource.path.to_owned(), json!({ "get": operation }))
    });
    let paths: Map<String, Value> = paths.collect();
    let responses = problems(&mut schemas);
    let document = json!({
        "openapi": "3.1.0",
        "info": {
            "title": "TrendJob",
            "summary": "Trending terms of published results",
            "description": "Every answer is made from one generation of a source. Paths under /api/v1 change only by additions.",
            "version": env!("CARGO_PKG_VERSION"),
            "license": { "name": "Apache-2.0", "identifier": "Apache-2.0" },
        },
        "servers": [{ "url": "/" }],
        "paths": paths,
        "components": { "responses": responses, "schemas": schemas.finish() },
    });
    format!("{document:#}\n")
}

async fn openapi(state: SharedState, request: RequestHead) -> Response {
    state.document.respond(request.headers())
}

fn described(_: &mut Schemas) -> Value {
    operation("openapi", "This document", &[], &json!({ "type": "object" }), &[])
}
