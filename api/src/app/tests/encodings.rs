//! Compressed responses: their bodies, their headers for GET and HEAD, and their entity tags.

use std::io::Read as _;

use super::*;

const LONG: &str = "/api/v1/trends?source=long&limit=100";

async fn long() -> Router {
    let store = memory().await;
    let words: Vec<String> = (0..100).map(|number| format!("word{number:03}")).collect();
    let words: Vec<(&str, u64)> = words.iter().map(|word| (word.as_str(), 1)).collect();
    publish(&store, "long", 1, &words).await;
    over(&store)
}

async fn ask(app: &Router, method: &str, uri: &str, fields: &[(&str, &str)]) -> Response {
    let request = Request::builder().method(method).uri(uri);
    let request =
        fields.iter().fold(request, |request, (name, value)| request.header(*name, *value));
    app.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap()
}

async fn body(response: Response) -> Vec<u8> {
    response.into_body().collect().await.unwrap().to_bytes().to_vec()
}

#[tokio::test]
async fn a_long_answer_is_compressed_for_clients_that_accept_it() {
    let app = long().await;
    let plain = ask(&app, "GET", LONG, &[]).await;
    assert!(!plain.headers().contains_key(header::CONTENT_ENCODING));
    assert_eq!(plain.headers()[header::VARY], "accept-encoding");
    let tag = plain.headers()[header::ETAG].clone();
    let plain = body(plain).await;
    for (accepted, encoding) in [("gzip, br", "gzip"), ("gzip, zstd", "zstd")] {
        // Twice: encoded for this request, and from the cache.
        for _ in 0..2 {
            let response = ask(&app, "GET", LONG, &[("accept-encoding", accepted)]).await;
            let fields = response.headers().clone();
            assert_eq!(fields[header::CONTENT_ENCODING], encoding);
            assert_eq!(fields[header::VARY], "accept-encoding");
            assert_eq!(fields[header::ETAG], tag, "weak, so the same for every encoding");
            let encoded = body(response).await;
            assert_eq!(fields[header::CONTENT_LENGTH], encoded.len().to_string());
            let mut decoded = Vec::new();
            match encoding {
                "gzip" => flate2::read::GzDecoder::new(&encoded[..]).read_to_end(&mut decoded),
                _ => zstd::stream::read::Decoder::new(&encoded[..])
                    .unwrap()
                    .read_to_end(&mut decoded),
            }
            .unwrap();
            assert_eq!(decoded, plain);
        }
    }
}

#[tokio::test]
async fn head_and_get_have_the_same_headers() {
    let app = long().await;
    for uri in [LONG, "/api/v1/openapi.json", "/api/v1/sources"] {
        for accepted in ["gzip", "zstd", "identity"] {
            let fields = [("accept-encoding", accepted), ("x-request-id", "same")];
            let (get, head) =
                (ask(&app, "GET", uri, &fields).await, ask(&app, "HEAD", uri, &fields).await);
            assert_eq!(get.headers(), head.headers(), "{uri} {accepted}");
            assert!(body(head).await.is_empty() && !body(get).await.is_empty());
        }
    }
}

#[tokio::test]
async fn an_unchanged_answer_is_unchanged_in_every_encoding() {
    let app = long().await;
    let response = ask(&app, "GET", LONG, &[("accept-encoding", "gzip")]).await;
    let tag = response.headers()[header::ETAG].to_str().unwrap().to_owned();
    for accepted in ["gzip", "zstd", "identity"] {
        let fields = [("accept-encoding", accepted), ("if-none-match", tag.as_str())];
        let response = ask(&app, "GET", LONG, &fields).await;
        assert_eq!(response.status(), StatusCode::NOT_MODIFIED);
        assert_eq!(response.headers()[header::VARY], "accept-encoding");
        assert!(!response.headers().contains_key(header::CONTENT_ENCODING));
        assert!(body(response).await.is_empty());
    }
}

#[tokio::test]
async fn a_short_answer_and_a_problem_are_not_compressed() {
    let (_, app) = sample().await;
    for uri in ["/api/trends?source=sample&topic=love", "/nowhere"] {
        let response = ask(&app, "GET", uri, &[("accept-encoding", "gzip, zstd")]).await;
        assert!(!response.headers().contains_key(header::CONTENT_ENCODING), "{uri}");
        assert!(body(response).await.ends_with(b"}\n"));
    }
}
