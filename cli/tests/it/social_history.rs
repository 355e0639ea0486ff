//! Short histories and gaps: if there is too little to compare with, the command reports it and
//! shows no number.

use std::fmt::Write as _;

use serde_json::{Value, json};

use crate::command::Workspace;
use crate::outcome::{assert_mentions, near};

/// 2016-03-01T00:00:00Z.
const MARCH: i64 = 1_456_790_400;
const SCORED: [&str; 6] =
    ["--profile", "social", "--window", "1h", "--scores", "burst,peak,popular"];

/// Returns hours since the beginning of March with `each` records of `weather` by authors of their
/// own. In the hours of `floods`, all of them have the word `flood`, too.
fn posts(hours: impl IntoIterator<Item = i64>, each: i64, floods: &[i64]) -> String {
    let mut text = String::new();
    for hour in hours {
        for number in 0..each {
            let words = if floods.contains(&hour) { "weather flood" } else { "weather" };
            let post = json!({
                "text": words, "created_at": MARCH + hour * 3600 + number,
                "user": { "id": number },
            });
            writeln!(text, "{post}").unwrap();
        }
    }
    text
}

fn start(hour: i64) -> String {
    format!("2016-03-{:02}T{:02}:00:00Z", 1 + hour / 24, hour % 24)
}

impl Workspace {
    #[track_caller]
    fn scored(&self, score: &str, hour: i64) -> Value {
        self.json(&["top", "sample", "--score", score, "--window", &start(hour)])
    }

    /// Returns the text of a refusal by `explain`.
    #[track_caller]
    fn refused_to_explain(&self, args: &[&str]) -> String {
        let store = self.store();
        let outcome = self.trendjob(&[&["explain", "sample"], args, &["--store", &store]].concat());
        assert_ne!(outcome.code, Some(0), "{outcome:#?}");
        outcome.assert_no_panic();
        outcome.all()
    }
}

/// Asserts that a term has no score.
#[track_caller]
fn assert_unscored(topic: &Value) {
    assert_eq!(topic["status"], "insufficientHistory", "{topic}");
    assert_eq!(topic["burst"], Value::Null, "{topic}");
    for number in ["growth", "peak"] {
        assert_eq!(topic[number], 0.0, "{number}: {topic}");
    }
    assert_eq!(topic["new"], false, "{topic}");
}

#[test]
fn a_source_of_one_window_has_insufficient_history_and_no_number() {
    let workspace = Workspace::new();
    let file = workspace.write("posts.ndjson", posts([0], 50, &[0]));
    workspace.publish(&[&SCORED[..], &[&file]].concat());
    for score in ["burst", "peak", "popular"] {
        for args in [
            &["top", "sample", "--score", score][..],
            &["top", "sample", "--score", score, "--window", "2016-03-01"],
        ] {
            let top = workspace.json(args);
            assert_eq!(top["topics"], json!([]), "{args:?}");
            assert_eq!(top["insufficientHistory"], true, "{args:?}");
        }
        let store = workspace.store();
        let table =
            workspace.trendjob(&["top", "sample", "--score", score, "--store", &store]).done();
        assert_mentions(&table.all(), &["insufficient history", "6 windows"]);
    }
    for args in [&["flood"][..], &["flood", "--window", "2016-03-01"]] {
        assert_mentions(&workspace.refused_to_explain(args), &["insufficient history"]);
    }
    // The counts are published all the same.
    let history = workspace.json(&["history", "sample", "flood"]);
    let expected = json!([{
        "start": start(0), "count": 50, "documents": 50, "authors": 50, "authorsEstimated": true,
    }]);
    let mut windows = history["windows"].clone();
    // Above 32, authors are an estimate, of at most one author a record.
    let authors = windows[0]["authors"].take().as_f64().unwrap();
    assert!((48.0..=50.0).contains(&authors), "{authors}");
    windows[0]["authors"] = json!(50);
    assert_eq!(windows, expected);
}

