//! Cursors: all pages of a listing show the generation of the first page.

use store::{Key, Stage};

use super::*;

const FIRST: &str = "/api/v1/trends?source=sample&limit=2";

async fn page(app: &Router, uri: &str) -> (Vec<String>, Option<String>, serde_json::Value) {
    let response = get(app, uri).await;
    assert_eq!(response.status(), StatusCode::OK, "{uri}");
    let link = response.headers().get(header::LINK).map(|link| link.to_str().unwrap().to_owned());
    let answer: serde_json::Value = serde_json::from_str(&text(response).await).unwrap();
    let topics = answer["topics"].as_array().unwrap();
    let terms = topics.iter().map(|topic| topic["term"].as_str().unwrap().to_owned()).collect();
    let next = answer["next"].as_str().map(|next| format!("/api/v1/trends?limit=2&cursor={next}"));
    // The `Link` header holds the same cursor as `next`, relative to the path of the request.
    let linked = link.as_deref().map(|link| {
        let target = link.strip_prefix('<').unwrap().strip_suffix(">; rel=\"next\"").unwrap();
        format!("/api/v1/trends{target}")
    });
    assert_eq!(linked, next, "{uri}");
    (terms, next, answer)
}

const SEVEN: [(&str, u64); 7] =
    [("a", 9), ("b", 8), ("c", 7), ("d", 6), ("e", 5), ("f", 4), ("g", 3)];

#[tokio::test]
async fn following_next_shows_every_topic_once_and_ends() {
    let store = memory().await;
    publish(&store, "sample", 1, &SEVEN).await;
    let app = over(&store);
    let (mut listed, mut next, _) = page(&app, FIRST).await;
    while let Some(uri) = next {
        let (terms, after, answer) = page(&app, &uri).await;
        assert_eq!(answer["topics"][0]["rank"], listed.len() + 1);
        listed.extend(terms);
        next = after;
    }
    assert_eq!(listed, ["a", "b", "c", "d", "e", "f", "g"]);
    assert_eq!(page(&app, "/api/v1/trends?source=sample&limit=7").await.1, None, "there are seven");
}

#[tokio::test(start_paused = true)]
async fn a_listing_goes_on_in_its_generation_while_newer_ones_are_published() {
    let store = memory().await;
    publish(&store, "sample", 1, &SEVEN).await;
    let app = over(&store);
    let (_, next, _) = page(&app, FIRST).await;
    for start in 2..4 {
        publish(&store, "sample", start, &[("x", 9), ("y", 8), ("z", 7), ("w", 1)]).await;
        tokio::time::advance(Duration::from_secs(1)).await;
        assert_eq!(page(&app, FIRST).await.0, ["x", "y"]);
        let (terms, after, answer) = page(&app, next.as_ref().unwrap()).await;
        assert_eq!(terms, ["c", "d"]);
        assert_eq!(answer["generation"], 1);
        assert_eq!(page(&app, &after.unwrap()).await.0, ["e", "f"]);
    }
    // Another replica, which never had the first generation as the newest, goes on with it.
    assert_eq!(page(&over(&store), next.as_ref().unwrap()).await.0, ["c", "d"]);
}

#[tokio::test(start_paused = true)]
async fn a_generation_that_is_no_longer_kept_is_gone() {
    let store = memory().await;
    publish(&store, "sample", 1, &SEVEN).await;
    let app = over(&store);
    let next = page(&app, FIRST).await.1.unwrap();
    publish(&store, "sample", 2, &[("x", 9)]).await;
    tokio::time::advance(Duration::from_secs(1)).await;
    store.remove_run(&RunId::new("sample-1").unwrap()).await.unwrap();
    let gone = async |app: &Router| {
        let response = get(app, &next).await;
        assert_eq!(response.status(), StatusCode::GONE);
        assert_eq!(response.headers()[header::CONTENT_TYPE], "application/problem+json");
        assert!(text(response).await.contains("begin again without a cursor"));
    };
    gone(&app).await;
    gone(&over(&store)).await;
    // Generation 1 of another store is another result.
    let other = memory().await;
    publish(&other, "sample", 7, &SEVEN).await;
    gone(&over(&other)).await;
    gone(&over(&memory().await)).await;
}

#[tokio::test(start_paused = true)]
async fn a_run_that_is_removed_between_pages_is_gone_not_damaged() {
    let store = memory().await;
    publish(&store, "sample", 1, &SEVEN).await;
    let app = over(&store);
    let next = page(&app, FIRST).await.1.unwrap();
    publish(&store, "sample", 2, &[("x", 9)]).await;
    let run = RunId::new("sample-1").unwrap();
    // A removal under way: the marker exists, the blocks don't.
    store.remove_blocks(&run, Stage::Publish).await.unwrap();
    assert!(store.get(&Key::marker(&run, Stage::Publish, 0)).await.unwrap().is_some());
    assert_eq!(get(&over(&store), &next).await.status(), StatusCode::GONE);
}

#[tokio::test]
async fn a_cursor_comes_alone_or_with_its_source_and_kind() {
    let store = memory().await;
    publish(&store, "sample", 1, &SEVEN).await;
    let app = over(&store);
    let next = page(&app, FIRST).await.1.unwrap();
    for (more, status) in [
        ("", 200),
        ("&source=sample&kind=word", 200),
        ("&source=other", 400),
        ("&kind=hashtag", 400),
        ("&offset=3", 400),
        ("&cursor=x", 400),
    ] {
        assert_eq!(get(&app, &format!("{next}{more}")).await.status(), status, "{more}");
    }
    let response = get(&app, "/api/v1/trends?cursor=bm9uZQ").await;
    assert_eq!(response.status(), StatusCode::BAD_REQUEST);
    assert!(text(response).await.contains("copy `next` of the previous answer"));
}
