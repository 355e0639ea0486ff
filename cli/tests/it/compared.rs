//! The command with the scores that compare: keyness against a published result, Mastodon's
//! chi-square of days, and the counts of each window.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use serde_json::Value;

use crate::command::Workspace;
use crate::inputs::{Dice, word};

const DAY: i64 = 86_400;
/// 2016-03-01T00:00:00Z.
const FIRST_DAY: i64 = 1_456_790_400;

fn line(text: &str, time: i64, author: usize) -> String {
    let post = serde_json::json!({
        "text": text, "created_at": time, "user": { "id_str": format!("author{author}") },
    });
    format!("{post}\n")
}

impl Workspace {
    fn social(&self, source: &str, flags: &[&str], lines: &str) -> Value {
        let file = self.write(&format!("{source}.ndjson"), lines);
        let flags = [&["--profile", "social", "--stop-words", "none"], flags].concat();
        self.json(&[&["run", "--source", source, "-q", &file], &flags[..]].concat())
    }

    fn values(&self, source: &str, score: &str, more: &[&str]) -> BTreeMap<String, f64> {
        let args = [&["top", source, "--limit", "0", "--score", score], more].concat();
        let top = self.json(&args);
        let topics = top["topics"].as_array().unwrap().iter();
        topics
            .map(|topic| {
                (topic["term"].as_str().unwrap().to_owned(), topic["value"].as_f64().unwrap())
            })
            .collect()
    }
}

/// The lower bound of the log ratio of terms that are more frequent beyond chance.
fn keyness(
    documents: &BTreeMap<String, f64>,
    n: f64,
    others: &BTreeMap<String, f64>,
    m: f64,
) -> BTreeMap<String, f64> {
    let mut found = BTreeMap::new();
    for (term, a) in documents {
        let b = others.get(term).copied().unwrap_or(0.0);
        let share = (a + b) / (n + m);
        let cell = |observed: f64, expected: f64| {
            if observed == 0.0 { 0.0 } else { observed * (observed / expected).ln() }
        };
        let g2 = 2.0
            * (cell(*a, n * share)
                + cell(n - a, n * (1.0 - share))
                + cell(b, m * share)
                + cell(m - b, m * (1.0 - share)));
        if a / n > b / m && g2 >= 15.13 {
            let ratio = (((a + 0.5) / (n + 1.0)) / ((b + 0.5) / (m + 1.0))).log2();
            let variance = 1.0 / (a + 0.5) - 1.0 / (n + 1.0) + 1.0 / (b + 0.5) - 1.0 / (m + 1.0);
            found.insert(term.clone(), ratio - 1.96 * variance.sqrt() / std::f64::consts::LN_2);
        }
    }
    found
}

fn texts(seed: u64, records: usize, favourite: usize) -> (String, BTreeMap<String, f64>) {
    let mut dice = Dice::new(seed);
    let (mut lines, mut documents) = (String::new(), BTreeMap::new());
    for number in 0..records {
        let mut words: BTreeSet<String> = (0..4).map(|_| word(dice.below(50))).collect();
        if dice.below(4) == 0 {
            words.insert(word(favourite + dice.below(5)));
        }
        for word in &words {
            *documents.entry(word.clone()).or_insert(0.0) += 1.0;
        }
        let words: Vec<_> = words.into_iter().collect();
        lines.push_str(&line(&words.join(" "), FIRST_DAY, number));
    }
    (lines, documents)
}

#[test]
fn keyness_ranks_terms_against_a_published_result() {
    let workspace = Workspace::new();
    let (base, others) = texts(1, 900, 100);
    let (lines, documents) = texts(2, 700, 200);
    workspace.social("base", &["--partitions", "3"], &base);
    let expected = keyness(&documents, 700.0, &others, 900.0);
    assert!(expected.len() >= 5 && expected.len() < 20, "{expected:?}");
    for partitions in ["1", "8", "64"] {
        let flags = ["--scores", "keyness", "--baseline", "base", "--partitions", partitions];
        workspace.social("sample", &flags, &lines);
        let found = workspace.values("sample", "keyness", &[]);
        assert!(found.keys().eq(expected.keys()), "{found:?} instead of {expected:?}");
        for (term, value) in &found {
            assert!(
                (value - expected[term]).abs() < 1e-9,
                "{term}: {value} instead of {expected:?}"
            );
        }
    }
}

