//! Excluded terms: absent from lists, and named as excluded in problems, within a second.

use serde_json::{Value, json};
use store::{Key, exclusions};
use trends::Kind;
use trends::exclusions::{Action, Change, Subject};

use super::shaky::Shaky;
use super::*;

pub(super) fn term(term: &str, kind: Option<Kind>) -> Subject {
    Subject::Term { term: term.to_owned(), kind }
}

fn pattern(pattern: &str) -> Subject {
    Subject::Pattern { pattern: pattern.to_owned(), kind: None }
}

async fn change(store: &Arc<dyn Store>, source: &str, action: Action, subject: Subject) {
    let change = Change { action, subjects: vec![subject], reason: None };
    let source = SourceName::new(source).unwrap();
    exclusions::append(&**store, &source, &change, "now").await.unwrap();
}

pub(super) async fn exclude(store: &Arc<dyn Store>, source: &str, subject: Subject) {
    change(store, source, Action::Exclude, subject).await;
}

async fn a_second() {
    tokio::time::advance(Duration::from_secs(1)).await;
}

async fn json(app: &Router, uri: &str) -> Value {
    serde_json::from_str(&text(get(app, uri).await).await).unwrap()
}

/// The ranks and terms of a listing.
async fn listed(app: &Router, uri: &str) -> Vec<(u64, String)> {
    let answer = json(app, uri).await;
    let topics = answer["topics"].as_array().unwrap_or_else(|| panic!("{answer}"));
    let listed = topics
        .iter()
        .map(|topic| (topic["rank"].as_u64().unwrap(), topic["term"].as_str().unwrap().to_owned()));
    listed.collect()
}

const SEVEN: [(&str, u64); 7] =
    [("a", 9), ("b", 8), ("c", 7), ("d", 6), ("e", 5), ("f", 4), ("g", 3)];

#[tokio::test(start_paused = true)]
async fn a_page_is_refilled_and_renumbered_within_a_second_with_another_tag() {
    let (store, app) = sample().await;
    let uri = "/api/v1/trends?source=sample&limit=2";
    let tag = get(&app, uri).await.headers()[header::ETAG].clone();
    let ask = async || {
        let request = Request::get(uri).header(header::IF_NONE_MATCH, &tag);
        app.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap().status()
    };
    exclude(&store, "sample", term("Alpha", None)).await;
    assert_eq!(ask().await, StatusCode::NOT_MODIFIED, "looked up less than a second ago");
    a_second().await;
    assert_eq!(ask().await, StatusCode::OK);
    let expected = [(1, "zebra".to_owned()), (2, "love".to_owned())];
    assert_eq!(listed(&app, uri).await, expected);
    let answer = json(&app, uri).await;
    assert_eq!((&answer["total"], &answer["excluded"]), (&json!(2), &json!(1)));
    assert_eq!(answer["next"], Value::Null);
    change(&store, "sample", Action::Readmit, term("alpha", None)).await;
    a_second().await;
    assert_eq!(listed(&app, uri).await[0], (1, "alpha".to_owned()));
    assert_eq!(json(&app, uri).await["excluded"], Value::Null);
    assert_ne!(get(&app, uri).await.headers()[header::ETAG], tag, "tags never come back");
}

#[tokio::test(start_paused = true)]
async fn an_excluded_term_is_not_found_and_named_as_excluded() {
    let (store, app) = sample().await;
    exclude(&store, "sample", pattern("lov?")).await;
    let response = get(&app, "/api/v1/topics?source=sample&term=LOVE").await;
    assert_eq!(response.status(), StatusCode::NOT_FOUND);
    let problem: Value = serde_json::from_str(&text(response).await).unwrap();
    assert_eq!(problem["excluded"], true);
    assert_eq!(problem["detail"], "sample has no word \"love\": it is excluded");
    let absent = json(&app, "/api/v1/topics?source=sample&term=nowhere").await;
    assert_eq!(absent["excluded"], Value::Null);
}

#[tokio::test(start_paused = true)]
async fn the_compatible_answer_has_the_hottest_word_that_is_shown() {
    let (store, app) = sample().await;
    exclude(&store, "sample", term("alpha", Some(Kind::Word))).await;
    exclude(&store, "sample", term("love", None)).await;
    let answer = text(get(&app, "/api/trends?source=sample&topic=love").await).await;
    assert_eq!(
        answer,
        "{\"Hot Topic\":\"zebra\",\"Hot Topic Trends\":\"123\",\"Message\":\"The topic you selected was not shown up in the past 7 days\"}\n"
    );
    exclude(&store, "sample", pattern("?*")).await;
    a_second().await;
    let response = get(&app, "/api/trends?source=sample&topic=love").await;
    assert_eq!(response.status(), StatusCode::NOT_FOUND, "as a result without words");
}

