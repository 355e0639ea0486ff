//! What there is to ask for: one file per resource, which owns its path, its answer and how OpenAPI
//! describes it. Routes, metrics, the document and the index all follow from [`all`].

mod compatible;
mod history;
pub(crate) mod index;
pub(crate) mod openapi;
mod scores;
mod sources;
mod topics;
mod trends;

use axum::routing::MethodRouter;
use serde_json::Value;

use crate::app::ApiState;
use crate::openapi::Schemas;

/// Something to ask for.
pub(crate) struct Resource {
    /// Where it is.
    pub(crate) path: &'static str,
    /// How it is answered.
    pub(crate) methods: fn() -> MethodRouter<ApiState>,
    /// Its GET as an OpenAPI operation.
    pub(crate) operation: fn(&mut Schemas) -> Value,
    /// Query parameters worth showing to who looks around.
    pub(crate) example: &'static str,
}

/// Everything.
pub(crate) const fn all() -> [Resource; 8] {
    [
        index::RESOURCE,
        openapi::RESOURCE,
        sources::RESOURCE,
        trends::RESOURCE,
        topics::RESOURCE,
        history::RESOURCE,
        scores::RESOURCE,
        compatible::RESOURCE,
    ]
}
