//! Probes and metrics on a port of their own: `/livez`, `/readyz`, `/metrics`. Owns the rule for
//! readiness: a process is ready once it and everything that it registered is.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use axum::Router;
use axum::http::{StatusCode, header};
use axum::routing::get;
use parking_lot::Mutex;

/// The readiness of a process to do its work. Clones share their state.
#[derive(Debug, Clone, Default)]
pub struct Readiness {
    process: ReadyFlag,
    registered: Arc<Mutex<Vec<(&'static str, ReadyFlag)>>>,
}

/// The readiness of one part of a process. Clones share their state; `Readiness` keeps it after all
/// of them are dropped.
#[derive(Debug, Clone, Default)]
pub struct ReadyFlag(Arc<AtomicBool>);

impl Readiness {
    /// Sets the readiness of the process itself: it has started, and every part that it waits for
    /// is registered.
    pub fn set(&self, ready: bool) {
        self.process.set(ready);
    }

    /// Adds a part that must be ready, too. It isn't ready until its flag is set; `/readyz` shows
    /// its name until then.
    #[must_use = "without it the process never becomes ready"]
    pub fn register(&self, name: &'static str) -> ReadyFlag {
        let flag = ReadyFlag::default();
        self.registered.lock().push((name, flag.clone()));
        flag
    }

    /// Returns the names of the parts that aren't ready.
    fn missing(&self) -> Vec<&'static str> {
        let registered = self.registered.lock();
        let process = (!self.process.get()).then_some("process");
        let others = registered.iter().filter(|(_, flag)| !flag.get()).map(|(name, _)| *name);
        process.into_iter().chain(others).collect()
    }
}

impl ReadyFlag {
    /// Sets the readiness of this part.
    pub fn set(&self, ready: bool) {
        self.0.store(ready, Ordering::Relaxed);
    }

    fn get(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// Returns the routes of a process that is alive as long as it answers.
pub fn probes(readiness: Readiness) -> Router {
    probes_while(readiness, || Ok(()))
}

/// Returns the routes of a process that is alive as long as `alive` returns `Ok`; an error is the
/// reason that `/livez` shows.
pub fn probes_while(
    readiness: Readiness,
    alive: impl Fn() -> Result<(), String> + Clone + Send + Sync + 'static,
) -> Router {
    let alive = async move || match alive() {
        Ok(()) => (StatusCode::OK, "alive\n".to_owned()),
        Err(why) => (StatusCode::SERVICE_UNAVAILABLE, format!("not alive: {why}\n")),
    };
    let ready = async move || {
        let missing = readiness.missing();
        if missing.is_empty() {
            (StatusCode::OK, "ready\n".to_owned())
        } else {
            (StatusCode::SERVICE_UNAVAILABLE, format!("not ready: {}\n", missing.join(", ")))
        }
    };
    let metrics =
        async || ([(header::CONTENT_TYPE, crate::metrics::CONTENT_TYPE)], crate::metrics::render());
    Router::new()
        .route("/livez", get(alive))
        .route("/readyz", get(ready))
        .route("/metrics", get(metrics))
}

#[cfg(test)]
mod tests {
    use axum::body::{Body, to_bytes};
    use axum::http::Request;
    use tower::ServiceExt as _;

    use super::*;

    async fn ask(readiness: &Readiness, path: &str) -> (u16, String) {
        let request = Request::get(path).body(Body::empty()).unwrap();
        let response = probes(readiness.clone()).oneshot(request).await.unwrap();
        let status = response.status().as_u16();
        let body = to_bytes(response.into_body(), usize::MAX).await.unwrap();
        (status, String::from_utf8(body.to_vec()).unwrap())
    }

    #[tokio::test]
    async fn a_process_is_ready_once_it_and_all_its_parts_are() {
        let readiness = Readiness::default();
        let (store, plan) = (readiness.register("store"), readiness.register("plan"));
        let not = |what: &str| (503, format!("not ready: {what}\n"));
        assert_eq!(ask(&readiness, "/readyz").await, not("process, store, plan"));
        readiness.set(true);
        plan.set(true);
        assert_eq!(ask(&readiness, "/readyz").await, not("store"));
        store.set(true);
        assert_eq!(ask(&readiness, "/readyz").await, (200, "ready\n".to_owned()));
        store.set(false);
        drop(store);
        assert_eq!(ask(&readiness, "/readyz").await, not("store"));
        assert_eq!(ask(&readiness, "/livez").await.0, 200);
    }

    #[tokio::test]
    async fn metrics_have_the_content_type_of_prometheus() {
        let request = Request::get("/metrics").body(Body::empty()).unwrap();
        let response = probes(Readiness::default()).oneshot(request).await.unwrap();
        assert_eq!(response.headers()[header::CONTENT_TYPE], crate::metrics::CONTENT_TYPE);
    }
}