#[tokio::test(start_paused = true)]
async fn a_cursor_stays_valid_and_misses_and_repeats_no_shown_topic() {
    let store = memory().await;
    publish(&store, "sample", 1, &SEVEN).await;
    let app = over(&store);
    let next = async |uri: &str| {
        let next = json(&app, uri).await["next"].as_str().map(str::to_owned).unwrap();
        format!("/api/v1/trends?limit=2&cursor={next}")
    };
    let second = next("/api/v1/trends?source=sample&limit=2").await;
    let pairs = |ranked: &[(u64, &str)]| -> Vec<(u64, String)> {
        ranked.iter().map(|(rank, term)| (*rank, (*term).to_owned())).collect()
    };
    assert_eq!(listed(&app, &second).await, pairs(&[(3, "c"), (4, "d")]));
    // One topic of the page before, and one of this page.
    exclude(&store, "sample", term("a", None)).await;
    exclude(&store, "sample", term("d", None)).await;
    a_second().await;
    let page = pairs(&[(2, "c"), (3, "e")]);
    assert_eq!(listed(&app, &second).await, page);
    assert_eq!(listed(&over(&store), &second).await, page, "another replica answers the same");
    let third = next(&second).await;
    assert_eq!(listed(&app, &third).await, pairs(&[(4, "f"), (5, "g")]));
    // A cursor into an earlier generation skips an excluded topic, too.
    publish(&store, "sample", 2, &[("x", 1)]).await;
    exclude(&store, "sample", term("e", None)).await;
    a_second().await;
    assert_eq!(listed(&app, &second).await, pairs(&[(2, "c"), (3, "f")]));
    exclude(&store, "sample", term("f", None)).await;
    a_second().await;
    assert_eq!(listed(&app, &second).await, pairs(&[(2, "c"), (3, "g")]));
    store.remove_run(&RunId::new("sample-1").unwrap()).await.unwrap();
    assert_eq!(get(&over(&store), &second).await.status(), StatusCode::GONE);
}

#[tokio::test(start_paused = true)]
async fn the_sources_have_the_number_of_shown_words() {
    let (store, app) = sample().await;
    exclude(&store, "sample", pattern("*a*")).await;
    let tag = get(&app, "/api/v1/sources").await.headers()[header::ETAG].clone();
    assert_eq!(json(&app, "/api/v1/sources").await["sources"][0]["topics"], 1);
    exclude(&store, "sample", term("love", None)).await;
    a_second().await;
    assert_ne!(get(&app, "/api/v1/sources").await.headers()[header::ETAG], tag);
    assert_eq!(json(&app, "/api/v1/sources").await["sources"][0]["topics"], 0);
}

#[tokio::test(start_paused = true)]
async fn the_log_is_read_once_a_second_and_the_ranking_is_scanned_once_per_version() {
    let store = memory().await;
    publish(&store, "sample", 1, &SEVEN).await;
    exclude(&store, "sample", pattern("?")).await;
    exclude(&store, "sample", term("x", None)).await;
    let shaky = Shaky::over(store.clone());
    let app = over(&(shaky.clone() as Arc<dyn Store>));
    for limit in 1..20 {
        get(&app, &format!("/api/v1/trends?source=sample&limit={limit}")).await;
    }
    let probes = shaky.reads("exclusions/");
    assert_eq!(shaky.reads("blocks/publish"), 1, "one page, for the scan; nothing of it is shown");
    get(&app, "/api/v1/trends?source=sample&limit=30").await;
    assert_eq!(shaky.reads("exclusions/"), probes);
    a_second().await;
    for limit in 1..20 {
        get(&app, &format!("/api/v1/trends?source=sample&limit={limit}")).await;
    }
    assert_eq!(shaky.reads("exclusions/"), probes + 2, "the next entry, and the last one");
    assert_eq!(shaky.reads("blocks/publish"), 1);
    exclude(&store, "sample", term("y", None)).await;
    a_second().await;
    get(&app, "/api/v1/trends?source=sample").await;
    get(&app, "/api/v1/trends?source=sample&limit=2").await;
    assert_eq!(shaky.reads("blocks/publish"), 2);
}

#[tokio::test(start_paused = true)]
async fn a_result_with_unreadable_exclusions_is_not_shown() {
    let (store, _) = sample().await;
    let key = Key::exclusion(&SourceName::new("sample").unwrap(), 1);
    store.insert(&key, "{\"format\":9}".into()).await.unwrap();
    let response = get(&over(&store), "/api/v1/trends?source=sample").await;
    assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
}
