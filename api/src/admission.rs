//! Admission: a bounded number of concurrent requests, a bounded queue, and a time limit for each
//! request. Any further request is turned away at once, so that the admitted ones are answered in
//! time.

use std::time::Duration;

use axum::response::{IntoResponse as _, Response};
use tokio::sync::Semaphore;
use tokio::time::timeout;

use crate::problem::Problem;

/// The limits and their permits.
#[derive(Debug)]
pub(crate) struct AdmissionLimits {
    /// A permit for each request that is being answered.
    answering: Semaphore,
    /// A permit for each request that is being answered or waits in the queue.
    admitted: Semaphore,
    timeout: Duration,
}

impl AdmissionLimits {
    /// Limits of `concurrency` requests at once, and `queue` more that wait.
    pub(crate) fn new(concurrency: usize, queue: usize, timeout: Duration) -> Self {
        let semaphore = |permits: usize| Semaphore::new(permits.min(Semaphore::MAX_PERMITS));
        Self {
            answering: semaphore(concurrency),
            admitted: semaphore(concurrency.saturating_add(queue)),
            timeout,
        }
    }

    /// Answers a request when there is a permit, or turns it away.
    pub(crate) async fn answer(&self, answer: impl Future<Output = Response>) -> Response {
        let Ok(_admitted) = self.admitted.try_acquire() else {
            metrics::counter!("http_requests_turned_away_total").increment(1);
            return Problem::overloaded("too many requests at once").into_response();
        };
        let in_turn = async {
            // The semaphore is never closed.
            let _permit = self.answering.acquire().await.ok();
            answer.await
        };
        timeout(self.timeout, in_turn).await.unwrap_or_else(|_| {
            metrics::counter!("http_requests_timed_out_total").increment(1);
            Problem::overloaded("the request took too long").into_response()
        })
    }
}
