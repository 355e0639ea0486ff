//! The service: its routes, and the layers around all of them.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse as _, Response};
use store::Store;

use crate::access::Access;
use crate::admission::AdmissionLimits;
use crate::problem::Problem;
use crate::resources::{self, index, openapi};
use crate::settings::Settings;
use crate::state::ApiState;
use crate::{cors, limits};

/// The whole service over a store.
pub fn app(store: Arc<dyn Store>, settings: &Settings) -> Router {
    let Settings { concurrency, queue, timeout, origins } = settings;
    let resources = resources::all();
    let state = ApiState::new(store, index::body(&resources), openapi::document(&resources));
    let admission = Arc::new(AdmissionLimits::new(*concurrency, *queue, *timeout));
    let access = Arc::new(Access::new(resources.iter().map(|resource| resource.path)));
    let routes = resources
        .into_iter()
        .fold(Router::new(), |router, resource| router.route(resource.path, (resource.methods)()));
    let app = routes
        .fallback(async || Problem::not_found("this path does not exist: / lists the paths"))
        .method_not_allowed_fallback(async || Problem::method_not_allowed());
    // The access record is the outermost layer, so that rejected requests are recorded, too.
    let app = match cors::layer(origins) {
        None => app.layer(from_fn_with_state((access, admission), record_and_bound)),
        Some(cors) => app
            .layer(from_fn_with_state(admission, bound))
            .layer(cors)
            .layer(from_fn_with_state(access, record)),
    };
    app.with_state(Arc::new(state))
}

/// [`record`] and [`bound`] in one layer, for a service without CORS: a further layer would cost
/// every request half as much as the work inside it.
async fn record_and_bound(
    State((access, admission)): State<(Arc<Access>, Arc<AdmissionLimits>)>,
    request: Request,
    next: Next,
) -> Response {
    access.record(request, |request| bound(State(admission), request, next)).await
}

/// Answers a request, and records it in the log and the metrics.
async fn record(State(access): State<Arc<Access>>, request: Request, next: Next) -> Response {
    access.record(request, |request| next.run(request)).await
}

/// Answers a request if it is within all limits, else with a problem.
async fn bound(
    State(admission): State<Arc<AdmissionLimits>>,
    request: Request,
    next: Next,
) -> Response {
    match limits::check(request.uri(), request.headers()) {
        Ok(()) => admission.answer(next.run(request)).await,
        Err(problem) => problem.into_response(),
    }
}

#[cfg(test)]
mod tests;
