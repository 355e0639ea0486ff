//! Metrics of requests, by route, method and status. Owns their names and their fixed labels, so
//! that callers can't make new ones. Each metric is registered when it is first used and then kept
//! here: a look-up costs more than most answers.

use std::sync::OnceLock;

use axum::http::{Method, StatusCode};
use metrics::{Counter, Gauge, Histogram, counter, gauge, histogram};

/// The route label of requests without a route.
pub(super) const NO_ROUTE: &str = "none";

/// The method labels; a method that a caller invents is `other`.
const METHODS: [&str; 8] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "other"];

/// The statuses of responses; any other one is `other`.
const STATUSES: [u16; 10] = [200, 304, 400, 404, 405, 410, 414, 431, 500, 503];

/// The metrics of all routes.
pub(super) struct RequestMetrics {
    routes: Vec<RouteMetrics>,
    under_way: OnceLock<Gauge>,
    abandoned: OnceLock<Counter>,
}

/// The metrics of a route.
struct RouteMetrics {
    path: &'static str,
    seconds: OnceLock<Histogram>,
    answered: [[OnceLock<Counter>; STATUSES.len() + 1]; METHODS.len()],
}

impl RequestMetrics {
    /// Metrics of these routes, and of requests without one.
    pub(super) fn new(paths: impl Iterator<Item = &'static str>) -> Self {
        let routes = [NO_ROUTE].into_iter().chain(paths).map(|path| RouteMetrics {
            path,
            seconds: OnceLock::new(),
            answered: Default::default(),
        });
        Self { routes: routes.collect(), under_way: OnceLock::new(), abandoned: OnceLock::new() }
    }

    /// The number of requests under way.
    pub(super) fn under_way(&self) -> &Gauge {
        self.under_way.get_or_init(|| gauge!("http_requests_under_way"))
    }

    /// The number of callers that left before they were answered.
    pub(super) fn abandoned(&self) -> &Counter {
        self.abandoned.get_or_init(|| counter!("http_requests_abandoned_total"))
    }

    /// Counts a response.
    pub(super) fn answered(&self, path: &str, method: &Method, status: StatusCode, seconds: f64) {
        let route = self.routes.iter().find(|route| route.path == path);
        let Some(route) = route.or_else(|| self.routes.first()) else { return };
        let path = route.path;
        route
            .seconds
            .get_or_init(|| histogram!("http_request_duration_seconds", "route" => path))
            .record(seconds);
        let last = METHODS.len() - 1;
        let method = METHODS.iter().position(|known| *known == method.as_str()).unwrap_or(last);
        let status = status.as_u16();
        let known = STATUSES.iter().position(|known| *known == status);
        let counters = route.answered.get(method).zip(METHODS.get(method));
        let Some((counters, method)) = counters else { return };
        let counter = counters.get(known.unwrap_or(STATUSES.len()));
        let register = || {
            let status = known.map_or_else(|| "other".to_owned(), |_| status.to_string());
            counter!("http_requests_total", "route" => path, "method" => *method, "status" => status)
        };
        if let Some(counter) = counter {
            counter.get_or_init(register).increment(1);
        }
    }
}

impl std::fmt::Debug for RequestMetrics {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let routes: Vec<&str> = self.routes.iter().map(|route| route.path).collect();
        f.debug_struct("RequestMetrics").field("routes", &routes).finish_non_exhaustive()
    }
}
