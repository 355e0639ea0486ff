//! The metrics of a process in Prometheus' text format. Owns the recorder of the process.

use std::convert::Infallible;
use std::sync::OnceLock;
use std::time::Duration;

use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};

/// The content type of the text that [`render`] returns.
pub const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// Bounds of request durations, in seconds.
const DURATIONS: [f64; 10] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 5.0];

/// The time between two summaries of the measurements. At 10,000 requests a second 800 KB of
/// measurements wait for the next summary.
const UPKEEP: Duration = Duration::from_secs(5);

static RECORDER: OnceLock<Option<PrometheusHandle>> = OnceLock::new();

/// Starts recording. Only the first call in a process has an effect. Opens no port.
pub fn init() {
    init_with(&[]);
}

/// Starts recording as [`init`] does, with other histogram bounds for the metrics named.
pub fn init_with(bounds: &[(&str, &[f64])]) {
    RECORDER.get_or_init(|| {
        let durations = Matcher::Suffix("_seconds".to_owned());
        let mut builder = PrometheusBuilder::new().set_buckets_for_metric(durations, &DURATIONS);
        for (name, bounds) in bounds {
            let metric = Matcher::Full((*name).to_owned());
            builder = builder.and_then(|builder| builder.set_buckets_for_metric(metric, bounds));
        }
        builder.and_then(PrometheusBuilder::install_recorder).ok()
    });
}

/// Returns all metrics recorded so far; empty before [`init`].
pub fn render() -> String {
    let handle = RECORDER.get().and_then(Option::as_ref);
    handle.map_or_else(String::new, |handle| {
        handle.run_upkeep();
        handle.render()
    })
}

/// Summarises the measurements every [`UPKEEP`]. A histogram keeps each measurement until it is
/// summarised, so without this a process whose metrics aren't read would grow for ever.
pub(crate) async fn upkeep() -> Infallible {
    loop {
        tokio::time::sleep(UPKEEP).await;
        if let Some(Some(handle)) = RECORDER.get() {
            handle.run_upkeep();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_rendered_as_buckets_and_counters_by_label() {
        init();
        init();
        metrics::histogram!("test_seconds").record(0.03);
        metrics::counter!("tests_total", "kind" => "unit").increment(2);
        let text = render();
        assert!(text.contains("test_seconds_bucket{le=\"0.025\"} 0"), "{text}");
        assert!(text.contains("test_seconds_bucket{le=\"0.05\"} 1"), "{text}");
        assert!(text.contains("tests_total{kind=\"unit\"} 2"), "{text}");
    }
}
