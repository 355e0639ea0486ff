//! Unusual times of records: in several formats in one file, out of order, before 1970, far ahead,
//! and missing. Every record is counted in its window, and the report has the number of records
//! that no score counts.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde_json::{Value, json};

use crate::command::Workspace;
use crate::inputs::{Dice, word};

/// 2016-03-01T00:00:00Z, a Tuesday.
const MARCH: i64 = 1_456_790_400;
const WEEKDAYS: [&str; 7] = ["Tue", "Wed", "Thu", "Fri", "Sat", "Sun", "Mon"];
const WINDOWED: [&str; 4] = ["--profile", "social", "--window", "1h"];
const SCORED: [&str; 6] =
    ["--profile", "social", "--window", "1h", "--scores", "burst,peak,popular"];

/// A moment in the first 28 days of March 2016.
#[derive(Debug, Clone, Copy)]
struct Moment {
    day: usize,
    hour: usize,
    minute: usize,
    second: usize,
}

impl Moment {
    fn seconds(self) -> i64 {
        let Self { day, hour, minute, second } = self;
        MARCH + (((day - 1) * 24 + hour) * 3600 + minute * 60 + second) as i64
    }

    /// Returns the moment in one of the formats that records have.
    fn written(self, format: usize) -> Value {
        let Self { day, hour, minute, second } = self;
        let weekday = WEEKDAYS[(day - 1) % 7];
        let clock = format!("{hour:02}:{minute:02}:{second:02}");
        let seconds = self.seconds();
        match format {
            0 => json!(format!("{weekday} Mar {day:02} {clock} +0000 2016")),
            1 => json!(format!("{weekday}, {day} Mar 2016 {clock} GMT")),
            2 => json!(format!("2016-03-{day:02}T{clock}Z")),
            3 => json!(format!("2016-03-{day:02}T{clock}.987654+00:00")),
            // An hour later on the clock of Amsterdam; a day later from 23 o'clock on.
            4 => json!(format!(
                "2016-03-{:02} {:02}:{minute:02}:{second:02} +0100",
                day + hour / 23,
                (hour + 1) % 24
            )),
            5 => json!(format!("201603{day:02}T{hour:02}{minute:02}{second:02}Z")),
            6 => json!(seconds),
            7 => json!(seconds.to_string()),
            8 => json!(seconds * 1_000 + 999),
            9 => json!((seconds * 1_000_000).to_string()),
            _ => json!(seconds * 1_000_000_000 + 1),
        }
    }
}

const FORMATS: usize = 11;

fn line(number: usize, text: &str, time: &Value) -> String {
    let post = json!({
        "text": text, "created_at": time, "id_str": number.to_string(),
        "user": { "id_str": format!("author{}", number % 30) },
    });
    format!("{post}\n")
}

impl Workspace {
    /// Returns the start of each window of a word and its number of records, and the number of
    /// records without a time.
    #[track_caller]
    fn windows(&self, term: &str) -> (Vec<(String, u64)>, u64) {
        let history = self.json(&["history", "sample", term]);
        let windows = history["windows"].as_array().unwrap().iter();
        let row = |window: &Value| {
            let start = window["start"].as_str().unwrap().to_owned();
            (start, window["documents"].as_u64().unwrap())
        };
        (windows.map(row).collect(), history["undated"]["documents"].as_u64().unwrap_or_default())
    }
}

#[test]
fn times_out_of_order_and_in_every_format_are_counted_in_their_windows() {
    let workspace = Workspace::new();
    let mut dice = Dice::new(11);
    let mut lines = Vec::new();
    let mut plain = Vec::new();
    let mut made: BTreeMap<(String, String), u64> = BTreeMap::new();
    for number in 0..2_200 {
        let moment = Moment {
            day: 1 + dice.below(28),
            hour: dice.below(24),
            minute: dice.below(60),
            second: dice.below(60),
        };
        let text = word(dice.below(5));
        lines.push(line(number, &text, &moment.written(number % FORMATS)));
        plain.push((moment.seconds(), line(number, &text, &json!(moment.seconds()))));
        let start = format!("2016-03-{:02}T{:02}:00:00Z", moment.day, moment.hour);
        *made.entry((text, start)).or_default() += 1;
    }
    // The posts are shuffled (Fisher and Yates), and compared with the posts in order of time and
    // in one format.
    for at in (1..lines.len()).rev() {
        lines.swap(at, dice.below(at + 1));
    }
    plain.sort();
    let plain: String = plain.into_iter().map(|(_, line)| line).collect();

    let ordered =
        workspace.publish(&[&SCORED[..], &[&workspace.write("plain.ndjson", plain)]].concat());
    let file = workspace.write("mixed.ndjson", lines.concat());
    let mixed = workspace.publish(&[&SCORED[..], &["--shards", "3", &file]].concat());
    assert_eq!(mixed.digest, ordered.digest);
    assert_eq!((mixed.number("undated"), mixed.number("ahead")), (0, 0));
    for n in 0..5 {
        let of_word = made.iter().filter(|((text, _), _)| *text == word(n));
        let expected = of_word.map(|((_, start), count)| (start.clone(), *count)).collect();
        assert_eq!(workspace.windows(&word(n)), (expected, 0));
    }
}

