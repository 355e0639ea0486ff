//! Profile Social through the command: the parts of posts are counted by kind, window and author,
//! for any cut of the run, and are scored.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use serde_json::Value;

use crate::command::Workspace;
use crate::inputs::{Dice, gzip, word};
use crate::outcome::assert_mentions;

/// 2016-03-01T00:00:00Z, a Tuesday.
const FIRST_HOUR: i64 = 1_456_790_400;
const HOURS: usize = 60;

/// The parts of posts by kind, term and hour since the first (`None` without a time).
#[derive(Debug, Default)]
struct Made {
    counts: BTreeMap<(&'static str, String, Option<usize>), Counts>,
    undated: u64,
}

#[derive(Debug, Default, Clone, PartialEq, Eq)]
struct Counts {
    count: u64,
    documents: u64,
    authors: BTreeSet<usize>,
}

impl Made {
    /// The totals of a kind over all hours: term, count, records, authors.
    fn totals(&self, kind: &str) -> BTreeMap<String, (u64, u64, u64)> {
        let mut totals: BTreeMap<String, Counts> = BTreeMap::new();
        for ((_, term, _), counts) in self.counts.iter().filter(|((other, _, _), _)| *other == kind)
        {
            let total = totals.entry(term.clone()).or_default();
            total.count += counts.count;
            total.documents += counts.documents;
            total.authors.extend(&counts.authors);
        }
        let numbers =
            |counts: Counts| (counts.count, counts.documents, counts.authors.len() as u64);
        totals.into_iter().map(|(term, counts)| (term, numbers(counts))).collect()
    }
}

/// Posts over some hours by at most 30 authors, a number that is counted exactly. One hashtag
/// bursts at the end.
fn posts(records: usize, seed: u64) -> (Vec<u8>, Made) {
    let mut dice = Dice::new(seed);
    let (mut text, mut made) = (String::new(), Made::default());
    for number in 0..records {
        let hour = (dice.below(50) > 0).then(|| dice.below(HOURS));
        let author = dice.below(30);
        let mut terms: Vec<(&'static str, String, String)> = Vec::new();
        for _ in 0..=dice.below(6) {
            let word = word(dice.below(300));
            let written = if dice.below(3) == 0 { word.to_uppercase() } else { word.clone() };
            terms.push(("word", word, written));
        }
        for _ in 0..dice.below(3) {
            let tag = word(1_000 + dice.below(40));
            terms.push(("hashtag", tag.clone(), format!("#{tag}")));
        }
        if hour.is_some_and(|hour| hour == HOURS - 2) && dice.below(2) == 0 {
            terms.push(("hashtag", "breaking".to_owned(), "#Breaking".to_owned()));
        }
        if dice.below(4) == 0 {
            let name = word(2_000 + dice.below(20));
            terms.push(("mention", name.clone(), format!("@{name}")));
        }
        let written: Vec<_> = terms.iter().map(|(_, _, written)| written.as_str()).collect();
        let time = hour.map(|hour| FIRST_HOUR + hour as i64 * 3600 + dice.below(3600) as i64);
        let time = time.map_or_else(|| Value::from("at noon"), Value::from);
        let post = serde_json::json!({
            "text": written.join(" "), "created_at": time,
            "id_str": format!("{number}"), "user": { "id_str": format!("author{author}") },
        });
        writeln!(text, "{post}").unwrap();
        made.undated += u64::from(hour.is_none());
        let mut in_record = BTreeSet::new();
        for (kind, term, _) in terms {
            let counts = made.counts.entry((kind, term.clone(), hour)).or_default();
            counts.count += 1;
            counts.documents += u64::from(in_record.insert((kind, term)));
            counts.authors.insert(author);
        }
    }
    (text.into_bytes(), made)
}

const SOCIAL: [&str; 8] = [
    "--profile",
    "social",
    "--kinds",
    "word,hashtag,mention",
    "--window",
    "1h",
    "--scores",
    "burst,peak,popular",
];

impl Workspace {
    /// The JSON that a command prints.
    #[track_caller]
    pub(crate) fn json(&self, args: &[&str]) -> Value {
        let store = self.store();
        let args = [args, &["--output", "json", "--store", &store]].concat();
        serde_json::from_str(&self.trendjob(&args).done().stdout).unwrap()
    }

    /// The topics of a kind: term, count, records, authors, in ranking order.
    fn topics(&self, kind: &str) -> Vec<(String, (u64, u64, u64))> {
        let top = self.json(&["top", "sample", "--kind", kind, "--limit", "0"]);
        let topics = top["topics"].as_array().unwrap().iter().map(|topic| {
            let number = |name: &str| topic[name].as_u64().unwrap();
            let numbers = (number("count"), number("documents"), number("authors"));
            (topic["term"].as_str().unwrap().to_owned(), numbers)
        });
        topics.collect()
    }
}

#[test]
fn the_parts_of_posts_are_counted_by_kind_with_their_authors() {
    let workspace = Workspace::new();
    let (input, made) = posts(3_000, 1);
    let file = workspace.write("posts.ndjson", &input);
    workspace.publish(&[&SOCIAL[..], &[&file]].concat());
    for kind in ["word", "hashtag", "mention"] {
        let expected = made.totals(kind);
        let found = workspace.topics(kind);
        assert_eq!(found.iter().cloned().collect::<BTreeMap<_, _>>(), expected, "{kind}");
        let ranked = |(a, x): &(String, (u64, u64, u64)), (b, y): &(String, (u64, u64, u64))| {
            x.0 > y.0 || (x.0 == y.0 && a < b)
        };
        assert!(found.is_sorted_by(ranked), "{kind} is in ranking order");
    }
}

#[test]
fn the_history_of_a_term_has_the_hours_of_its_posts() {
    let workspace = Workspace::new();
    let (input, made) = posts(3_000, 2);
    let file = workspace.write("posts.ndjson", &input);
    workspace.publish(&[&SOCIAL[..], &[&file]].concat());
    for (kind, term) in
        [("word", word(7)), ("hashtag", word(1_003)), ("hashtag", "breaking".into())]
    {
        let history = workspace.json(&["history", "sample", &term.to_uppercase(), "--kind", kind]);
        let found: Vec<_> = history["windows"]
            .as_array()
            .unwrap()
            .iter()
            .map(|window| {
                let number = |name: &str| window[name].as_u64().unwrap();
                let start = window["start"].as_str().unwrap().to_owned();
                (start, number("count"), number("documents"), number("authors"))
            })
            .collect();
        let start = |hour: usize| format!("2016-03-{:02}T{:02}:00:00Z", 1 + hour / 24, hour % 24);
        let of_term = |hour| made.counts.get(&(kind, term.clone(), hour));
        let expected: Vec<_> = (0..HOURS)
            .filter_map(|hour| {
                let Counts { count, documents, authors } = of_term(Some(hour))?;
                Some((start(hour), *count, *documents, authors.len() as u64))
            })
            .collect();
        assert_eq!(found, expected, "{kind} {term}");
        let undated = history["undated"]["count"].as_u64();
        assert_eq!(undated, of_term(None).map(|counts| counts.count), "{kind} {term}");
    }
}

#[test]
fn any_cut_of_a_social_run_publishes_the_same() {
    let workspace = Workspace::new();
    let (input, _) = posts(4_000, 3);
    let file = workspace.write("posts.ndjson", &input);
    let packed = workspace.write("posts.ndjson.gz", gzip(&input));
    let ranked = || {
        let by = |score| workspace.json(&["top", "sample", "--kind", "hashtag", "--score", score]);
        ["burst", "peak", "popular"].map(|score| by(score)["topics"].clone())
    };
    let reference = workspace.publish(&[&SOCIAL[..], &[&file]].concat());
    let expected = ranked();
    let ways: [&[&str]; 7] = [
        &["--shards", "2"],
        &["--shards", "7", "--threads", "1"],
        &["--shards", "64", "--partitions", "5"],
        &["--partitions", "1"],
        &["--chunk-size", "1Ki", "--shards", "3"],
        // The memory is so small that every counter spills.
        &["--memory", "1Mi", "--shards", "1"],
        &["--memory", "1Mi", "--shards", "2", "--partitions", "3"],
    ];
    for way in ways {
        let published = workspace.publish(&[&SOCIAL[..], way, &[&file]].concat());
        assert_eq!(published.digest, reference.digest, "{way:?}");
        assert_eq!(ranked(), expected, "{way:?}");
    }
    let published = workspace.publish(&[&SOCIAL[..], &[&packed]].concat());
    assert_eq!(published.digest, reference.digest, "compressed");
}

#[test]
fn a_burst_is_found_in_its_hour_and_explained() {
    let workspace = Workspace::new();
    let (input, _) = posts(6_000, 4);
    let file = workspace.write("posts.ndjson", &input);
    workspace.publish(&[&SOCIAL[..], &[&file]].concat());
    let top = workspace.json(&["top", "sample", "--kind", "hashtag", "--score", "burst"]);
    let first = &top["topics"][0];
    assert_eq!(
        (first["term"].as_str(), first["form"].as_str()),
        (Some("breaking"), Some("Breaking"))
    );
    assert_eq!((first["status"].as_str(), first["new"].as_bool()), (Some("trending"), Some(true)));
    assert_eq!(top["start"], "2016-03-03T10:00:00Z");
    let explained = workspace.json(&["explain", "sample", "#BREAKING", "--kind", "hashtag"]);
    assert_eq!(explained["score"]["burst"], first["burst"]);
    assert_eq!(explained["cell"]["documents"], first["documents"]);
}

#[test]
fn a_short_history_has_no_burst_and_is_reported() {
    let workspace = Workspace::new();
    let line = |hour: i64| {
        let time = FIRST_HOUR + hour * 3600;
        format!(r#"{{"text":"{}","created_at":{time}}}"#, word(1)) + "\n"
    };
    let file = workspace.write("posts.ndjson", (0..4).map(line).collect::<String>());
    workspace.publish(&[&SOCIAL[..], &[&file]].concat());
    let top = workspace.json(&["top", "sample", "--score", "popular"]);
    assert_eq!(top["topics"][0]["status"], "insufficientHistory");
    assert_eq!(top["topics"][0]["burst"], Value::Null);
    let bursts = workspace.json(&["top", "sample", "--score", "burst"]);
    assert_eq!(bursts["topics"], serde_json::json!([]));
}

#[test]
fn flags_that_a_profile_does_not_allow_are_refused_before_the_input_is_read() {
    let workspace = Workspace::new();
    let file = workspace.write("posts.ndjson", r#"{"text":"love"}"#);
    for (options, hint) in [
        (&["--kinds", "hashtag"][..], "profile Social"),
        (&["--stop-words", "en"], "only for profile Social"),
        (&["--window", "1m"], "from 5m to 7d"),
        (&["--scores", "burst", "--profile", "social"], "window"),
        (&["--profile", "social", "--stop-words", "xx"], "xx"),
        (&["--profile", "social", "--kinds", "smell"], "smell"),
    ] {
        let refused = workspace.run(&[options, &[&file]].concat());
        assert_eq!(refused.code, Some(2), "{options:?}: {refused:#?}");
        let output = format!("{}{}", refused.stdout, refused.stderr);
        assert!(output.contains(hint), "{options:?} must mention {hint}: {output}");
    }
    workspace.publish(&[&file]);
    let store = workspace.store();
    for args in [&["history", "sample", "love"][..], &["explain", "sample", "love"]] {
        let refused = workspace.trendjob(&[args, &["--store", &store]].concat());
        assert!(refused.stderr.contains("--window"), "{refused:#?}");
    }
}

#[test]
fn top_distinguishes_a_kind_that_was_not_counted_from_one_without_topics() {
    let workspace = Workspace::new();
    let file = workspace.write("posts.ndjson", "{\"text\":\"sunny weather\"}\n");
    let store = workspace.store();
    let table = |kinds: &str| {
        let top = ["top", "sample", "--kind", kinds, "--store", &store];
        workspace.trendjob(&top).done().stdout
    };
    workspace.publish(&[&file]);
    let words = table("word,hashtag");
    assert_mentions(
        &words,
        &["sunny", "counted word only", "--profile social --kinds word,hashtag"],
    );
    workspace.publish(&["--profile", "social", "--kinds", "word,hashtag", &file]);
    assert!(!table("hashtag").contains("counted"), "hashtags were counted");
    assert_mentions(&table("emoji"), &["run it with --kinds word,hashtag,emoji"]);
}
