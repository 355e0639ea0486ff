//! The access log: the id, the log line and the metrics of every request. Owns the fields of the
//! log line.
//!
//! Lines have the target `access`: 500 is an error, 503 a warning, everything else information, so
//! that the filter `access=warn` shows failures only.

mod request_id;
mod request_metrics;

use axum::extract::{MatchedPath, Request};
use axum::http::header;
use axum::response::Response;
use tokio::time::Instant;
use tracing::{Level, event};

use crate::problem::Cause;
pub(crate) use request_id::REQUEST_ID;
use request_id::RequestIds;
use request_metrics::{NO_ROUTE, RequestMetrics};

/// The recorder of requests.
#[derive(Debug)]
pub(crate) struct Access {
    ids: RequestIds,
    metrics: RequestMetrics,
}

impl Access {
    /// A recorder for these routes.
    pub(crate) fn new(routes: impl Iterator<Item = &'static str>) -> Self {
        Self { ids: RequestIds::new(), metrics: RequestMetrics::new(routes) }
    }

    /// Answers a request, and records it in the log and the metrics.
    pub(crate) async fn record<F: Future<Output = Response>>(
        &self,
        request: Request,
        answer: impl FnOnce(Request) -> F,
    ) -> Response {
        let began = Instant::now();
        let request_id = self.ids.of(request.headers());
        let route = request.extensions().get::<MatchedPath>().cloned();
        let (method, uri) = (request.method().clone(), request.uri().clone());
        let under_way = ActiveRequest::begin(&self.metrics);
        let mut response = answer(request).await;
        under_way.end();
        let route = route.as_ref().map_or(NO_ROUTE, MatchedPath::as_str);
        let seconds = began.elapsed().as_secs_f64();
        self.metrics.answered(route, &method, response.status(), seconds);
        let (method, status) = (method.as_str(), response.status().as_u16());
        let id = request_id.to_str().unwrap_or_default();
        let encoding = response.headers().get(header::CONTENT_ENCODING);
        let encoding = encoding.and_then(|encoding| encoding.to_str().ok());
        let error = response.extensions().get::<Cause>().map(|cause| &*cause.0);
        // `event!` takes a constant level only.
        macro_rules! line {
            ($level:expr) => {
                event!(target: "access", $level, id, method, %uri, route, status, seconds, encoding, error, "answered")
            };
        }
        match status {
            503 => line!(Level::WARN),
            500.. => line!(Level::ERROR),
            _ => line!(Level::INFO),
        }
        response.headers_mut().insert(REQUEST_ID, request_id);
        response
    }
}

/// A request under way. If it is dropped before it ends, its caller abandoned it.
struct ActiveRequest<'a> {
    metrics: &'a RequestMetrics,
    ended: bool,
}

impl<'a> ActiveRequest<'a> {
    fn begin(metrics: &'a RequestMetrics) -> Self {
        metrics.under_way().increment(1.0);
        Self { metrics, ended: false }
    }

    fn end(mut self) {
        self.ended = true;
    }
}

impl Drop for ActiveRequest<'_> {
    fn drop(&mut self) {
        self.metrics.under_way().decrement(1.0);
        if !self.ended {
            self.metrics.abandoned().increment(1);
        }
    }
}
