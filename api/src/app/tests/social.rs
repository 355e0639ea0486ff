//! Terms of the profile Social: in listings, by term, over time and by score.

use std::sync::atomic::AtomicUsize;

use pipeline::{Analysis, Context, Limits, Profile, Spec, local};
use serde_json::{Value, json};
use store::{AttemptId, SourceName};
use trends::{Kind, Partitions, Score};

use super::*;

/// Ten hours of posts by seven authors, from 2016-03-01T00:00:00Z; a hashtag appears in the ninth.
fn posts() -> String {
    let post = |hour: u64, number: u64, text: &str| {
        json!({
            "text": text, "id_str": format!("{hour}-{number}"),
            "created_at": 1_456_790_400 + hour * 3600 + number * 60,
            "user": { "id_str": format!("author{}", number % 7) },
        })
        .to_string()
            + "\n"
    };
    let quiet = (0..10).flat_map(|hour| (0..9).map(move |number| post(hour, number, "Weather")));
    let loud = (10..20).map(|number| post(8, number, "#Breaking weather"));
    let undated = "{\"text\":\"weather\"}\n".to_owned();
    quiet.chain(loud).chain([undated]).collect()
}

/// Ten hours of posts, each by an author of its own. A flood has 32 in the eighth hour and 33 in the
/// ninth.
fn crowds() -> String {
    let sizes = [9, 9, 9, 9, 9, 9, 9, 32, 33, 9];
    let hours = (0_u64..).zip(sizes);
    let posts = hours.flat_map(|(hour, size)| (0..size).map(move |number| (hour, number)));
    let post = |(hour, number): (u64, u64)| {
        let time = 1_456_790_400 + hour * 3600 + number;
        let author = format!("{hour}-{number}");
        let text = if (7..9).contains(&hour) { "flood" } else { "weather" };
        json!({ "text": text, "created_at": time, "user": { "id_str": author } }).to_string()
    };
    posts.map(|of| post(of) + "\n").collect()
}

/// Publishes posts under the source `social`.
pub(super) async fn publish(store: Arc<dyn Store>) {
    publish_as("social", posts(), store).await;
}

/// Publishes the posts of two crowds under the source `crowds`.
pub(super) async fn publish_crowds(store: Arc<dyn Store>) {
    publish_as("crowds", crowds(), store).await;
}

async fn publish_as(source: &'static str, posts: String, store: Arc<dyn Store>) {
    static RUNS: AtomicUsize = AtomicUsize::new(0);
    let number = RUNS.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
    let runtime = tokio::runtime::Handle::current();
    let run = move || {
        let folder = tempfile::tempdir().unwrap();
        let input = folder.path().join("posts.ndjson");
        std::fs::write(&input, posts).unwrap();
        let spec = Spec {
            partitions: Partitions::new(2).unwrap(),
            analysis: Analysis {
                profile: Profile::Social,
                kinds: vec![Kind::Word, Kind::Hashtag],
                window: Some(3600),
                scores: vec![Score::Burst, Score::Peak, Score::Popular],
                ..Analysis::default()
            },
            ..Spec::new(SourceName::new(source).unwrap(), vec![input.display().to_string()])
        };
        let context = Context::new(
            store,
            runtime,
            RunId::new(&format!("{source}-{number}")).unwrap(),
            AttemptId::new("attempt").unwrap(),
            Limits::new(1, 64 << 20, folder.path().to_owned(), 1),
        );
        local::run(&context, Some(&spec), |_, _| Ok(()), || "now".to_owned()).unwrap();
    };
    tokio::task::spawn_blocking(run).await.unwrap();
}

async fn social() -> Router {
    let store = memory().await;
    publish(store.clone()).await;
    over(&store)
}

