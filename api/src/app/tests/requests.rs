//! The limits of requests: their size, their number of parameters, their origin.

use super::*;

async fn with(fields: &[(&str, &str)], uri: &str) -> Response {
    let (_, app) = sample().await;
    let request = Request::get(uri);
    let request =
        fields.iter().fold(request, |request, (name, value)| request.header(*name, *value));
    app.oneshot(request.body(Body::empty()).unwrap()).await.unwrap()
}

#[tokio::test]
async fn a_request_that_is_too_large_gets_a_problem_that_names_the_limit() {
    let topic = |length: usize| format!("/api/trends?source=sample&topic={}", "x".repeat(length));
    let value = "x".repeat(6000);
    let large: Vec<(&str, &str)> = ["x-a", "x-b", "x-c"].map(|name| (name, value.as_str())).into();
    let many = (0..33).map(|number| format!("p{number}=1")).collect::<Vec<_>>().join("&");
    for (fields, uri, status, part) in [
        (&[][..], topic(8192), 414, "8192 bytes"),
        (&large[..], "/".to_owned(), 431, "16384 bytes"),
        (&[][..], format!("/api/trends?{many}"), 400, "at most 32"),
    ] {
        let response = with(fields, &uri).await;
        assert_eq!(response.status(), status);
        assert_eq!(response.headers()[header::CONTENT_TYPE], "application/problem+json");
        let body = text(response).await;
        assert!(body.contains(part), "{body}");
    }
    assert_eq!(with(&large[..2], &topic(8000)).await.status(), StatusCode::OK, "within bounds");
}

#[tokio::test]
async fn problems_are_named_by_their_status() {
    let (_, app) = sample().await;
    let problem: serde_json::Value =
        serde_json::from_str(&text(get(&app, "/nowhere").await).await).unwrap();
    let expected = serde_json::json!({
        "title": "Not Found", "status": 404, "detail": "this path does not exist: / lists the paths",
    });
    assert_eq!(problem, expected);
}

async fn from_origin(allowed: &[&str], method: &str, origin: &str) -> Response {
    let (store, _) = sample().await;
    let origins = allowed.iter().map(|origin| origin.parse().unwrap()).collect();
    let app = app(store, &Settings { origins, ..Settings::default() });
    let request = Request::builder()
        .method(method)
        .uri("/api/v1/trends?source=sample")
        .header(header::ORIGIN, origin)
        .header(header::ACCESS_CONTROL_REQUEST_METHOD, "GET");
    app.oneshot(request.body(Body::empty()).unwrap()).await.unwrap()
}

#[tokio::test]
async fn pages_of_allowed_origins_may_read_and_others_may_not() {
    const PAGE: &str = "https://a.example";
    let allow = header::ACCESS_CONTROL_ALLOW_ORIGIN;
    for (allowed, expected) in [
        (&[][..], None),
        (&["*"], Some("*")),
        (&["https://b.example", PAGE], Some(PAGE)),
        (&["https://b.example"], None),
    ] {
        let response = from_origin(allowed, "GET", PAGE).await;
        assert_eq!(
            response.status(),
            StatusCode::OK,
            "browsers withhold it from pages, not the API"
        );
        let shown = response.headers().get(&allow).map(|origin| origin.to_str().unwrap());
        assert_eq!(shown, expected, "{allowed:?}");
        let exposed = response.headers().get(header::ACCESS_CONTROL_EXPOSE_HEADERS);
        assert_eq!(exposed.is_some(), !allowed.is_empty());
    }
    let listed = from_origin(&[PAGE], "GET", PAGE).await;
    let varies = listed.headers().get_all(header::VARY).iter();
    assert!(varies.into_iter().any(|vary| vary.to_str().unwrap().contains("origin")), "{listed:?}");
}

#[tokio::test]
async fn a_preflight_request_is_answered_with_the_permissions() {
    let response = from_origin(&["https://a.example"], "OPTIONS", "https://a.example").await;
    assert!(response.status().is_success());
    assert_eq!(response.headers()[header::ACCESS_CONTROL_ALLOW_METHODS], "GET,HEAD");
    assert_eq!(response.headers()[header::ACCESS_CONTROL_ALLOW_HEADERS], "*");
    assert_eq!(response.headers()[header::ACCESS_CONTROL_MAX_AGE], "3600");
    assert!(response.headers().contains_key(REQUEST_ID), "it is recorded, too");
}
