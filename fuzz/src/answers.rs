//! Heads of http answers, which servers send, and requests of the API, which clients send.

use std::sync::{Arc, OnceLock};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{Method, Request, StatusCode};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use pipeline::{Analysis, Context, Limits, Profile, Spec, local};
use serde_json::Value;
use store::{AttemptId, ObjectStore, RunId, SourceName, Store};
use tokio::runtime::{Builder, Runtime};
use tower::ServiceExt as _;
use trends::{Kind, Partitions, Score};
use ureq::http::Response;

use crate::version;

/// The most bytes of an answer over the published posts.
const MAX_ANSWER: usize = 1 << 20;

/// The head of an answer: a status, then headers in lines. Its version is one that the same answer
/// has again, and strong only as RFC 9110 says; its range and size are those of its headers.
pub fn head(data: &[u8]) {
    let mut lines = data.split(|byte| *byte == b'\n');
    let status = lines.next().and_then(|line| std::str::from_utf8(line).ok());
    let Some(status) = status.and_then(|status| status.parse::<u16>().ok()) else { return };
    let mut response = Response::builder().status(status);
    for line in lines.take(8) {
        let Some(colon) = line.iter().position(|byte| *byte == b':') else { continue };
        response = response.header(&line[..colon], &line[colon + 1..]);
    }
    let Ok(response) = response.body(ureq::Body::builder().data("")) else { return };
    let header = |name| response.headers().get(name).and_then(|value| value.to_str().ok());
    if let Some(found) = version::version(&response) {
        assert!(version::is_of(&response, &found.value), "{found:?} of {response:?}");
        let is_tag = header("etag") == Some(&found.value) && found.value.starts_with('"');
        let is_time = header("last-modified") == Some(&found.value) && header("date").is_some();
        assert!(!found.is_strong || is_tag || is_time, "{found:?} of {response:?}");
    }
    let range = header("content-range").unwrap_or_default();
    if status == 206 {
        let size = range.split('/').skip(1).last().and_then(|size| size.parse::<u64>().ok());
        assert_eq!(version::size_of_object(&response), size, "{response:?}");
    }
    if let Some(part) = version::part(&response) {
        assert!(status == 206 && range.starts_with("bytes "), "{response:?}");
        let names = |number: u64| range.contains(&number.to_string());
        assert!(names(part.start) && names(part.end - 1), "{response:?}: {part:?}");
        assert!(part.start < part.end, "{response:?}: {part:?}");
    }
}

/// A request: a path with its query, then headers in lines; or `c` and the parts of a cursor. No
/// request is answered with 500, and the page after an answered one is there.
pub fn request(data: &[u8]) {
    static SERVICE: OnceLock<(Runtime, Router)> = OnceLock::new();
    let (runtime, app) = SERVICE.get_or_init(service);
    let mut lines = data.split(|byte| *byte == b'\n');
    let first = lines.next().unwrap_or_default();
    let uri = match first.strip_prefix(b"c") {
        Some(parts) => {
            let cursor = URL_SAFE_NO_PAD.encode(parts);
            format!("/api/v1/trends?cursor={cursor}").into_bytes()
        }
        None => first.to_vec(),
    };
    let mut request = Request::builder().method(Method::GET).uri(uri.as_slice());
    for line in lines.take(8) {
        let Some(colon) = line.iter().position(|byte| *byte == b':') else { continue };
        request = request.header(&line[..colon], &line[colon + 1..]);
    }
    let Ok(request) = request.body(Body::empty()) else { return };
    let is_encoded = request.headers().contains_key("accept-encoding");
    runtime.block_on(async {
        let shown = format!("{request:?}");
        let (status, body) = answer(app, request).await;
        assert!(!status.is_server_error(), "{status}: {shown}");
        if status != StatusCode::OK || is_encoded {
            return;
        }
        let Ok(body) = serde_json::from_slice::<Value>(&body) else { return };
        let Some(next) = body["next"].as_str() else { return };
        let uri = format!("/api/v1/trends?cursor={next}");
        let next = Request::get(&uri).body(Body::empty()).expect("a cursor needs no escape");
        assert_eq!(answer(app, next).await.0, StatusCode::OK, "{uri} after {shown}");
    });
}

async fn answer(app: &Router, request: Request<Body>) -> (StatusCode, Vec<u8>) {
    let response = app.clone().oneshot(request).await.expect("it always answers");
    let status = response.status();
    let body = to_bytes(response.into_body(), MAX_ANSWER).await.expect("the answer has an end");
    (status, body.to_vec())
}

/// The API over a few posts, counted as the command counts them.
fn service() -> (Runtime, Router) {
    let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build();
    let runtime = runtime.expect("a runtime");
    let store: Arc<dyn Store> =
        Arc::new(runtime.block_on(ObjectStore::in_memory()).expect("a store in memory"));
    let folder = tempfile::tempdir().expect("a temporary folder");
    let input = folder.path().join("posts.ndjson");
    let post = |n: u64| {
        let (at, author) = (1_456_790_400 + n * 600, n % 7);
        format!(
            "{{\"text\":\"weather #tag{author} word{}\",\"created_at\":{at},\"user\":{{\"id_str\":\"{author}\"}}}}\n",
            n % 11
        )
    };
    std::fs::write(&input, (0..100).map(post).collect::<String>()).expect("a writable folder");
    let spec = Spec {
        partitions: Partitions::new(2).expect("2 is allowed"),
        analysis: Analysis {
            profile: Profile::Social,
            kinds: vec![Kind::Word, Kind::Hashtag],
            window: Some(3600),
            scores: vec![Score::Burst, Score::Peak, Score::Popular],
            ..Analysis::default()
        },
        ..Spec::new(
            SourceName::new("sample").expect("a valid name"),
            vec![input.display().to_string()],
        )
    };
    let context = Context::new(
        Arc::clone(&store),
        runtime.handle().clone(),
        RunId::new("run").expect("a valid name"),
        AttemptId::new("attempt").expect("a valid name"),
        Limits::new(1, 64 << 20, folder.path().to_owned(), 1),
    );
    let published = local::run(&context, Some(&spec), |_, _| Ok(()), || "now".to_owned());
    published.expect("the posts are counted");
    let app = {
        let _entered = runtime.enter();
        api::app(store, &api::Settings::default())
    };
    (runtime, app)
}