#[test]
fn windows_with_fewer_than_six_before_them_have_insufficient_history_and_no_number() {
    let workspace = Workspace::new();
    // Hours 0 to 7, of which the last is open.
    let file = workspace.write("posts.ndjson", posts(0..8, 20, &[5, 6]));
    workspace.publish(&[&SCORED[..], &[&file]].concat());
    for hour in 0..6 {
        let bursts = workspace.scored("burst", hour);
        assert_eq!((&bursts["topics"], &bursts["insufficientHistory"]), (&json!([]), &json!(true)));
        let explained = workspace.json(&["explain", "sample", "weather", "--window", &start(hour)]);
        assert_unscored(&explained["score"]);
        assert_eq!(explained["steps"], Value::Null, "hour {hour}");
        let store = workspace.store();
        let args = ["explain", "sample", "flood", "--window", &start(hour), "--store", &store];
        assert_mentions(&workspace.trendjob(&args).done().stdout, &["insufficient history"]);
    }
    // Earlier windows have bursts, peaks and counts only.
    let store = workspace.store();
    let (earlier, last) = (start(5), start(6));
    let popular = ["top", "sample", "--score", "popular", "--store", &store, "--window"];
    let refused = workspace.trendjob(&[&popular[..], &[&earlier]].concat());
    assert_eq!(refused.code, Some(2), "{refused:#?}");
    assert_mentions(&refused.all(), &["last window only", &last, "leave the window out"]);
    workspace.trendjob(&[&popular[..], &[&last]].concat()).done();
    let sixth = workspace.scored("burst", 6);
    assert_eq!(sixth.get("insufficientHistory"), None, "{sixth}");
    // 20 of 20 after 20 of 120: E = 20.5 / 6, winsorised a little: more than chance.
    assert_eq!(sixth["topics"][0]["term"], "flood");
    assert!(sixth["topics"][0]["burst"].as_f64().unwrap() > 0.0);
    assert_mentions(
        &workspace.refused_to_explain(&["weather", "--window", &start(7)]),
        &["had not ended"],
    );
    for time in [start(7).as_str(), "2010-01-01"] {
        let store = workspace.store();
        let top = ["top", "sample", "--score", "burst", "--window", time, "--store", &store];
        let printed = workspace.trendjob(&top).done().stdout;
        assert_mentions(
            &printed,
            &["no records in the window", "the first window is from", &start(0), &start(6)],
        );
    }
}

#[test]
fn windows_without_data_are_not_part_of_a_reference() {
    let workspace = Workspace::new();
    // A night without posts, hours 10 to 19, before the flood of hour 30.
    let hours = (0..10).chain(20..32);
    let file = workspace.write("posts.ndjson", posts(hours, 20, &[30]));
    workspace.publish(&[&SCORED[..], &[&file]].concat());
    let history = workspace.json(&["history", "sample", "weather"]);
    let found: Vec<_> =
        history["windows"].as_array().unwrap().iter().map(|w| w["start"].clone()).collect();
    let expected: Vec<_> = (0..10).chain(20..32).map(|hour| Value::from(start(hour))).collect();
    assert_eq!(found, expected);
    for score in ["burst", "peak"] {
        assert_eq!(workspace.scored(score, 15)["topics"], json!([]), "{score}");
    }
    assert_mentions(
        &workspace.refused_to_explain(&["weather", "--window", &start(15)]),
        &["no record"],
    );

    let explained = workspace.json(&["explain", "sample", "flood", "--window", &start(30)]);
    assert_eq!(
        (&explained["referenceBuckets"], &explained["referenceDocuments"]),
        (&json!(20), &json!(400))
    );
    // D = 0: E = 0.5 Nc / Nr and dispersion 4, over the 20 hours that have records. M = 0.
    let share = 20.0 / 400.0;
    let (x, expected, scale) = (20.0_f64, 0.5 * share, 4.0_f64 * (1.0 + share));
    let deviance = 2.0 * (x * (x / expected).ln() - (x - expected));
    near(&explained["score"]["significance"], (deviance / scale).sqrt());
    near(&explained["score"]["burst"], x / 0.5_f64.sqrt());
}

#[test]
fn after_a_silence_longer_than_the_reference_history_begins_again() {
    let workspace = Workspace::new();
    // Two days of records, ten days without records, then a flood in the first hours.
    let again = 12 * 24;
    let hours = (0..48).chain(again..again + 8);
    let file = workspace.write("posts.ndjson", posts(hours, 20, &[again, again + 6]));
    workspace.publish(&[&SCORED[..], &[&file]].concat());
    let explained = workspace.json(&["explain", "sample", "flood", "--window", &start(again)]);
    assert_unscored(&explained["score"]);
    assert_eq!(explained["referenceBuckets"], 0);
    assert_eq!(workspace.scored("burst", again)["insufficientHistory"], true);
    let sixth = workspace.json(&["explain", "sample", "flood", "--window", &start(again + 6)]);
    assert_eq!(
        (&sixth["referenceBuckets"], &sixth["reference"][0]["measured"]),
        (&json!(6), &json!(20))
    );
    assert!(sixth["score"]["burst"].as_f64().is_some_and(|burst| burst > 0.0), "{sixth}");
}
