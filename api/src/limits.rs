//! What a request may cost: how many at once, how long each; and the record of it in metrics and log.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{MatchedPath, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use tokio::sync::Semaphore;
use tokio::time::{Instant, timeout};

use crate::problem::Problem;

#[derive(Debug, Clone)]
pub(crate) struct Limits {
    places: Arc<Semaphore>,
    timeout: Duration,
}

impl Limits {
    pub(crate) fn new(concurrency: usize, timeout: Duration) -> Self {
        Self { places: Arc::new(Semaphore::new(concurrency)), timeout }
    }
}

/// Lets a request through, or turns it away.
pub(crate) async fn limit(State(limits): State<Limits>, request: Request, next: Next) -> Response {
    let began = Instant::now();
    let path = request.extensions().get::<MatchedPath>();
    let route = path.map_or_else(|| "none".to_owned(), |path| path.as_str().to_owned());
    let method = request.method().clone();
    let response = match limits.places.try_acquire() {
        Ok(_place) => timeout(limits.timeout, next.run(request))
            .await
            .unwrap_or_else(|_| Problem::overloaded("the request took too long").into_response()),
        Err(_) => Problem::overloaded("too many requests at once").into_response(),
    };
    let status = response.status().as_u16();
    let took = began.elapsed();
    let labels = [("route", route.clone()), ("status", status.to_string())];
    metrics::counter!("http_requests_total", &labels).increment(1);
    metrics::histogram!("http_request_duration_seconds", "route" => route.clone())
        .record(took.as_secs_f64());
    tracing::debug!(%method, route, status, ?took, "answered");
    response
}
