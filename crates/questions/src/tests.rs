//! Questions about a small published result of ten hours, the last of which is not over: one word,
//! counted too rarely for a series, and no ranking.

use std::collections::BTreeSet;
use std::sync::Arc;

use store::document::AttemptKey;
use store::generations::{self, Publication};
use store::marker::mark;
use store::view::SliceStart;
use store::{AttemptId, Key, ObjectStore, RunId, SourceName, Stage, Store, View};
use trends::format::RowWriter;
use trends::result::{BlockRef, PartitionContents, ResultContents, TermBlock};
use trends::window::WindowTotal;
use trends::{Bucket, Kind, RowRef, Score};

use super::*;

/// Publishes and opens the result, with windows of this length in seconds.
async fn view(window: Option<u64>) -> Arc<View> {
    let store: Arc<dyn Store> = Arc::new(ObjectStore::in_memory().await.unwrap());
    let (source, run) = (SourceName::new("s").unwrap(), RunId::new("run").unwrap());
    let attempt = AttemptId::new("attempt").unwrap();
    let key = |stage| AttemptKey { run: run.clone(), stage, index: 0, attempt: attempt.clone() };
    let (kind, term, bucket) = (Kind::Word, b"love", Bucket::WHOLE);
    let mut rows = RowWriter::default();
    rows.push(&RowRef { kind, term, bucket, count: 3, documents: 2, detail: &[] });
    let block = rows.finish().unwrap();
    let reference = BlockRef::to("terms".to_owned(), &block);
    store.put_block(&key(Stage::Aggregate).block("terms"), block.into()).await.unwrap();
    let terms = TermBlock { kind, first: "love".to_owned(), rows: 1, block: reference };
    let partition = PartitionContents {
        attempt: attempt.to_string(),
        terms: vec![terms],
        series: vec![],
        phrases: None,
    };
    let total = WindowTotal { documents: 5, with_author: 0 };
    let contents = ResultContents {
        window,
        totals: (0..10).map(|hour| (hour, total)).collect(),
        kinds: vec![Kind::Word, Kind::Hashtag],
        series_floor: Some(5),
        scores: vec![Score::Burst, Score::Popular, Score::Keyness],
        partitions: vec![partition],
        ..ResultContents::default()
    };
    mark(&*store, &key(Stage::Publish), "hash", contents).await.unwrap();
    let publication =
        Publication { source: &source, run: &run, start: 1, published_at: "", incomplete: false };
    generations::publish(&*store, &publication).await.unwrap();
    View::newest(&store, &source, None).await.unwrap().unwrap()
}

fn term(kind: Kind, term: &str) -> TermQuestion {
    TermQuestion { kind, term: term.to_owned() }
}

#[tokio::test]
async fn a_window_is_named_by_any_time_in_it() {
    let view = view(Some(3600)).await;
    let start = async |score, window: Option<&str>| {
        let (kinds, window) = (BTreeSet::from([Kind::Word]), window.map(str::to_owned));
        let question = ScoredQuestion { kinds, score, window, limit: 1 };
        question.answer(&view).await.map(|answer| answer.start)
    };
    for (window, expected) in [
        (Some("1970-01-01"), "1970-01-01T00:00:00Z"),
        (Some("1970-01-01T03:00:00Z"), "1970-01-01T03:00:00Z"),
        (Some("1970-01-01T03:59:59Z"), "1970-01-01T03:00:00Z"),
        (Some("1969-12-31T23:59:59Z"), "1969-12-31T23:00:00Z"),
        (None, "1970-01-01T08:00:00Z"),
    ] {
        assert_eq!(start(Score::Burst, window).await.unwrap().unwrap(), expected, "{window:?}");
    }
    let last = start(Score::Popular, Some("1970-01-01T08:30:00Z")).await.unwrap();
    assert_eq!(last.unwrap(), "1970-01-01T08:00:00Z");
    assert_eq!(start(Score::Keyness, None).await.unwrap(), None, "keyness has no window");
    for (score, window, message) in [
        (Score::Burst, "yesterday", "is not a time"),
        (Score::Popular, "1970-01-01", "which begins at 1970-01-01T08:00:00Z"),
        (Score::Keyness, "1970-01-01", "belongs to the whole run"),
    ] {
        let error = start(score, Some(window)).await.unwrap_err();
        assert!(error.to_string().contains(message), "{error}");
        assert!(error.is_usage() && error.reason() == "Usage", "{error}");
    }
}

