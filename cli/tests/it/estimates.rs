//! Estimated numbers of authors: never above the number of records, and marked wherever they are
//! shown.

use std::fmt::Write as _;

use serde_json::{Value, json};

use crate::command::Workspace;

/// 2016-03-01T00:00:00Z.
const MARCH: i64 = 1_456_790_400;
/// The authors of each hour of the flood. None of them writes twice.
const CROWDS: [u64; 9] = [31, 32, 33, 40, 64, 66, 100, 300, 2_000];
/// The hours before the flood, enough for bursts.
const QUIET: usize = 8;
const SCORES: [&str; 4] = ["burst", "peak", "popular", "chisquare"];

/// Returns hours with sixty posts each of `weather` by thirty authors. After eight of them, an hour
/// for each crowd has as many posts of `flood`, each by an author of its own; the last hour is not
/// over.
fn posts(crowds: &[u64]) -> String {
    let mut text = String::new();
    let mut post = |word: &str, hour: usize, second: u64, author: String| {
        let time = MARCH + hour as i64 * 3600 + second as i64;
        let post = json!({ "text": word, "created_at": time, "user": { "id_str": author } });
        writeln!(text, "{post}").unwrap();
    };
    for hour in 0..=QUIET + crowds.len() {
        (0..60).for_each(|second| post("weather", hour, second, format!("{}", second % 30)));
        let crowd = hour.checked_sub(QUIET).and_then(|number| crowds.get(number));
        (0..crowd.copied().unwrap_or(0))
            .for_each(|second| post("flood", hour, second, format!("{hour}-{second}")));
    }
    text
}

impl Workspace {
    /// Publishes the posts of some crowds with all scores over time.
    fn publish_crowds(&self, crowds: &[u64]) {
        let file = self.write("posts.ndjson", posts(crowds));
        let scores = SCORES.join(",");
        let options = ["--profile", "social", "--window", "1h", "--scores", &scores];
        self.publish(&[&options[..], &[&file]].concat());
    }

    /// Returns what a command about the published posts prints.
    fn printed(&self, args: &[&str]) -> String {
        let store = self.store();
        self.trendjob(&[args, &["--store", &store]].concat()).done().stdout
    }
}

fn hour(number: usize) -> String {
    format!("2016-03-{:02}T{:02}:00:00Z", 1 + number / 24, number % 24)
}

/// Asserts that each number of authors in an answer is at most the records beside it, and is marked
/// as an estimate if it is above 32 and only then. Returns the numbers of authors.
#[track_caller]
fn assert_marked(answer: &Value) -> Vec<u64> {
    let mut found = Vec::new();
    match answer {
        Value::Array(values) => values.iter().for_each(|value| found.extend(assert_marked(value))),
        Value::Object(fields) => {
            let named = [("authors", "authorsEstimated"), ("measured", "measuredEstimated")];
            for (number, mark) in named {
                // In the gates of an explanation, `authors` is a truth value.
                let authors = fields.get(number).and_then(Value::as_u64);
                let expected = authors.filter(|authors| *authors > 32).map(|_| Value::Bool(true));
                assert_eq!(fields.get(mark), expected.as_ref(), "{number} in {answer}");
                if let (Some(authors), Some(documents)) = (authors, fields.get("documents")) {
                    assert!(authors <= documents.as_u64().unwrap(), "{answer}");
                }
                found.extend(authors);
            }
            fields.values().for_each(|value| found.extend(assert_marked(value)));
        }
        _ => {}
    }
    found
}

