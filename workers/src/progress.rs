//! The progress of a worker as Prometheus metrics. Owns their names; the pipeline counts.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use pipeline::Progress;

/// The time between two updates of the metrics.
const INTERVAL: Duration = Duration::from_secs(1);

/// Sets the metrics to the pipeline's counters every [`INTERVAL`].
pub(crate) async fn export(progress: Arc<Progress>) -> Infallible {
    loop {
        let value = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        metrics::counter!("trendjob_worker_input_bytes_total").absolute(value(&progress.bytes));
        metrics::counter!("trendjob_worker_records_total").absolute(value(&progress.records));
        metrics::counter!("trendjob_worker_spilled_runs_total").absolute(value(&progress.spilled));
        metrics::counter!("trendjob_worker_blocks_total").absolute(value(&progress.blocks));
        metrics::counter!("trendjob_worker_garbage_blocks_total")
            .absolute(value(&progress.garbage));
        metrics::counter!("trendjob_worker_left_out_records_total")
            .absolute(value(&progress.not_stored));
        for (reason, count) in progress.malformed_by_reason() {
            metrics::counter!("trendjob_worker_malformed_total", "reason" => reason)
                .absolute(count);
        }
        tokio::time::sleep(INTERVAL).await;
    }
}