#[tokio::test]
async fn a_result_without_windows_has_no_history() {
    let view = view(None).await;
    let error = term(Kind::Word, "love").history(&view).await.unwrap_err();
    assert!(matches!(error, QuestionError::NoWindows(_)), "{error:?}");
    assert!(!error.is_usage());
}

#[tokio::test]
async fn a_kind_without_a_ranking_has_no_topics_and_a_note_if_it_was_not_counted() {
    let view = view(Some(3600)).await;
    for kind in [Kind::Hashtag, Kind::Emoji] {
        let ranking = Ranking::One(kind, SliceStart::Shown(0));
        let answer = TopQuestion { ranking, limit: 9 }.answer(&view).await.unwrap();
        assert_eq!((answer.total, answer.topics.len(), answer.next_position), (0, 0, None));
    }
    assert_eq!(uncounted_kinds(&view, &BTreeSet::from([Kind::Word, Kind::Hashtag])), None);
    let note = uncounted_kinds(&view, &BTreeSet::from([Kind::Word, Kind::Emoji])).unwrap();
    assert!(note.ends_with("--kinds word,hashtag,emoji"), "{note}");
    let error = term(Kind::Emoji, "x").topic(&view).await.unwrap_err();
    assert_eq!(error.to_string(), "s has no emoji \"x\"; the kinds it counted are word, hashtag");
}

#[tokio::test]
async fn a_term_below_the_floor_has_totals_and_no_series() {
    let view = view(Some(3600)).await;
    let answer = term(Kind::Word, "LOVE").topic(&view).await.unwrap();
    assert_eq!((&*answer.term, answer.count, answer.documents), ("love", 3, 2));
    let error = term(Kind::Word, "LOVE").history(&view).await.unwrap_err();
    assert!(matches!(error, QuestionError::BelowFloor { count: 3, floor: 5, .. }), "{error:?}");
    assert_eq!(error.reason(), "NoSeries");
    let error = term(Kind::Word, "peace").history(&view).await.unwrap_err();
    assert!(matches!(error, QuestionError::UnknownTerm { .. }), "{error:?}");
}

#[tokio::test]
async fn sound_sources_are_listed_beside_one_whose_log_is_damaged() {
    let store = ObjectStore::in_memory().await.unwrap();
    let run = |name: &str| RunId::new(name).unwrap();
    for name in ["broken", "sound"] {
        let source = SourceName::new(name).unwrap();
        for (number, run) in [run(name), run(&format!("{name}-waits"))].iter().enumerate() {
            let start = number + 1;
            let record = format!(r#"{{"source":"{name}","start":{start}}}"#);
            store.insert(&Key::run(run), record.into()).await.unwrap();
        }
        let (source, run) = (&source, &run(name));
        let publication =
            Publication { source, run, start: 1, published_at: "", incomplete: false };
        generations::publish(&store, &publication).await.unwrap();
    }
    let damaged = Key::generation(&SourceName::new("broken").unwrap(), 2);
    store.insert(&damaged, "?".into()).await.unwrap();
    let listed = runs(&store, None).await.unwrap();
    let generations: Vec<_> = listed.generations.iter().map(|entry| entry.run.as_str()).collect();
    assert_eq!((generations, listed.resumable), (vec!["sound"], vec![run("sound-waits")]));
    let [unreadable] = listed.unreadable.as_slice() else { panic!("{:?}", listed.unreadable) };
    assert_eq!(unreadable.source.as_str(), "broken");
    assert!(unreadable.error.contains(&damaged.to_string()), "{}", unreadable.error);
}