#[test]
fn a_record_with_an_unreadable_time_is_counted_and_reported_as_undated() {
    let workspace = Workspace::new();
    let no_times = [
        json!(null),
        json!(""),
        json!("yesterday"),
        json!(true),
        json!([MARCH]),
        json!({ "seconds": MARCH }),
        json!("Wed Mar 01 00:00:00 +0000 2016"), // It was a Tuesday.
        json!("2016-02-30T00:00:00Z"),
        json!("10000-01-01T00:00:00Z"),
        json!("0000-01-01T00:00:00Z"),
        json!("123456789012345678901"),
        json!("2016"), // A number of seconds, in the first hour of 1970.
    ];
    let mut text: String =
        no_times.iter().enumerate().map(|(n, time)| line(n, "weather", time)).collect();
    text.push_str("{\"text\":\"weather\",\"id_str\":\"x\"}\n");
    let published =
        workspace.publish(&[&WINDOWED[..], &[&workspace.write("a.ndjson", text)]].concat());
    assert_eq!((published.counted, published.number("undated")), (13, 12));
    assert_eq!(workspace.windows("weather"), (vec![("1970-01-01T00:00:00Z".to_owned(), 1)], 12));
    let quiet = workspace.publish(&["--profile", "social", &workspace.path("a.ndjson")]);
    assert_eq!(quiet.json.get("undated"), None, "without windows no time is read");
}

/// Two days of posts by 30 authors, 20 per hour; in the last hour but one, all are about an
/// earthquake.
fn two_days() -> String {
    let mut text = String::new();
    for number in 0..48 * 20 {
        let hour = number / 20;
        let words = if hour == 46 { "weather earthquake" } else { "weather" };
        let time = json!(MARCH + (hour * 3600 + number % 20 * 60) as i64);
        text.push_str(&line(number, words, &time));
    }
    text
}

#[test]
fn times_before_1970_and_far_ahead_change_no_score_and_are_reported() {
    let workspace = Workspace::new();
    let file = workspace.write("posts.ndjson", two_days());
    let alone = workspace.publish(&[&SCORED[..], &[&file]].concat());
    let ranked = |score| {
        let top = workspace.json(&["top", "sample", "--score", score]);
        (top["start"].clone(), top["topics"].clone())
    };
    let expected = ["burst", "peak", "popular"].map(ranked);
    assert_eq!(expected[0].0, "2016-03-02T22:00:00Z");
    assert_eq!(expected[0].1[0]["term"], "earthquake");
    assert_eq!((alone.number("undated"), alone.number("ahead")), (0, 0));

    let strangers = [
        json!("0001-01-01T00:00:00Z"),
        json!("1969-12-31T23:59:59Z"),
        json!(-1),
        json!("2126-03-01T12:34:56Z"),
        json!("9999-12-31T23:59:59Z"),
        json!("10000-01-01T00:00:00Z"),
    ];
    let others = strangers.iter().enumerate();
    let others: String = others.map(|(n, time)| line(10_000 + n, "stranger", time)).collect();
    let others = workspace.write("strangers.ndjson", others);
    let published = workspace.publish(&[&SCORED[..], &[&others, &file]].concat());
    assert_eq!(["burst", "peak", "popular"].map(ranked), expected);
    assert_eq!((published.number("undated"), published.number("ahead")), (1, 2));
    let windows = [
        ("0001-01-01T00:00:00Z", 1),
        ("1969-12-31T23:00:00Z", 2),
        ("2126-03-01T12:00:00Z", 1),
        ("9999-12-31T23:00:00Z", 1),
    ];
    let windows = windows.map(|(start, count)| (start.to_owned(), count)).to_vec();
    assert_eq!(workspace.windows("stranger"), (windows, 1));
    // These windows are not scored, so explain shows no numbers for them.
    for window in ["2126-03-01T12:00:00Z", "9999-12-31T23:00:00Z"] {
        let store = workspace.store();
        let explain = ["explain", "sample", "stranger", "--window", window, "--store", &store];
        workspace.trendjob(&explain).failed_with(&["no scores for this window"]);
    }
}

#[test]
fn times_scattered_over_too_many_windows_are_refused_by_name() {
    let workspace = Workspace::new();
    let mut text = String::new();
    for window in 0..1_000_001_i64 {
        let seconds = window * 300;
        writeln!(text, r#"{{"text":"","created_at":{seconds}}}"#).unwrap();
    }
    let file = workspace.write("scattered.ndjson", text);
    for threads in ["1", "2"] {
        let options =
            ["--profile", "social", "--window", "5m", "--shards", "2", "--threads", threads];
        let refused = workspace.run(&[&options[..], &[&file]].concat()).refused(42);
        refused.mentions(&["1000000 windows|1,000,000 windows", "300 s", "longer window"]);
    }
}
