//! The record of every request: its id, its line in the log, its metrics. Owns what a line says.
//!
//! Lines have the target `access`: 500 is an error, 503 a warning, everything else information, so that
//! the filter `access=warn` leaves what failed.

mod counts;
mod request_id;

use std::sync::Arc;

use axum::extract::{MatchedPath, Request};
use axum::http::{HeaderValue, Method, StatusCode, Uri, header};
use axum::response::Response;
use tokio::time::Instant;
use tracing::{Level, event};

use crate::problem::Cause;
use counts::{Counts, NO_ROUTE};
pub(crate) use request_id::REQUEST_ID;
use request_id::RequestIds;

/// What records requests. Clones share it.
#[derive(Debug, Clone)]
pub(crate) struct Access(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    ids: RequestIds,
    counts: Counts,
}

impl Access {
    /// For requests to these routes.
    pub(crate) fn new(routes: impl Iterator<Item = &'static str>) -> Self {
        Self(Arc::new(Shared { ids: RequestIds::new(), counts: Counts::new(routes) }))
    }

    /// Has a request answered and records what became of it.
    pub(crate) async fn record<F: Future<Output = Response>>(
        &self,
        request: Request,
        answer: impl FnOnce(Request) -> F,
    ) -> Response {
        let Shared { ids, counts } = &*self.0;
        let began = Instant::now();
        let id = ids.of(request.headers());
        let route = request.extensions().get::<MatchedPath>().cloned();
        let (method, uri) = (request.method().clone(), request.uri().clone());
        let under_way = UnderWay::begin(counts);
        let mut response = answer(request).await;
        under_way.end();
        let route = route.as_ref().map_or(NO_ROUTE, MatchedPath::as_str);
        let line = Line {
            method: &method,
            uri: &uri,
            route,
            status: response.status(),
            seconds: began.elapsed().as_secs_f64(),
            id: &id,
        };
        line.write(&response);
        counts.answered(route, &method, line.status, line.seconds);
        response.headers_mut().insert(REQUEST_ID, id);
        response
    }
}

/// What a line of the log says.
struct Line<'a> {
    method: &'a Method,
    uri: &'a Uri,
    route: &'a str,
    status: StatusCode,
    seconds: f64,
    id: &'a HeaderValue,
}

impl Line<'_> {
    fn write(&self, response: &Response) {
        let Self { method, uri, route, status, seconds, id } = self;
        let (method, status) = (method.as_str(), status.as_u16());
        let id = id.to_str().unwrap_or_default();
        let encoding = response.headers().get(header::CONTENT_ENCODING);
        let encoding = encoding.and_then(|encoding| encoding.to_str().ok());
        let error = response.extensions().get::<Cause>().map(|cause| &*cause.0);
        // The level of an event is a constant.
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

/// A request under way; one that is dropped before it ends was abandoned by its caller.
struct UnderWay<'a> {
    counts: &'a Counts,
    ended: bool,
}

impl<'a> UnderWay<'a> {
    fn begin(counts: &'a Counts) -> Self {
        counts.under_way().increment(1.0);
        Self { counts, ended: false }
    }

    fn end(mut self) {
        self.ended = true;
    }
}

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        self.counts.under_way().decrement(1.0);
        if !self.ended {
            self.counts.abandoned().increment(1);
        }
    }
}
