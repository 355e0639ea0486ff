//! What requests may cost together: so many at once, so many waiting for that, none longer than it
//! may. Who comes too many is told to come again, so that those inside are answered in time.

use std::time::Duration;

use axum::response::{IntoResponse as _, Response};
use tokio::sync::Semaphore;
use tokio::time::timeout;

use crate::problem::Problem;

/// The places there are.
#[derive(Debug)]
pub(crate) struct Places {
    /// Those of requests that are answered.
    answering: Semaphore,
    /// Those and the ones in the queue.
    inside: Semaphore,
    timeout: Duration,
}

impl Places {
    /// Places for so many at once, and so many in the queue.
    pub(crate) fn new(concurrency: usize, queue: usize, timeout: Duration) -> Self {
        let semaphore = |permits: usize| Semaphore::new(permits.min(Semaphore::MAX_PERMITS));
        Self {
            answering: semaphore(concurrency),
            inside: semaphore(concurrency.saturating_add(queue)),
            timeout,
        }
    }

    /// Answers a request when there is a place, or turns it away.
    pub(crate) async fn answer(&self, answer: impl Future<Output = Response>) -> Response {
        let Ok(_inside) = self.inside.try_acquire() else {
            metrics::counter!("http_requests_turned_away_total").increment(1);
            return Problem::overloaded("too many requests at once").into_response();
        };
        let in_turn = async {
            // Nobody closes it.
            let _place = self.answering.acquire().await.ok();
            answer.await
        };
        timeout(self.timeout, in_turn).await.unwrap_or_else(|_| {
            metrics::counter!("http_requests_timed_out_total").increment(1);
            Problem::overloaded("the request took too long").into_response()
        })
    }
}
