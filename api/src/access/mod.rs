//! The record of every request: its id, its log line and its metrics. Owns the fields of the log
//! line.
//!
//! Lines have the target `access`: 500 is an error, 503 a warning, everything else information, so
//! that the filter `access=warn` shows failures only.

mod request_id;
mod request_metrics;

use std::sync::Arc;

use axum::extract::{MatchedPath, Request};
use axum::http::{HeaderValue, Method, StatusCode, Uri, header};
use axum::response::Response;
use tokio::time::Instant;
use tracing::{Level, event};

use crate::problem::Cause;
pub(crate) use request_id::REQUEST_ID;
use request_id::RequestIds;
use request_metrics::{NO_ROUTE, RequestMetrics};

/// The recorder of requests. Clones share it.
#[derive(Debug, Clone)]
pub(crate) struct Access(Arc<Recorder>);

#[derive(Debug)]
struct Recorder {
    ids: RequestIds,
    metrics: RequestMetrics,
}

impl Access {
    /// A recorder for these routes.
    pub(crate) fn new(routes: impl Iterator<Item = &'static str>) -> Self {
        Self(Arc::new(Recorder { ids: RequestIds::new(), metrics: RequestMetrics::new(routes) }))
    }

    /// Answers a request and records the outcome.
    pub(crate) async fn record<F: Future<Output = Response>>(
        &self,
        request: Request,
        answer: impl FnOnce(Request) -> F,
    ) -> Response {
        let Recorder { ids, metrics } = &*self.0;
        let began = Instant::now();
        let id = ids.of(request.headers());
        let route = request.extensions().get::<MatchedPath>().cloned();
        let (method, uri) = (request.method().clone(), request.uri().clone());
        let under_way = UnderWay::begin(metrics);
        let mut response = answer(request).await;
        under_way.end();
        let route = route.as_ref().map_or(NO_ROUTE, MatchedPath::as_str);
        let line = LogLine {
            method: &method,
            uri: &uri,
            route,
            status: response.status(),
            seconds: began.elapsed().as_secs_f64(),
            id: &id,
        };
        line.write(&response);
        metrics.answered(route, &method, line.status, line.seconds);
        response.headers_mut().insert(REQUEST_ID, id);
        response
    }
}

/// A log line.
struct LogLine<'a> {
    method: &'a Method,
    uri: &'a Uri,
    route: &'a str,
    status: StatusCode,
    seconds: f64,
    id: &'a HeaderValue,
}

impl LogLine<'_> {
    fn write(&self, response: &Response) {
        let Self { method, uri, route, status, seconds, id } = self;
        let (method, status) = (method.as_str(), status.as_u16());
        let id = id.to_str().unwrap_or_default();
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
    }
}

/// A request under way. If it is dropped before it ends, its caller abandoned it.
struct UnderWay<'a> {
    metrics: &'a RequestMetrics,
    ended: bool,
}

impl<'a> UnderWay<'a> {
    fn begin(metrics: &'a RequestMetrics) -> Self {
        metrics.under_way().increment(1.0);
        Self { metrics, ended: false }
    }

    fn end(mut self) {
        self.ended = true;
    }
}

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        self.metrics.under_way().decrement(1.0);
        if !self.ended {
            self.metrics.abandoned().increment(1);
        }
    }
}
