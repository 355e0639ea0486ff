//! A resource of the API: its path, its handler and its part of the OpenAPI document.

use std::sync::Arc;

use axum::routing::MethodRouter;
use serde_json::Value;

use crate::schemas::Schemas;
use crate::state::ApiState;

/// A resource.
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
