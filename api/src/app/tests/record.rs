//! What is recorded of requests: ids, lines of the log, metrics.

use std::io;
use std::sync::Mutex;

use metrics_exporter_prometheus::PrometheusBuilder;

use super::faults::shaky;
use super::*;

#[tokio::test]
async fn every_answer_tells_its_request_by_id() {
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
    assert_eq!(own.len(), 3, "no two are the same");
}

/// What is logged, line by line, as JSON.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl io::Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().map_err(|_| io::ErrorKind::Other)?.extend(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[tokio::test(start_paused = true)]
async fn every_request_is_one_line_of_json_that_says_what_became_of_it() {
    let (store, _, app) = shaky(Settings::default()).await;
    let lines = Lines::default();
    let writer = lines.clone();
    let subscriber = tracing_subscriber::fmt()
        .json()
        .flatten_event(true)
        .with_writer(move || writer.clone())
        .finish();
    let logging = tracing::subscriber::set_default(subscriber);
    get(&app, "/api/v1/trends?source=sample&limit=2").await;
    get(&app, "/no\"where?x=%0a").await;
    store.away(true);
    tokio::time::advance(Duration::from_secs(1)).await;
    get(&app, "/api/v1/trends?source=other").await;
    drop(logging);
    let text = String::from_utf8(lines.0.lock().unwrap().clone()).unwrap();
    let lines: Vec<serde_json::Value> =
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let lines: Vec<_> = lines.iter().filter(|line| line["target"] == "access").collect();
    let told = |at: usize, field: &str| lines[at][field].clone();
    assert_eq!(lines.len(), 3, "{text}");
    for (at, level, route, status) in [
        (0, "INFO", "/api/v1/trends", 200),
        (1, "INFO", "none", 404),
        (2, "WARN", "/api/v1/trends", 503),
    ] {
        assert_eq!(told(at, "level"), level);
        assert_eq!(told(at, "route"), route);
        assert_eq!(told(at, "status"), status);
        assert_eq!(told(at, "method"), "GET");
        assert!(told(at, "seconds").is_f64() && told(at, "id").is_string(), "{text}");
    }
    assert_eq!(told(0, "uri"), "/api/v1/trends?source=sample&limit=2");
    assert!(told(2, "error").as_str().unwrap().contains("connection refused"), "{text}");
}

#[tokio::test(start_paused = true)]
async fn requests_are_counted_by_route_and_no_label_is_of_a_callers_making() {
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
async fn a_caller_that_goes_away_is_counted_and_leaves_its_place() {
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

/// What a future has come to now, if anything.
async fn polled<F: Future + Unpin>(future: &mut F) -> Option<F::Output> {
    let once = std::future::poll_fn(|cx| {
        std::task::Poll::Ready(std::pin::Pin::new(&mut *future).poll(cx))
    });
    match once.await {
        std::task::Poll::Ready(output) => Some(output),
        std::task::Poll::Pending => None,
    }
}
