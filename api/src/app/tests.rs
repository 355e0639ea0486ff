//! The service as a value: requests in, responses out, no port.

use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use axum::response::Response;
use http_body_util::BodyExt as _;
use std::time::Duration;

use store::{ObjectStore, RunId, SourceName, Stage};
use tower::ServiceExt as _;

use super::*;
use crate::access::REQUEST_ID;
use published::publish;

mod document;
mod encodings;
mod exclusions;
mod faults;
mod paging;
mod published;
mod record;
mod removals;
mod requests;
mod shaky;
mod social;

async fn memory() -> Arc<dyn Store> {
    let bucket = Arc::new(object_store::memory::InMemory::new());
    Arc::new(ObjectStore::over(bucket, "memory").await.unwrap())
}

fn over(store: &Arc<dyn Store>) -> Router {
    app(Arc::clone(store), &Settings::default())
}

async fn sample() -> (Arc<dyn Store>, Router) {
    let store = memory().await;
    publish(&store, "sample", 1, &[("love", 45), ("zebra", 123), ("alpha", 123)]).await;
    let app = over(&store);
    (store, app)
}

async fn get(app: &Router, uri: &str) -> Response {
    let request = Request::get(uri).body(Body::empty()).unwrap();
    app.clone().oneshot(request).await.unwrap()
}

async fn text(response: Response) -> String {
    let body = response.into_body().collect().await.unwrap().to_bytes();
    String::from_utf8(body.to_vec()).unwrap()
}

#[tokio::test]
async fn the_compatible_answers_are_the_originals_to_the_byte() {
    let (_, app) = sample().await;
    for (query, status, expected) in [
        (
            "source=SAMPLE&topic=Love",
            200,
            "{\"Hot Topic\":\"alpha\",\"Hot Topic Trends\":\"123\",\"User Topic\":\"love\",\"User Topic Trends\":\"45\"}\n",
        ),
        (
            "source=sample&topic=alpha",
            200,
            "{\"Hot Topic\":\"alpha\",\"Hot Topic Trends\":\"123\",\"User Topic\":\"alpha\",\"User Topic Trends\":\"123\"}\n",
        ),
        (
            "source=sample&topic=&topic=love",
            200,
            "{\"Hot Topic\":\"alpha\",\"Hot Topic Trends\":\"123\",\"Message\":\"The topic you selected was not shown up in the past 7 days\"}\n",
        ),
        (
            "topic=love",
            400,
            "{\"message\":{\"source\":\"Missing required parameter in the query string\"}}\n",
        ),
        (
            "",
            400,
            "{\"message\":{\"source\":\"Missing required parameter in the query string\",\"topic\":\"Missing required parameter in the query string\"}}\n",
        ),
    ] {
        let response = get(&app, &format!("/api/trends?{query}")).await;
        assert_eq!(response.status(), status, "{query}");
        assert_eq!(response.headers()[header::CONTENT_TYPE], "application/json");
        assert_eq!(text(response).await, expected, "{query}");
    }
}

#[tokio::test]
async fn a_missing_resource_is_a_problem_that_says_what_exists() {
    let (store, app) = sample().await;
    publish(&store, "empty", 1, &[]).await;
    for (uri, status, part) in [
        ("/api/trends?source=nobody&topic=x", 404, "nobody"),
        ("/api/trends?source=empty&topic=x", 404, "empty"),
        ("/api/trends?source=../sample&topic=x", 404, "../sample"),
        ("/api/v1/trends?source=nobody", 404, "/api/v1/sources"),
        ("/api/v1/trends", 400, "source is missing"),
        ("/api/v1/trends?source=sample&limit=0", 400, "from 1 to 1000"),
        ("/api/v1/trends?source=sample&limit=1001", 400, "1001"),
        ("/api/v1/trends?source=sample&kind=noun", 400, "hashtag"),
        (
            "/api/v1/trends?source=sample&sort=x",
            400,
            "allowed: source, kind, limit, offset, cursor",
        ),
        ("/api/v1/trends?source=sample&limit=1&limit=2", 400, "limit is given twice"),
        (
            "/api/v1/trends?source=sample&offset=-1",
            400,
            "offset=\\\"-1\\\" must be a number from 0",
        ),
        ("/api/v1/trends?source=SAMPLE", 404, "SAMPLE"),
        ("/api/v1/sources?limit=5", 400, "unknown parameter"),
        ("/nowhere", 404, "/ lists"),
    ] {
        let response = get(&app, uri).await;
        assert_eq!(response.status(), status, "{uri}");
        assert_eq!(response.headers()[header::CONTENT_TYPE], "application/problem+json");
        let body = text(response).await;
        assert!(body.contains(part), "{uri}: {body}");
    }
}

#[tokio::test]
async fn only_get_and_head_are_allowed() {
    let (_, app) = sample().await;
    for method in ["POST", "PUT", "DELETE", "PATCH", "OPTIONS"] {
        let request = Request::builder().method(method).uri("/api/trends?source=sample&topic=love");
        let response = app.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
        assert_eq!(response.status(), StatusCode::METHOD_NOT_ALLOWED, "{method}");
        assert_eq!(response.headers()[header::ALLOW], "GET,HEAD");
        assert_eq!(response.headers()[header::CONTENT_TYPE], "application/problem+json");
    }
    for uri in ["/", "/api/trends?source=sample&topic=love", "/api/v1/trends?source=sample"] {
        let whole = get(&app, uri).await;
        let request = Request::head(uri).body(Body::empty()).unwrap();
        let head = app.clone().oneshot(request).await.unwrap();
        assert_eq!(head.status(), StatusCode::OK, "{uri}");
        assert_eq!(head.headers().get(header::ETAG), whole.headers().get(header::ETAG));
        let length = head.headers()[header::CONTENT_LENGTH].to_str().unwrap().to_owned();
        assert_eq!(text(head).await, "");
        assert_eq!(length, text(whole).await.len().to_string(), "{uri}");
    }
}

