//! The resources of the API: one file each, which owns its path, its handler and its OpenAPI
//! operation; the two resources about one term share a file. Routes, metrics, the document and the
//! index all follow from [`all`].

mod compatible;
pub(crate) mod index;
pub(crate) mod openapi;
mod scores;
mod sources;
mod term;
mod trends;

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use axum::routing::MethodRouter;
use serde_json::Value;

use crate::problem::Problem;
use crate::schemas::Schemas;
use crate::state::ApiState;

/// A resource of the API.
pub(crate) struct Resource {
    /// Its path.
    pub(crate) path: &'static str,
    /// Its handlers by method.
    pub(crate) methods: fn() -> MethodRouter<Arc<ApiState>>,
    /// Its GET as an OpenAPI operation.
    pub(crate) operation: fn(&mut Schemas) -> Value,
    /// Query parameters for the index to show.
    pub(crate) example: &'static str,
}

/// The state, as handlers take it.
type SharedState = State<Arc<ApiState>>;

/// The result of a handler.
type Reply = Result<Response, Problem>;

/// Returns all resources.
pub(crate) const fn all() -> [Resource; 8] {
    [
        index::RESOURCE,
        openapi::RESOURCE,
        sources::RESOURCE,
        trends::RESOURCE,
        term::TOPICS,
        term::HISTORY,
        scores::RESOURCE,
        compatible::RESOURCE,
    ]
}
