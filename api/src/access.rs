//! The record of every request: its id, its line in the log, its metrics. Owns their names, and that
//! no label of a metric is of a caller's making.

use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method};
use axum::middleware::Next;
use axum::response::Response;
use tokio::time::Instant;
use tracing::Instrument as _;

/// Told with every answer; one that comes with a request is kept.
pub(crate) const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Longer ones are replaced.
const MAX_ID: usize = 128;

/// Where request ids come from. Clones share it.
#[derive(Debug, Clone)]
pub(crate) struct RequestIds {
    /// Tells processes apart.
    prefix: u64,
    next: Arc<AtomicU64>,
}

impl RequestIds {
    pub(crate) fn new() -> Self {
        // The keys of a hasher are the standard library's randomness; nothing depends on an id.
        Self { prefix: RandomState::new().build_hasher().finish(), next: Arc::default() }
    }

    /// The caller's, if it can stand in a log line, or a new one.
    fn of(&self, headers: &HeaderMap) -> HeaderValue {
        let fits = |id: &&HeaderValue| {
            let bytes = id.as_bytes();
            (1..=MAX_ID).contains(&bytes.len()) && bytes.iter().all(u8::is_ascii_graphic)
        };
        if let Some(id) = headers.get(REQUEST_ID).filter(fits) {
            return id.clone();
        }
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let id = format!("{:016x}-{number}", self.prefix);
        HeaderValue::try_from(id).unwrap_or_else(|_| HeaderValue::from(number))
    }
}

/// Lets a request through and records what became of it.
pub(crate) async fn record(
    State(ids): State<RequestIds>,
    request: Request,
    next: Next,
) -> Response {
    let began = Instant::now();
    let id = ids.of(request.headers());
    let route = request.extensions().get::<MatchedPath>();
    let route = route.map_or_else(|| "none".to_owned(), |route| route.as_str().to_owned());
    let method = name(request.method());
    let uri = request.uri().clone();
    // Of the highest level, so that an error says whose request it was however little is logged.
    let span = tracing::error_span!("request", id = id.to_str().unwrap_or_default());
    let mut response = next.run(request).instrument(span.clone()).await;

    let status = response.status().as_u16();
    let took = began.elapsed();
    span.in_scope(|| tracing::debug!(method, %uri, status, ?took, "answered"));
    let labels =
        [("route", route.clone()), ("method", method.to_owned()), ("status", status.to_string())];
    metrics::counter!("http_requests_total", &labels).increment(1);
    metrics::histogram!("http_request_duration_seconds", "route" => route)
        .record(took.as_secs_f64());
    response.headers_mut().insert(REQUEST_ID, id);
    response
}

/// A method as a label: callers may make up their own.
fn name(method: &Method) -> &'static str {
    const KNOWN: [&str; 7] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];
    KNOWN.into_iter().find(|known| *known == method.as_str()).unwrap_or("other")
}