#[tokio::test]
async fn other_alphabets_are_escaped_and_lower_cased_as_in_python() {
    let (store, app) = sample().await;
    publish(&store, "other", 1, &[("caf\u{e9}\u{1f600}", 2), ("\u{3bf}\u{3b4}\u{3cc}\u{3c2}", 1)])
        .await;
    // Made by json.dumps of Python 3 from "CAF\u00c9\U0001f600".lower() and
    // "\u039f\u0394\u038c\u03a3".lower().
    for (topic, expected) in [
        (
            "CAF%C3%89%F0%9F%98%80",
            r#"{"Hot Topic":"caf\u00e9\ud83d\ude00","Hot Topic Trends":"2","User Topic":"caf\u00e9\ud83d\ude00","User Topic Trends":"2"}"#,
        ),
        (
            "%CE%9F%CE%94%CE%8C%CE%A3",
            r#"{"Hot Topic":"caf\u00e9\ud83d\ude00","Hot Topic Trends":"2","User Topic":"\u03bf\u03b4\u03cc\u03c2","User Topic Trends":"1"}"#,
        ),
        (
            "%FF",
            r#"{"Hot Topic":"caf\u00e9\ud83d\ude00","Hot Topic Trends":"2","Message":"The topic you selected was not shown up in the past 7 days"}"#,
        ),
    ] {
        let answer =
            text(get(&app, &format!("/api/trends?source=other&topic={topic}")).await).await;
        assert_eq!(answer, format!("{expected}\n"), "{topic}");
    }
}

#[tokio::test]
async fn topics_come_by_rank_from_an_offset() {
    let (_, app) = sample().await;
    let response = get(&app, "/api/v1/trends?source=sample&limit=1&offset=1").await;
    let answer: serde_json::Value = serde_json::from_str(&text(response).await).unwrap();
    assert_eq!(
        answer,
        serde_json::json!({
            "source": "sample", "generation": 1, "kind": "word", "total": 3,
            "topics": [{ "rank": 2, "kind": "word", "term": "zebra", "count": 123, "documents": 1 }],
            "next": answer["next"],
        })
    );
    for (limit, expected) in [(1, 1), (3, 3), (1000, 3)] {
        let response = get(&app, &format!("/api/v1/trends?source=sample&limit={limit}")).await;
        let answer: serde_json::Value = serde_json::from_str(&text(response).await).unwrap();
        assert_eq!(answer["topics"].as_array().unwrap().len(), expected);
    }
    let past = text(get(&app, "/api/v1/trends?source=sample&offset=3").await).await;
    assert!(past.contains("\"topics\":[]"), "{past}");
}

#[tokio::test(start_paused = true)]
async fn the_sources_are_listed_with_their_newest_results() {
    let (store, app) = sample().await;
    let response = get(&app, "/api/v1/sources").await;
    let tag = response.headers()[header::ETAG].clone();
    let answer: serde_json::Value = serde_json::from_str(&text(response).await).unwrap();
    let sample = serde_json::json!({
        "source": "sample", "generation": 1, "run": "sample-1", "publishedAt": "now",
        "incomplete": false, "digest": "0".repeat(64), "topics": 3,
        "records": { "read": 0, "counted": 0, "empty": {}, "malformed": {} },
    });
    assert_eq!(answer, serde_json::json!({ "sources": [sample] }));
    publish(&store, "other", 1, &[("love", 1)]).await;
    tokio::time::advance(Duration::from_secs(1)).await;
    let request = Request::get("/api/v1/sources").header(header::IF_NONE_MATCH, tag);
    let response = app.oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
    assert_eq!(response.status(), StatusCode::OK);
    assert!(text(response).await.contains("\"source\":\"other\""));
}

#[tokio::test(start_paused = true)]
async fn an_unchanged_answer_is_not_sent_again_and_a_new_generation_is_shown_within_a_second() {
    let (store, app) = sample().await;
    let uri = "/api/v1/trends?source=sample";
    let tag = get(&app, uri).await.headers()[header::ETAG].clone();
    let other =
        get(&app, "/api/v1/trends?source=sample&limit=3").await.headers()[header::ETAG].clone();
    assert_ne!(tag, other);
    let ask = async |tags: &str| {
        let request = Request::get(uri).header(header::IF_NONE_MATCH, tags);
        app.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap().status()
    };
    let strong = tag.to_str().unwrap().strip_prefix("W/").expect("it is weak");
    let tags = format!("\"x\", {strong}");
    assert_eq!(ask(&tags).await, StatusCode::NOT_MODIFIED);
    assert_eq!(ask("*").await, StatusCode::NOT_MODIFIED);
    assert_eq!(ask("\"x\"").await, StatusCode::OK);
    let request = Request::get(uri).header(header::IF_NONE_MATCH, &tag);
    let unchanged = app.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
    assert_eq!(unchanged.headers()[header::ETAG], tag);
    assert_eq!(unchanged.headers()[header::CACHE_CONTROL], "no-cache");
    assert_eq!(text(unchanged).await, "");
    publish(&store, "sample", 2, &[("peace", 1)]).await;
    assert_eq!(ask(&tags).await, StatusCode::NOT_MODIFIED, "looked up less than a second ago");
    tokio::time::advance(Duration::from_secs(1)).await;
    assert_eq!(ask(&tags).await, StatusCode::OK);
    assert!(text(get(&app, uri).await).await.contains("peace"));
}
