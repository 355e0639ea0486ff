//! The routes and what all of them share.

use std::sync::Arc;
use std::time::Duration;

use axum::routing::get;
use axum::{Json, Router, middleware};
use store::Store;

use crate::access::{RequestIds, record};
use crate::current::Current;
use crate::limits::{Limits, limit};
use crate::problem::Problem;
use crate::{compatible, ranked, sources};

/// What handlers share. Clones share it, too.
#[derive(Debug, Clone)]
pub struct ApiState {
    pub(crate) current: Arc<Current>,
    limits: Limits,
    ids: RequestIds,
}

impl ApiState {
    /// An API over a store, answering at most `concurrency` requests at once, each within `timeout`.
    pub fn new(store: Arc<dyn Store>, concurrency: usize, timeout: Duration) -> Self {
        let current = Arc::new(Current::new(store));
        Self { current, limits: Limits::new(concurrency, timeout), ids: RequestIds::new() }
    }
}

/// The whole service.
pub fn app(state: ApiState) -> Router {
    let (limits, ids) = (state.limits.clone(), state.ids.clone());
    Router::new()
        .route("/", get(index))
        .route("/api/trends", get(compatible::get))
        .route("/api/v1/sources", get(sources::get))
        .route("/api/v1/trends", get(ranked::get))
        .fallback(async || Problem::not_found("there is nothing here: see / for what there is"))
        .method_not_allowed_fallback(async || Problem::method_not_allowed())
        .layer(middleware::from_fn_with_state(limits, limit))
        // Outermost: who is turned away is recorded, too.
        .layer(middleware::from_fn_with_state(ids, record))
        .with_state(state)
}

/// What there is.
async fn index() -> Json<serde_json::Value> {
    Json(serde_json::json!({
        "name": "trendjob",
        "endpoints": [
            "/api/v1/sources",
            "/api/v1/trends?source=SOURCE&limit=10",
            "/api/trends?source=SOURCE&topic=TOPIC",
        ],
    }))
}

#[cfg(test)]
mod tests;
