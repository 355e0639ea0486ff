//! The service as a value: requests in, answers out, no port.

use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use axum::response::Response;
use http_body_util::BodyExt as _;
use store::document::Home;
use store::generations;
use store::marker::mark;
use store::{AttemptId, ObjectStore, RunId, SourceName, Stage};
use tower::ServiceExt as _;
use trends::format::{RankedTopic, RankingWriter, RowWriter};
use trends::result::{BlockRef, PartitionIndex, RankingPage, ResultIndex, TermBlock};
use trends::{Bucket, Kind, RecordCounts, RowRef};

use super::*;

async fn memory() -> Arc<dyn Store> {
    let bucket = Arc::new(object_store::memory::InMemory::new());
    Arc::new(ObjectStore::over(bucket, "memory").await.unwrap())
}

/// Publishes words with their counts, in one partition and one page.
async fn publish(store: &Arc<dyn Store>, source: &str, start: u64, words: &[(&str, u64)]) {
    let run = RunId::new(&format!("{source}-{start}")).unwrap();
    let attempt = AttemptId::new("attempt").unwrap();
    let home = |stage| Home { run: run.clone(), stage, index: 0, attempt: attempt.clone() };
    let mut sorted: Vec<_> = words.to_vec();
    sorted.sort_unstable();
    let mut rows = RowWriter::default();
    for (word, count) in &sorted {
        let (term, bucket) = (word.as_bytes(), Bucket::WHOLE);
        rows.push(&RowRef { kind: Kind::Word, term, bucket, count: *count, documents: 1 });
    }
    let mut ranks = RankingWriter::new(Kind::Word);
    sorted.sort_by_key(|(word, count)| (std::cmp::Reverse(*count), *word));
    for (word, count) in &sorted {
        ranks.push(RankedTopic { term: word.as_bytes(), count: *count, documents: 1 });
    }
    let put = async |stage, name: &str, block: Vec<u8>| {
        let reference = BlockRef::to(name.to_owned(), &block);
        store.put_block(&home(stage).block(name), block.into()).await.unwrap();
        reference
    };
    let first = words.iter().map(|(word, _)| (*word).to_owned()).min().unwrap_or_default();
    let terms = put(Stage::Aggregate, "terms", rows.finish().unwrap()).await;
    let terms = vec![TermBlock { kind: Kind::Word, first, rows: words.len() as u32, block: terms }];
    let (hot, count) = sorted.first().map_or(("", 0), |(word, count)| (*word, *count));
    let block = put(Stage::Publish, "word", ranks.finish().unwrap()).await;
    let page = RankingPage { first: hot.to_owned(), count, topics: words.len() as u32, block };
    let pages = if words.is_empty() { vec![] } else { vec![page] };
    let index = ResultIndex {
        digest: "0".repeat(64),
        records: RecordCounts::default(),
        bytes: 0,
        long_terms: 0,
        incomplete: false,
        partitions: vec![PartitionIndex { attempt: attempt.to_string(), terms }],
        rankings: [(Kind::Word, pages)].into(),
    };
    mark(&**store, &home(Stage::Publish), "hash", index).await.unwrap();
    let source = SourceName::new(source).unwrap();
    generations::publish(&**store, &source, &run, start, "now", false).await.unwrap();
}

async fn sample() -> (Arc<dyn Store>, Router) {
    let store = memory().await;
    publish(&store, "sample", 1, &[("love", 45), ("zebra", 123), ("alpha", 123)]).await;
    let app = app(ApiState::new(store.clone(), 8, Duration::from_secs(5)));
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
async fn what_is_not_there_is_a_problem_that_says_what_is() {
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
        ("/api/v1/trends?source=sample&sort=x", 400, "allowed are source, kind, limit, offset"),
        ("/nowhere", 404, "see /"),
    ] {
        let response = get(&app, uri).await;
        assert_eq!(response.status(), status, "{uri}");
        assert_eq!(response.headers()[header::CONTENT_TYPE], "application/problem+json");
        let body = text(response).await;
        assert!(body.contains(part), "{uri}: {body}");
    }
    let post = Request::post("/api/trends").body(Body::empty()).unwrap();
    assert_eq!(app.oneshot(post).await.unwrap().status(), StatusCode::METHOD_NOT_ALLOWED);
}

#[tokio::test]
async fn topics_come_by_rank_and_in_pages() {
    let (_, app) = sample().await;
    let response = get(&app, "/api/v1/trends?source=sample&limit=1&offset=1").await;
    let answer: serde_json::Value = serde_json::from_str(&text(response).await).unwrap();
    assert_eq!(
        answer,
        serde_json::json!({
            "source": "sample", "generation": 1, "kind": "word", "total": 3,
            "topics": [{ "rank": 2, "kind": "word", "term": "zebra", "count": 123, "documents": 1 }],
        })
    );
    let sources = text(get(&app, "/api/v1/sources").await).await;
    assert!(sources.contains("\"generation\":1") && sources.contains("\"topics\":3"), "{sources}");
}

#[tokio::test(start_paused = true)]
async fn an_unchanged_answer_is_not_sent_again_and_a_new_generation_is_seen_within_a_second() {
    let (store, app) = sample().await;
    let uri = "/api/v1/trends?source=sample";
    let tag = get(&app, uri).await.headers()[header::ETAG].clone();
    let other =
        get(&app, "/api/v1/trends?source=sample&limit=3").await.headers()[header::ETAG].clone();
    assert_ne!(tag, other);
    let ask = async |known: &str| {
        let request = Request::get(uri).header(header::IF_NONE_MATCH, known);
        app.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap().status()
    };
    let known = format!("\"x\", W/{}", tag.to_str().unwrap());
    assert_eq!(ask(&known).await, StatusCode::NOT_MODIFIED);
    publish(&store, "sample", 2, &[("peace", 1)]).await;
    assert_eq!(ask(&known).await, StatusCode::NOT_MODIFIED, "probed less than a second ago");
    tokio::time::advance(Duration::from_secs(1)).await;
    assert_eq!(ask(&known).await, StatusCode::OK);
    assert!(text(get(&app, uri).await).await.contains("peace"));
}

#[tokio::test]
async fn too_many_requests_at_once_are_turned_away() {
    let store = memory().await;
    let app = app(ApiState::new(store, 0, Duration::from_secs(5)));
    let response = get(&app, "/api/v1/sources").await;
    assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(response.headers()[header::RETRY_AFTER], "1");
}
