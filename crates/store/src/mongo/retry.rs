//! Retries. Owns the delays between tries and the end of the tries; `fault` decides which errors
//! are transient.

use std::time::Duration;

use backon::{BackoffBuilder as _, ExponentialBuilder};
use tokio::time::{Instant, sleep, timeout};

use super::{MongoStore, fault};
use crate::StoreError;

/// The most time for one try: the driver has no limit for a server that never replies.
const ONE_TRY: Duration = Duration::from_mins(1);

impl MongoStore {
    /// Repeats an operation until it succeeds, fails for good, or exceeds the store's `patience`.
    /// `key` is for messages.
    pub(super) async fn retry<T, F>(
        &self,
        doing: &'static str,
        key: &str,
        operation: impl Fn() -> F,
    ) -> Result<T, StoreError>
    where
        F: Future<Output = mongodb::error::Result<T>>,
    {
        let start = Instant::now();
        let key = || self.named(key);
        let mut delays = ExponentialBuilder::default()
            .with_min_delay(Duration::from_millis(100))
            .with_max_delay(Duration::from_secs(10))
            .without_max_times()
            .with_jitter()
            .build();
        loop {
            let limit = ONE_TRY.min(self.patience.max(Duration::from_secs(1)));
            let tried = timeout(limit, operation()).await;
            let error = match tried {
                Ok(Ok(value)) => {
                    let seconds = start.elapsed().as_secs_f64();
                    metrics::histogram!("trendjob_store_seconds", "operation" => doing)
                        .record(seconds);
                    return Ok(value);
                }
                Ok(Err(error)) if fault::is_transient(&error) => {
                    fault::stored(doing, key(), &error)
                }
                Ok(Err(error)) => return Err(fault::stored(doing, key(), &error)),
                Err(_) => StoreError::Unavailable {
                    doing,
                    key: key(),
                    source: "the server did not reply in time".into(),
                },
            };
            let delay = delays.next().unwrap_or(Duration::from_secs(10));
            if start.elapsed() + delay > self.patience {
                return Err(error);
            }
            metrics::counter!("trendjob_store_retries_total", "operation" => doing).increment(1);
            let cause = std::error::Error::source(&error).map(ToString::to_string);
            tracing::warn!(%error, cause, ?delay, "retrying a store operation");
            sleep(delay).await;
        }
    }
}