async fn answer(app: &Router, uri: &str) -> Value {
    let response = get(app, uri).await;
    assert_eq!(response.status(), StatusCode::OK, "{uri}");
    serde_json::from_str(&text(response).await).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_listing_shows_the_form_and_the_authors_of_a_term() {
    let app = social().await;
    let trends = answer(&app, "/api/v1/trends?source=social&kind=hashtag").await;
    let expected = json!([{
        "rank": 1, "kind": "hashtag", "term": "breaking", "count": 10, "documents": 10, "authors": 7,
        "form": "Breaking",
    }]);
    assert_eq!(trends["topics"], expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_answer_marks_an_estimate_of_authors_and_only_that() {
    let store = memory().await;
    publish_crowds(store.clone()).await;
    let app = over(&store);
    let number = |counts: &Value| {
        let [authors, documents] = ["authors", "documents"].map(|name| counts[name].as_u64());
        assert!(authors <= documents, "{counts}");
        (authors, counts.get("authorsEstimated").cloned())
    };
    let (exact, estimate) = ((Some(32), None), (Some(33), Some(json!(true))));
    let history = answer(&app, "/api/v1/history?source=crowds&term=flood").await;
    let windows = history["windows"].as_array().unwrap();
    assert_eq!([&windows[0], &windows[1]].map(number), [exact.clone(), estimate.clone()]);
    for (hour, expected) in [(7, exact), (8, estimate)] {
        let uri =
            format!("/api/v1/scores?source=crowds&score=peak&window=2016-03-01T0{hour}:00:00Z");
        let scored = answer(&app, &uri).await;
        assert_eq!(number(&scored["topics"][0]), expected, "{uri}");
    }
    for uri in ["trends?source=crowds", "topics?source=crowds&term=flood"] {
        let found = answer(&app, &format!("/api/v1/{uri}")).await;
        let counts = found["topics"].get(0).unwrap_or(&found);
        let (authors, mark) = number(counts);
        assert!(authors.unwrap() > 32 && mark == Some(json!(true)), "{counts}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn several_kinds_are_one_list_by_rank_or_by_score() {
    let app = social().await;
    let listed = |answer: &Value| -> Vec<(u64, String, String)> {
        let text = |topic: &Value, name: &str| topic[name].as_str().unwrap().to_owned();
        let of = |topic: &Value| {
            (topic["rank"].as_u64().unwrap(), text(topic, "kind"), text(topic, "term"))
        };
        answer["topics"].as_array().unwrap().iter().map(of).collect()
    };
    let place = |rank, kind: &str, term: &str| (rank, kind.to_owned(), term.to_owned());
    let whole = [place(1, "word", "weather"), place(2, "hashtag", "breaking")];
    for kinds in ["word,hashtag", "hashtag,word,word", "word%2Chashtag"] {
        let trends = answer(&app, &format!("/api/v1/trends?source=social&kind={kinds}")).await;
        assert_eq!(listed(&trends), whole, "{kinds}");
        assert_eq!((&trends["total"], &trends["kind"]), (&json!(2), &Value::Null));
    }
    let first = answer(&app, "/api/v1/trends?source=social&kind=word,hashtag&limit=1").await;
    assert_eq!((listed(&first).len(), &first["next"]), (1, &Value::Null));
    let by_score = "/api/v1/scores?source=social&kind=word,hashtag&score=peak";
    let by_score = answer(&app, by_score).await;
    assert_eq!(listed(&by_score)[0], place(1, "hashtag", "breaking"));
    assert_eq!(by_score["kind"], Value::Null);
    for (wrong, part) in [
        ("trends?source=social&kind=word,hashtag&offset=1", "leave offset out"),
        ("trends?source=social&kind=word,noun", "noun"),
        ("trends?source=social&kind=word,", "unknown kind"),
        ("scores?source=social&kind=,", "unknown kind"),
        ("topics?source=social&term=breaking&kind=word,hashtag", "word,hashtag"),
    ] {
        let response = get(&app, &format!("/api/v1/{wrong}")).await;
        assert_eq!(response.status(), StatusCode::BAD_REQUEST, "{wrong}");
        let problem = text(response).await;
        assert!(problem.contains(part), "{wrong}: {problem}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_term_is_found_in_any_form() {
    let app = social().await;
    for term in ["breaking", "%23BREAKING", "Breaking"] {
        let uri = format!("/api/v1/topics?source=social&kind=hashtag&term={term}");
        let topic = answer(&app, &uri).await;
        assert_eq!((&topic["term"], &topic["count"]), (&json!("breaking"), &json!(10)), "{term}");
        assert_eq!(topic["forms"], json!([{ "form": "Breaking", "count": 10 }]));
        assert_eq!(topic["examples"].as_array().unwrap().len(), 5);
    }
    let word = answer(&app, "/api/v1/topics?source=social&term=weather").await;
    let forms = json!([{ "form": "Weather", "count": 90 }, { "form": "weather", "count": 11 }]);
    assert_eq!(word["forms"], forms);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_history_has_each_window_and_the_records_without_a_time() {
    let app = social().await;
    let history = answer(&app, "/api/v1/history?source=social&term=weather").await;
    assert_eq!(history["windows"].as_array().unwrap().len(), 10);
    let ninth =
        json!({ "start": "2016-03-01T08:00:00Z", "count": 19, "documents": 19, "authors": 7 });
    assert_eq!(history["windows"][8], ninth);
    assert_eq!(history["undated"], json!({ "count": 1, "documents": 1 }));
    let tag = answer(&app, "/api/v1/history?source=social&kind=hashtag&term=breaking").await;
    assert_eq!(tag["windows"].as_array().unwrap().len(), 1);
    assert_eq!(tag["window"], 3600);
}

#[tokio::test(flavor = "multi_thread")]
async fn scores_are_of_the_last_window_or_of_the_given_one() {
    let app = social().await;
    let last = answer(&app, "/api/v1/scores?source=social&kind=hashtag&score=peak").await;
    assert_eq!(last["start"], "2016-03-01T08:00:00Z", "the tenth hour is not over");
    assert_eq!(last["topics"][0]["term"], "breaking");
    let early = "/api/v1/scores?source=social&kind=hashtag&window=2016-03-01T02:30:00Z";
    let early = answer(&app, early).await;
    assert_eq!(early["start"], "2016-03-01T02:00:00Z");
    assert_eq!((&early["topics"], &early["insufficientHistory"]), (&json!([]), &json!(true)));
    assert_eq!(last.get("insufficientHistory"), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_excluded_term_has_no_scores_and_no_history() {
    let store = memory().await;
    publish(store.clone()).await;
    let breaking = exclusions::term("#BREAKING", Some(Kind::Hashtag));
    exclusions::exclude(&store, "social", breaking).await;
    let app = over(&store);
    let scores = answer(&app, "/api/v1/scores?source=social&kind=hashtag&score=peak").await;
    assert_eq!(scores["topics"], json!([]));
    for path in ["history", "topics"] {
        let uri = format!("/api/v1/{path}?source=social&kind=hashtag&term=breaking");
        let response = get(&app, &uri).await;
        assert_eq!(response.status(), StatusCode::NOT_FOUND);
        let problem: Value = serde_json::from_str(&text(response).await).unwrap();
        assert_eq!(problem["excluded"], true, "{problem}");
    }
    let words = answer(&app, "/api/v1/trends?source=social").await;
    assert_eq!((&words["total"], &words["excluded"]), (&json!(1), &Value::Null));
}
