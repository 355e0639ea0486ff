//! Responses while the store fails, and the number of reads of the store.

use std::sync::atomic::Ordering;

use tokio::task::JoinHandle;

use super::shaky::Shaky;
use super::*;

const HOUR: Duration = Duration::from_hours(1);
const LOVE: &str = "/api/trends?source=sample&topic=love";
const RANKED: &str = "/api/v1/trends?source=sample";

/// Returns the sample over a store that can fail.
pub(super) async fn shaky(settings: Settings) -> (Arc<Shaky>, Arc<dyn Store>, Router) {
    let (inner, _) = sample().await;
    let shaky = Shaky::over(Arc::clone(&inner));
    let app = app(shaky.clone(), &settings);
    (shaky, inner, app)
}

/// Returns limits on requests at once, with a timeout longer than any test.
fn at_once(concurrency: usize, queue: usize) -> Settings {
    Settings { concurrency, queue, timeout: HOUR, origins: Vec::new() }
}

/// Sends a request from a task of its own.
fn asking(app: &Router, uri: &'static str) -> JoinHandle<(StatusCode, String)> {
    let app = app.clone();
    tokio::spawn(async move {
        let response = get(&app, uri).await;
        (response.status(), text(response).await)
    })
}

/// Returns the statuses of concurrent requests.
pub(super) async fn all(app: &Router, uri: &'static str, requests: usize) -> Vec<StatusCode> {
    let running: Vec<_> = (0..requests).map(|_| asking(app, uri)).collect();
    let mut statuses = Vec::new();
    for request in running {
        statuses.push(request.await.unwrap().0);
    }
    statuses
}

async fn a_second() {
    tokio::time::advance(Duration::from_secs(1)).await;
}

#[tokio::test(start_paused = true)]
async fn the_newest_result_is_looked_up_once_a_second_for_all_requests() {
    let (store, inner, app) = shaky(at_once(1000, 0)).await;
    assert!(all(&app, LOVE, 100).await.iter().all(StatusCode::is_success));
    assert_eq!(store.reads("markers/publish"), 1, "opened once for all first requests");
    let next = format!("generations/sample/{:020}", 2);
    let before = (store.reads(&next), store.reads("generations/"));
    tokio::time::advance(Duration::from_millis(999)).await;
    all(&app, LOVE, 100).await;
    assert_eq!((store.reads(&next), store.reads("generations/")), before);
    tokio::time::advance(Duration::from_millis(1)).await;
    all(&app, LOVE, 100).await;
    assert_eq!(store.reads(&next), before.0 + 1, "the next number, once");
    publish(&inner, "sample", 2, &[("peace", 1)]).await;
    a_second().await;
    all(&app, LOVE, 100).await;
    assert_eq!(store.reads("markers/publish"), 2, "the new result is opened once, too");
}

#[tokio::test(start_paused = true)]
async fn a_missing_source_is_looked_up_once_a_second_too() {
    let (store, inner, app) = shaky(at_once(1000, 0)).await;
    let uri = "/api/v1/trends?source=later";
    assert!(all(&app, uri, 100).await.iter().all(|status| *status == StatusCode::NOT_FOUND));
    assert_eq!(store.reads("generations/later"), 1);
    assert!(all(&app, "/api/v1/sources", 100).await.iter().all(StatusCode::is_success));
    assert_eq!(store.reads("sources"), 1);
    publish(&inner, "later", 1, &[("love", 1)]).await;
    a_second().await;
    assert_eq!(get(&app, uri).await.status(), StatusCode::OK);
    assert!(text(get(&app, "/api/v1/sources").await).await.contains("later"));
}