#[test]
fn a_baseline_is_the_newest_generation_at_the_time_of_the_plan() {
    let workspace = Workspace::new();
    let (base, _) = texts(1, 300, 100);
    let (other, _) = texts(3, 300, 300);
    let (lines, _) = texts(2, 300, 200);
    workspace.social("base", &[], &base);
    workspace.social("sample", &["--scores", "keyness", "--baseline", "base"], &lines);
    let first = workspace.values("sample", "keyness", &[]);
    workspace.social("base", &[], &other);
    workspace.social("sample", &["--scores", "keyness", "--baseline", "base@1"], &lines);
    assert_eq!(workspace.values("sample", "keyness", &[]), first);
    let top = workspace.json(&["top", "sample", "--score", "keyness"]);
    assert_eq!(top["baseline"], serde_json::json!({ "source": "base", "generation": 1 }));
    assert_eq!(top["start"], Value::Null);
}

#[test]
fn an_unusable_baseline_is_refused_with_the_remedy() {
    let workspace = Workspace::new();
    let file = workspace.write("posts.ndjson", line("hello world", FIRST_DAY, 1));
    workspace.json(&["run", "--source", "seed", "-q", &file]);
    let social = ["run", "--source", "sample", "--profile", "social", &file];
    let refused = |flags: &[&str]| {
        let store = workspace.store();
        let args = [&social[..], flags, &["--store", &store]].concat();
        workspace.trendjob(&args).all()
    };
    let seed = ["run", "--source", "x", "--window", "1d", "--scores", "chisquare", &file];
    let output = workspace.trendjob(&[&seed[..], &["--store", &workspace.store()]].concat()).all();
    assert!(output.contains("which profile Seed doesn't read"), "{output}");
    for (flags, expected) in [
        (&["--scores", "keyness", "--baseline", "nobody"][..], "has no published result"),
        (&["--scores", "keyness", "--baseline", "seed@7"], "has no published result"),
        (&["--scores", "keyness", "--baseline", "seed"], "profile Seed"),
        (&["--scores", "keyness"], "name its source as the baseline"),
        (&["--baseline", "seed"], "only score Keyness"),
        (&["--scores", "keyness", "--baseline", "seed@0"], "numbered from 1"),
        (&["--scores", "chisquare", "--window", "7h"], "divides a day"),
        (&["--scores", "count"], "set the length of a window"),
        (&["--reference", "seasonal"], "add score Burst or Peak"),
        (&["--reference", "seasonal", "--scores", "burst", "--window", "5h"], "divides a week"),
    ] {
        let output = refused(flags);
        assert!(output.contains(expected), "{flags:?}: {output}");
    }
}

#[test]
fn chi_square_compares_the_authors_of_a_day_with_those_of_the_day_before() {
    let workspace = Workspace::new();
    let mut lines = String::new();
    let mut days: BTreeMap<i64, BTreeMap<&str, BTreeSet<usize>>> = BTreeMap::new();
    let mut add = |term: &'static str, day: i64, hour: i64, author: usize| {
        let time = FIRST_DAY + day * DAY + hour * 3600;
        write!(lines, "{}", line(term, time, author)).unwrap();
        days.entry(day).or_default().entry(term).or_default().insert(author);
    };
    for day in 0..9 {
        for hour in 0..24 {
            add("steady", day, hour, (hour % 12) as usize);
            // The last bucket of the run is open and not scored; the bucket before it is day 8,
            // 22:00.
            if day == 8 && hour < 22 {
                // These thirty authors write several times a day; each counts once.
                (0..30).for_each(|author| add("rising", day, hour, author));
            }
            if day == 7 && hour < 4 {
                (0..4).for_each(|author| add("rising", day, hour, author));
            }
            if day == 8 && hour == 3 {
                (0..4).for_each(|author| add("seldom", day, hour, author));
            }
        }
    }
    let flags = ["--window", "1h", "--scores", "chisquare"];
    workspace.social("sample", &flags, &lines);
    let authors = |day: i64, term: &str| days[&day].get(term).map_or(0, BTreeSet::len) as f64;
    let (o, e) = (authors(8, "rising"), authors(7, "rising"));
    // The greatest score is the one at the end of the first hour in which all thirty wrote: 22
    // hours before the last closed window ended, at 23:00.
    let value = (o - e) * (o - e) / e * 0.5_f64.powf(22.0 / 4.0);
    let found = workspace.values("sample", "chisquare", &[]);
    assert_eq!(found.keys().collect::<Vec<_>>(), ["rising"]);
    assert!((found["rising"] - value).abs() < 1e-9 * value, "{found:?} instead of {value}");
}

