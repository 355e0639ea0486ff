//! Unusual authors: missing in every way, written in several forms, or a million of one term.

use std::fmt::Write as _;

use serde_json::{Value, json};

use crate::command::Workspace;
use crate::outcome::near;

/// 2016-03-01T00:00:00Z.
const MARCH: i64 = 1_456_790_400;
const SCORED: [&str; 6] =
    ["--profile", "social", "--window", "1h", "--scores", "burst,peak,popular"];

fn post(text: &str, user: &Value) -> String {
    format!("{}\n", json!({ "text": text, "user": user }))
}

#[test]
fn records_whose_author_is_missing_in_any_way_count_without_an_author() {
    let workspace = Workspace::new();
    let missing = [
        json!(null),
        json!({}),
        json!([]),
        json!("someone"),
        json!({ "id_str": null }),
        json!({ "id_str": "" }),
        json!({ "id_str": true }),
        json!({ "id_str": ["7"], "screen_name": {} }),
    ];
    let mut text: String = missing.iter().map(|user| post("weather", user)).collect();
    text.push_str("{\"text\":\"weather\"}\n");
    let published =
        workspace.publish(&["--profile", "social", &workspace.write("nobody.ndjson", &text)]);
    assert_eq!(published.counted, 9);
    let weather = &workspace.json(&["top", "sample"])["topics"][0];
    assert_eq!((&weather["documents"], weather.get("authors")), (&json!(9), None));

    // One author with an id in three forms, and another with a name only.
    for user in [
        json!({ "id_str": "7", "screen_name": "x" }),
        json!({ "id": 7 }),
        json!({ "id_str": null, "id": 7, "screen_name": "y" }),
        json!({ "id_str": null, "screen_name": "z" }),
    ] {
        text.push_str(&post("weather", &user));
    }
    workspace.publish(&["--profile", "social", &workspace.write("somebody.ndjson", text)]);
    let weather = &workspace.json(&["top", "sample"])["topics"][0];
    assert_eq!((&weather["documents"], &weather["authors"]), (&json!(13), &json!(2)));
}

/// Returns hours of 10 records each, `named` of them by authors of their own. In the last hour but
/// one, all have the word `flood`.
fn hours(named: usize) -> String {
    let mut text = String::new();
    for number in 0..32 * 10 {
        let (hour, minute) = (number / 10, number % 10);
        let word = if hour == 30 { "flood" } else { "weather" };
        let mut post = json!({ "text": word, "created_at": MARCH + (hour * 3600 + minute) as i64 });
        if minute < named {
            post["user"] = json!({ "id_str": format!("author{minute}") });
        }
        writeln!(text, "{post}").unwrap();
    }
    text
}

#[test]
fn documents_are_the_measure_if_fewer_than_half_of_them_have_an_author() {
    let workspace = Workspace::new();
    for (named, measure, x) in [(0, "documents", 10.0), (4, "documents", 10.0), (5, "authors", 5.0)]
    {
        let file = workspace.write("posts.ndjson", hours(named));
        workspace.publish(&[&SCORED[..], &[&file]].concat());
        let explained = workspace.json(&["explain", "sample", "flood"]);
        assert_eq!(explained["measure"], measure, "{named} of 10 have an author");
        // The word is in none of the 30 earlier hours of 10 records: D = 0, so E = 0.5 * 10 / 300.
        // The dispersion is 4, because there are too few terms to estimate it. M = 0.
        let share = 10.0 / 300.0;
        let (expected, scale) = (0.5 * share, 4.0_f64 * (1.0 + share));
        let deviance = 2.0 * (x * f64::ln(x / expected) - (x - expected));
        near(&explained["score"]["significance"], (deviance / scale).sqrt());
        near(&explained["score"]["burst"], x / 0.5_f64.sqrt());
        let burst = explained["score"]["burst"].as_f64().unwrap();
        let top = &workspace.json(&["top", "sample", "--score", "burst"])["topics"][0];
        assert_eq!((&top["term"], top["burst"].as_f64()), (&json!("flood"), Some(burst)));
        let authors = top.get("authors").and_then(Value::as_u64);
        assert_eq!(authors, (named > 0).then_some(named as u64));
    }
}

#[test]
fn any_cut_estimates_a_million_authors_of_one_term_within_the_error() {
    const AUTHORS: u64 = 1_000_000;
    let workspace = Workspace::new();
    let mut text = String::new();
    for author in 0..AUTHORS {
        let second = MARCH + (author % 7_200) as i64;
        writeln!(text, r#"{{"text":"weather","created_at":{second},"user":{{"id":{author}}}}}"#)
            .unwrap();
    }
    let file = workspace.write("crowd.ndjson", text);
    let options = ["--profile", "social", "--window", "1h"];
    let one = workspace.publish(&[&options[..], &["--shards", "1", &file]].concat());
    let top = &workspace.json(&["top", "sample"])["topics"][0];
    assert_eq!((&top["count"], &top["documents"]), (&json!(AUTHORS), &json!(AUTHORS)));
    // 4,096 registers have a standard error of 1.04 / sqrt(4096) = 1.6%; five of them are allowed.
    let near = |estimate: &Value, expected: u64| {
        let (estimate, expected) = (estimate.as_f64().unwrap(), expected as f64);
        assert!((estimate / expected - 1.0).abs() < 5.0 * 1.04 / 64.0, "{estimate} for {expected}");
    };
    near(&top["authors"], AUTHORS);
    let history = workspace.json(&["history", "sample", "weather"]);
    let windows = history["windows"].as_array().unwrap();
    assert_eq!(windows.len(), 2);
    for window in windows {
        near(&window["authors"], AUTHORS / 2);
    }
    let cut = ["--shards", "5", "--partitions", "3", "--memory", "4Mi"];
    let many = workspace.publish(&[&options[..], &cut, &[&file]].concat());
    assert_eq!(many.digest, one.digest);
}