#[tokio::test(start_paused = true)]
async fn a_request_is_answered_from_one_generation_while_newer_ones_are_published() {
    let (store, inner, app) = shaky(at_once(8, 0)).await;
    let gate = store.gate.acquire().await.unwrap();
    let pinned = asking(&app, LOVE);
    store.waiting(1).await;
    publish(&inner, "sample", 2, &[("peace", 9), ("love", 7)]).await;
    a_second().await;
    // Another request opens the next generation while the first one waits for its first block.
    let newer = asking(&app, LOVE);
    store.waiting(2).await;
    drop(gate);
    assert_eq!(
        pinned.await.unwrap().1,
        "{\"Hot Topic\":\"alpha\",\"Hot Topic Trends\":\"123\",\"User Topic\":\"love\",\"User Topic Trends\":\"45\"}\n"
    );
    assert_eq!(
        newer.await.unwrap().1,
        "{\"Hot Topic\":\"peace\",\"Hot Topic Trends\":\"9\",\"User Topic\":\"love\",\"User Topic Trends\":\"7\"}\n"
    );
}

#[tokio::test(start_paused = true)]
async fn a_damaged_block_is_a_500_that_does_not_reveal_where_the_store_is() {
    let (store, inner, app) = shaky(at_once(8, 0)).await;
    store.damaged.store(true, Ordering::Relaxed);
    for uri in [LOVE, RANKED] {
        let response = get(&app, uri).await;
        assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
        assert_eq!(response.headers()[header::CONTENT_TYPE], "application/problem+json");
        assert!(!response.headers().contains_key(header::ETAG), "no cache may keep this");
        let body = text(response).await;
        assert!(body.contains("damaged") && !body.contains("sample-1"), "{body}");
    }
    store.damaged.store(false, Ordering::Relaxed);
    assert_eq!(get(&app, LOVE).await.status(), StatusCode::OK, "a damaged block is not cached");
    // A newest generation without its run is damaged, too, and no older one is shown instead.
    publish(&inner, "sample", 2, &[("peace", 1)]).await;
    inner.remove_run(&RunId::new("sample-2").unwrap()).await.unwrap();
    a_second().await;
    let statuses = all(&app, LOVE, 8).await;
    assert!(statuses.iter().all(|status| *status == StatusCode::INTERNAL_SERVER_ERROR));
    assert_eq!(store.reads("sample-2/markers/publish"), 1, "failures are looked up once a second");
}

#[tokio::test(start_paused = true)]
async fn an_unavailable_store_is_a_503_and_known_results_are_served() {
    let (store, _, app) = shaky(at_once(1000, 0)).await;
    store.away(true);
    for uri in [LOVE, RANKED, "/api/v1/sources"] {
        let response = get(&app, uri).await;
        assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE, "{uri}");
        assert_eq!(response.headers()[header::RETRY_AFTER], "1");
        let body = text(response).await;
        assert!(body.contains("store") && !body.contains("secret"), "{body}");
    }
    all(&app, LOVE, 100).await;
    assert_eq!(store.reads("generations/sample"), 1, "the log is not read again for a second");
    store.away(false);
    a_second().await;
    assert_eq!(get(&app, LOVE).await.status(), StatusCode::OK);

    store.away(true);
    a_second().await;
    assert_eq!(get(&app, LOVE).await.status(), StatusCode::OK, "its blocks are cached");
}