#[test]
fn no_answer_has_more_authors_than_records_and_each_marks_the_estimates() {
    let workspace = Workspace::new();
    workspace.publish_crowds(&CROWDS);
    let all: u64 = CROWDS.iter().sum();
    let top = workspace.json(&["top", "sample"]);
    assert_eq!(
        (&top["topics"][0]["term"], &top["topics"][0]["documents"]),
        (&json!("flood"), &json!(all))
    );
    assert_marked(&top);
    let history = workspace.json(&["history", "sample", "flood"]);
    let authors = assert_marked(&history);
    assert_eq!(authors.len(), CROWDS.len());
    for (authors, size) in authors.into_iter().zip(CROWDS) {
        // 33 of 33 records are known to be 33 authors; so are fewer.
        let least = if size <= 33 { size as f64 } else { size as f64 * 0.93 };
        assert!(authors as f64 >= least && authors <= size, "{authors} of {size}");
    }
    for (number, size) in CROWDS.into_iter().enumerate() {
        let start = hour(QUIET + number);
        let explained = workspace.json(&["explain", "sample", "flood", "--window", &start]);
        assert_eq!(explained["cell"]["documents"], size);
        assert_eq!(explained["cell"]["authors"], explained["score"]["measured"]);
        assert_marked(&explained);
        for score in ["burst", "peak"] {
            let top = workspace.json(&["top", "sample", "--score", score, "--window", &start]);
            assert_eq!(top["topics"][0]["documents"], size, "{score} of {start}");
            assert_marked(&top);
        }
    }
    for score in SCORES {
        assert_marked(&workspace.json(&["top", "sample", "--score", score]));
    }
    // The authors of the day so far, by the records of the day so far.
    let days = &workspace.json(&["explain", "sample", "flood"])["chiSquare"];
    let ranked = &workspace.json(&["top", "sample", "--score", "chisquare"])["topics"][0];
    assert_eq!((&ranked["term"], &ranked["value"]), (&json!("flood"), &days["value"]));
    let mut records = 0;
    for (day, size) in days["windows"].as_array().unwrap().iter().zip(CROWDS) {
        records += size;
        let authors = day["authors"].as_u64().unwrap();
        assert!(authors <= records && authors as f64 >= records as f64 * 0.93, "{day}: {records}");
    }
    assert_eq!(records, all);
}

#[test]
fn tables_and_csv_mark_33_authors_and_not_32() {
    let workspace = Workspace::new();
    let commands: [&[&str]; 4] = [
        &["top", "sample"],
        &["top", "sample", "--score", "peak"],
        &["history", "sample", "flood"],
        &["explain", "sample", "flood"],
    ];
    for (size, shown, csv) in [(32, " 32", "32,false"), (33, "~33", "33,true")] {
        workspace.publish_crowds(&[size]);
        for args in commands {
            let printed = workspace.printed(args);
            assert!(printed.contains(shown), "{size} {args:?}: {printed}");
            let is_marked = size > 32;
            assert_eq!(printed.contains('~'), is_marked, "{size} {args:?}: {printed}");
            let legend = printed.contains("~ estimate, standard error 1.6%");
            assert_eq!(legend, is_marked, "{size} {args:?}: {printed}");
        }
        let csv_of = |args: &[&str]| workspace.printed(&[args, &["--output", "csv"]].concat());
        let history = csv_of(&["history", "sample", "flood"]);
        let expected = format!(
            "start,count,documents,authors,authors_estimated\n{},{size},{size},{csv}\n",
            hour(QUIET)
        );
        assert_eq!(history, expected);
        let scored = csv_of(&["top", "sample", "--score", "peak"]);
        let mut lines = scored.lines().map(|line| line.split(',').collect::<Vec<_>>());
        let header = lines.next().unwrap();
        let first = lines.next().unwrap();
        let field = |name: &str| first[header.iter().position(|field| *field == name).unwrap()];
        let fields = [field("authors"), field("authors_estimated")].join(",");
        assert_eq!(fields, csv, "{scored}");
    }
}

#[test]
fn the_report_of_a_run_marks_estimates() {
    let workspace = Workspace::new();
    for (size, is_marked) in [(32, false), (33, true)] {
        let file = workspace.write("posts.ndjson", posts(&[size]));
        let args = ["run", "--source", "sample", "--profile", "social", &file];
        let printed = workspace.printed(&args);
        assert_eq!(printed.contains("~33"), is_marked, "{printed}");
        assert_eq!(printed.contains("~ estimate"), is_marked, "{printed}");
    }
}

#[test]
fn counts_without_authors_have_no_mark() {
    let workspace = Workspace::new();
    let file = workspace.write("posts.ndjson", "{\"text\":\"flood\"}\n".repeat(50));
    workspace.publish(&["--profile", "social", "--window", "1h", &file]);
    let top = workspace.json(&["top", "sample"]);
    assert_eq!(top["topics"][0]["documents"], 50);
    assert!(assert_marked(&top).is_empty());
    assert!(!workspace.printed(&["top", "sample"]).contains('~'));
}
