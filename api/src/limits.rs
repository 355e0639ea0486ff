//! What requests may cost: how many at once, how long each. Nobody queues: who comes too many is told
//! to come again, so that those inside are answered in time.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use tokio::sync::Semaphore;
use tokio::time::timeout;

use crate::problem::Problem;

/// The bounds. Clones share them.
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
    let Ok(_place) = limits.places.try_acquire() else {
        return Problem::overloaded("too many requests at once").into_response();
    };
    let answer = timeout(limits.timeout, next.run(request)).await;
    answer.unwrap_or_else(|_| {
        tracing::warn!(after = ?limits.timeout, "a request took too long");
        Problem::overloaded("the request took too long").into_response()
    })
}
