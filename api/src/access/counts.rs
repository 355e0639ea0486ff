//! Metrics of requests, by route, method and status. Owns their names, and that no label is of a
//! caller's making. Each is registered when it is first needed and then kept at hand: looking one up
//! costs more than making most answers.

use std::sync::OnceLock;

use axum::http::{Method, StatusCode};
use metrics::{Counter, Gauge, Histogram, counter, gauge, histogram};

/// The route of requests that have none.
pub(super) const NO_ROUTE: &str = "none";

/// Methods as labels: callers may make up their own.
const METHODS: [&str; 8] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "other"];

/// Every status that is answered, and what any other would be counted as.
const STATUSES: [(u16, &str); 11] = [
    (200, "200"),
    (304, "304"),
    (400, "400"),
    (404, "404"),
    (405, "405"),
    (410, "410"),
    (414, "414"),
    (431, "431"),
    (500, "500"),
    (503, "503"),
    (0, "other"),
];

/// The metrics of all routes.
pub(super) struct Counts {
    routes: Vec<Route>,
    under_way: OnceLock<Gauge>,
    abandoned: OnceLock<Counter>,
}

/// Those of one.
struct Route {
    path: &'static str,
    seconds: OnceLock<Histogram>,
    answered: [[OnceLock<Counter>; STATUSES.len()]; METHODS.len()],
}

impl Counts {
    /// Metrics of these routes, and of requests without one.
    pub(super) fn new(paths: impl Iterator<Item = &'static str>) -> Self {
        let routes = [NO_ROUTE].into_iter().chain(paths).map(|path| Route {
            path,
            seconds: OnceLock::new(),
            answered: Default::default(),
        });
        Self { routes: routes.collect(), under_way: OnceLock::new(), abandoned: OnceLock::new() }
    }

    /// How many requests are under way.
    pub(super) fn under_way(&self) -> &Gauge {
        self.under_way.get_or_init(|| gauge!("http_requests_under_way"))
    }

    /// How many callers went away before they were answered.
    pub(super) fn abandoned(&self) -> &Counter {
        self.abandoned.get_or_init(|| counter!("http_requests_abandoned_total"))
    }

    /// Counts an answer.
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
        let last = STATUSES.len() - 1;
        let status = STATUSES.iter().position(|known| known.0 == status.as_u16()).unwrap_or(last);
        let counter = route.answered.get(method).and_then(|statuses| statuses.get(status));
        let labels = METHODS.get(method).zip(STATUSES.get(status));
        let Some((counter, (method, (_, status)))) = counter.zip(labels) else { return };
        counter
            .get_or_init(|| {
                let labels = [("route", path), ("method", method), ("status", status)];
                counter!("http_requests_total", &labels)
            })
            .increment(1);
    }
}

impl std::fmt::Debug for Counts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let routes: Vec<&str> = self.routes.iter().map(|route| route.path).collect();
        f.debug_struct("Counts").field("routes", &routes).finish_non_exhaustive()
    }
}
