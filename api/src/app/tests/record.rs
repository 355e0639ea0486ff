//! The ids of requests, the causes of failures in the log, and the metrics.

use metrics_exporter_prometheus::PrometheusBuilder;

use super::faults::shaky;
use super::*;
use crate::problem::Cause;

#[tokio::test]
async fn every_response_has_the_id_of_its_request() {
    let (_, app) = sample().await;
    let ask = async |id: &str| {
        let request = Request::get("/nowhere").header(REQUEST_ID, id).body(Body::empty()).unwrap();
        let response = app.clone().oneshot(request).await.unwrap();
        response.headers()[REQUEST_ID].to_str().unwrap().to_owned()
    };
    assert_eq!(ask("from-the-gateway:1").await, "from-the-gateway:1");
    let long = "x".repeat(200);
    let mut own = vec![ask("").await, ask("a b").await, ask(&long).await];
    assert!(own.iter().all(|id| id.len() < 40 && !id.contains(' ')), "{own:?}");
    own.dedup();
    assert_eq!(own.len(), 3, "all are different");
}

#[tokio::test(start_paused = true)]
async fn the_cause_of_a_failure_is_in_the_log_and_not_in_the_response() {
    let (store, _, app) = shaky(Settings::default()).await;
    store.away(true);
    let response = get(&app, "/api/v1/trends?source=other").await;
    assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
    let Cause(cause) = response.extensions().get().cloned().expect("a cause for the log");
    assert!(cause.starts_with("reading /secret/generations/other/"), "{cause}");
    assert!(cause.ends_with(": connection refused"), "{cause}");
    assert!(!text(response).await.contains("refused"));
}

#[tokio::test(start_paused = true)]
async fn requests_are_counted_by_route_and_callers_make_no_labels() {
    let recorder = PrometheusBuilder::new().build_recorder();
    let recording = metrics::set_default_local_recorder(&recorder);
    let (_, app) = sample().await;
    get(&app, "/api/v1/trends?source=sample").await;
    get(&app, "/api/v1/trends?source=nobody-of-this-name").await;
    for _ in 0..2 {
        get(&app, "/nowhere/at-all").await;
    }
    let request = Request::builder().method("BREW").uri("/").body(Body::empty()).unwrap();
    app.clone().oneshot(request).await.unwrap();
    drop(recording);
    let text = recorder.handle().render();
    for line in [
        "http_requests_total{route=\"/api/v1/trends\",method=\"GET\",status=\"200\"} 1",
        "http_requests_total{route=\"/api/v1/trends\",method=\"GET\",status=\"404\"} 1",
        "http_requests_total{route=\"none\",method=\"GET\",status=\"404\"} 2",
        "http_requests_total{route=\"/\",method=\"other\",status=\"405\"} 1",
        "http_requests_under_way 0",
        "http_request_duration_seconds_count{route=\"none\"} 2",
    ] {
        assert!(text.contains(line), "{line}: {text}");
    }
    assert!(!text.contains("nobody") && !text.contains("nowhere") && !text.contains("BREW"));
}

#[tokio::test(start_paused = true)]
async fn an_abandoned_request_is_counted_and_returns_its_permit() {
    let recorder = PrometheusBuilder::new().build_recorder();
    let _recording = metrics::set_default_local_recorder(&recorder);
    let (store, _, app) = shaky(Settings { concurrency: 1, queue: 0, ..Settings::default() }).await;
    let gate = store.gate.acquire().await.unwrap();
    let request = Request::get("/api/v1/trends?source=sample").body(Body::empty()).unwrap();
    let mut asking = Box::pin(app.clone().oneshot(request));
    while store.at_the_gate() == 0 {
        assert!(polled(&mut asking).await.is_none());
        tokio::task::yield_now().await;
    }
    assert!(recorder.handle().render().contains("http_requests_under_way 1"));
    drop(asking);
    drop(gate);
    assert_eq!(get(&app, "/api/v1/trends?source=sample").await.status(), StatusCode::OK);
    let text = recorder.handle().render();
    assert!(text.contains("http_requests_under_way 0"), "{text}");
    assert!(text.contains("http_requests_abandoned_total 1"), "{text}");
}

/// The output of a future, if it is ready now.
async fn polled<F: Future + Unpin>(future: &mut F) -> Option<F::Output> {
    let once = std::future::poll_fn(|cx| {
        std::task::Poll::Ready(std::pin::Pin::new(&mut *future).poll(cx))
    });
    match once.await {
        std::task::Poll::Ready(output) => Some(output),
        std::task::Poll::Pending => None,
    }
}