#[tokio::test(start_paused = true)]
async fn another_store_in_the_same_place_is_noticed_within_a_second() {
    let (store, inner, app) = shaky(at_once(8, 0)).await;
    publish(&inner, "sample", 2, &[("old", 1)]).await;
    assert!(text(get(&app, RANKED).await).await.contains("old"));
    // As many generations as before, fewer, and none.
    for publications in [2, 1, 0] {
        let other = memory().await;
        for start in 1..=publications {
            publish(&other, "sample", start + 10, &[("new", start)]).await;
        }
        store.replace(other);
        a_second().await;
        let response = get(&app, RANKED).await;
        assert_eq!(response.status().is_success(), publications > 0);
        let body = text(response).await;
        assert!(body.contains(&format!("\"count\":{publications}")) || publications == 0, "{body}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_request_beyond_the_limits_is_turned_away_and_others_are_not() {
    let (store, _, app) = shaky(at_once(1, 0)).await;
    let gate = store.gate.acquire().await.unwrap();
    let first = asking(&app, LOVE);
    store.waiting(1).await;
    let response = get(&app, "/api/v1/sources").await;
    assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(response.headers()[header::RETRY_AFTER], "1");
    assert!(response.headers().contains_key(REQUEST_ID), "the refusal is recorded, too");
    drop(gate);
    assert_eq!(first.await.unwrap().0, StatusCode::OK);
    assert_eq!(get(&app, LOVE).await.status(), StatusCode::OK, "the permit is free again");
}

#[tokio::test(start_paused = true)]
async fn a_request_that_takes_too_long_is_cancelled_and_returns_its_permits() {
    let (store, _, app) =
        shaky(Settings { timeout: Duration::from_secs(5), ..at_once(1, 0) }).await;
    let gate = store.gate.acquire().await.unwrap();
    let began = tokio::time::Instant::now();
    let response = get(&app, LOVE).await;
    assert_eq!(began.elapsed(), Duration::from_secs(5));
    assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert!(text(response).await.contains("took too long"));
    drop(gate);
    assert_eq!(get(&app, LOVE).await.status(), StatusCode::OK);
}

#[tokio::test(start_paused = true)]
async fn requests_wait_in_the_queue_and_are_turned_away_if_it_is_full() {
    let (store, _, app) = shaky(at_once(1, 2)).await;
    let gate = store.gate.acquire().await.unwrap();
    let first = asking(&app, LOVE);
    store.waiting(1).await;
    let queued = [asking(&app, "/api/v1/sources"), asking(&app, "/api/v1/sources")];
    let mut turned_away = 0;
    // The two are in the queue once a third is turned away.
    while turned_away == 0 {
        let status = asking(&app, "/").await.unwrap().0;
        turned_away += usize::from(status == StatusCode::SERVICE_UNAVAILABLE);
    }
    assert!(!first.is_finished() && queued.iter().all(|request| !request.is_finished()));
    drop(gate);
    assert_eq!(first.await.unwrap().0, StatusCode::OK);
    for request in queued {
        assert_eq!(request.await.unwrap().0, StatusCode::OK);
    }
}

#[tokio::test(start_paused = true)]
async fn a_silent_store_does_not_delay_known_results() {
    let (store, inner, app) = shaky(at_once(1000, 0)).await;
    assert_eq!(get(&app, LOVE).await.status(), StatusCode::OK);
    store.silent.store(true, Ordering::Relaxed);
    publish(&inner, "sample", 2, &[("peace", 1)]).await;
    a_second().await;
    let began = tokio::time::Instant::now();
    assert!(all(&app, LOVE, 100).await.iter().all(StatusCode::is_success));
    let waited = began.elapsed();
    assert!(waited < Duration::from_secs(1), "a moment, in case the store answers: {waited:?}");
    for _ in 0..100 {
        assert_eq!(get(&app, LOVE).await.status(), StatusCode::OK);
    }
    assert_eq!(began.elapsed(), waited, "no request waits for the store any more");
    let next = format!("generations/sample/{:020}", 2);
    assert_eq!(store.reads(&next), 2, "when it was opened, and once since then");
}

#[tokio::test(start_paused = true)]
async fn a_look_up_outlives_its_requests() {
    let (store, _, app) =
        shaky(Settings { timeout: Duration::from_secs(5), ..at_once(8, 0) }).await;
    store.silent.store(true, Ordering::Relaxed);
    let began = tokio::time::Instant::now();
    assert_eq!(get(&app, LOVE).await.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(get(&app, LOVE).await.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(began.elapsed(), Duration::from_secs(10));
    assert_eq!(
        store.reads("generations/sample"),
        1,
        "the second request waited for the first look-up"
    );
}