#[test]
fn every_window_has_its_ranking_by_count() {
    let workspace = Workspace::new();
    let mut dice = Dice::new(5);
    let mut counts: BTreeMap<usize, BTreeMap<String, f64>> = BTreeMap::new();
    let mut lines = String::new();
    for number in 0..3_000 {
        let day = number % 5;
        let term = word(dice.below(30 + 10 * day));
        *counts.entry(day).or_default().entry(term.clone()).or_insert(0.0) += 1.0;
        lines.push_str(&line(&term, FIRST_DAY + day as i64 * DAY, number));
    }
    workspace.social("sample", &["--window", "1d", "--scores", "count", "--memory", "1Mi"], &lines);
    for (day, expected) in &counts {
        let time = format!("2016-03-0{}T12:00:00Z", day + 1);
        assert_eq!(workspace.values("sample", "count", &["--window", &time]), *expected, "{time}");
    }
    // The last window is open; it has counts, too.
    let store = workspace.store();
    let last = ["top", "sample", "--score", "count", "--window", "2016-03-05", "--store", &store];
    let table = workspace.trendjob(&last).done().stdout;
    assert!(table.lines().count() == 11 && !table.contains("no window"), "{table}");
}

#[test]
fn a_ranking_by_count_agrees_with_explain_in_every_window() {
    let workspace = Workspace::new();
    let mut dice = Dice::new(6);
    let mut lines = String::new();
    for number in 0..4_000 {
        let day = number % 10;
        let often = if day == 8 { dice.below(3) } else { dice.below(40) };
        lines.push_str(&line(&word(often), FIRST_DAY + day as i64 * DAY, number));
    }
    workspace.social("sample", &["--window", "1d", "--scores", "count"], &lines);
    let mut bursts = 0;
    // The tenth day is open: it has counts and no scores.
    for day in 1..=9 {
        let time = format!("2016-03-0{day}");
        let top = workspace
            .json(&["top", "sample", "--score", "count", "--limit", "5", "--window", &time]);
        for topic in top["topics"].as_array().unwrap() {
            let term = topic["term"].as_str().unwrap();
            let explained = workspace.json(&["explain", "sample", term, "--window", &time]);
            for number in ["status", "burst", "growth", "peak", "popular", "new"] {
                assert_eq!(topic[number], explained["score"][number], "{number} of {term}, {time}");
            }
            bursts += usize::from(topic["burst"].as_f64().is_some_and(|burst| burst > 0.0));
        }
    }
    assert!(bursts > 0);
}

#[test]
fn terms_below_the_floor_keep_their_counts_and_no_series() {
    let workspace = Workspace::new();
    let mut lines = String::new();
    for day in 0..9 {
        lines.push_str(&line("often", FIRST_DAY + day * DAY, 1));
        if day < 3 {
            lines.push_str(&line("seldom", FIRST_DAY + day * DAY, 1));
        }
    }
    let flags = ["--window", "1d", "--scores", "popular", "--series-floor", "4"];
    workspace.social("sample", &flags, &lines);
    let history = workspace.json(&["history", "sample", "often"]);
    assert_eq!(history["windows"].as_array().unwrap().len(), 9);
    let store = workspace.store();
    for command in ["history", "explain"] {
        let output = workspace.trendjob(&[command, "sample", "seldom", "--store", &store]).all();
        assert!(output.contains("it occurs 3 times") && output.contains("at least 4"), "{output}");
    }
    let top = workspace.json(&["top", "sample"]);
    assert_eq!(top["topics"][1]["term"], "seldom");
    assert_eq!(top["topics"][1]["count"], 3);
    assert_eq!(workspace.values("sample", "popular", &[]).keys().collect::<Vec<_>>(), ["often"]);
}

#[test]
fn a_guessed_language_chooses_the_stop_words() {
    let workspace = Workspace::new();
    // `door` is a stop word in Dutch, but not in English.
    let dutch = "Het huis werd door de gemeente gekocht en daarna door bewoners opgeknapt";
    let english = "The brown door opened slowly and somebody closed another door behind them";
    let lines = line(dutch, FIRST_DAY, 1) + &line(english, FIRST_DAY, 2);
    let file = workspace.write("posts.ndjson", &lines);
    let run = ["run", "--source", "sample", "-q", "--profile", "social", "--stop-words", "NL,en"];
    let count = |flags: &[&str]| {
        workspace.json(&[&run[..], flags, &[&file]].concat());
        let top = workspace.json(&["top", "sample", "--limit", "0"]);
        let door = top["topics"].as_array().unwrap().iter().find(|topic| topic["term"] == "door");
        door.map_or(0, |topic| topic["count"].as_u64().unwrap())
    };
    assert_eq!(count(&[]), 0, "without a language, the stop words of all apply");
    assert_eq!(count(&["--detect-language"]), 2);
}
