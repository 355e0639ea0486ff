//! Phrases through the command: the pairs of words that belong together are those of a count in
//! plain maps, for any cut of the run.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use crate::command::Workspace;
use crate::inputs::{Dice, word};

const PHRASES: [&str; 7] =
    ["--profile", "social", "--kinds", "word,phrase", "--stop-words", "none", "--window"];

/// Returns posts of random words in which some pairs stand together far more often than by chance.
fn posts(records: usize, seed: u64) -> Vec<Vec<String>> {
    let mut dice = Dice::new(seed);
    let post = |_| {
        let mut words = Vec::new();
        for _ in 0..=dice.below(5) {
            match dice.below(6) {
                // One of forty pairs, whose words are in no other pair but by chance. A word is in
                // its pair twice as often as alone, so some words reach 7 in 10.
                0 => {
                    let pair = dice.below(40);
                    words.extend([word(1_000 + 2 * pair), word(1_001 + 2 * pair)]);
                }
                1 => words.push(word(1_000 + dice.below(80))),
                _ => words.push(word(dice.below(60))),
            }
        }
        words
    };
    (0..records).map(post).collect()
}

fn lines(posts: &[Vec<String>]) -> String {
    let mut text = String::new();
    for (number, words) in posts.iter().enumerate() {
        // One hour after the other, over three days.
        let time = 1_456_790_400 + (number % 72) as i64 * 3600;
        let post = serde_json::json!({
            "text": words.join(" "), "created_at": time, "id_str": format!("{number}"),
            "user": { "id_str": format!("author{}", number % 17) },
        });
        writeln!(text, "{post}").unwrap();
    }
    text
}

/// Returns the phrases with their occurrences and records, by the definition in the documentation.
fn expected(posts: &[Vec<String>]) -> BTreeMap<String, (u64, u64)> {
    let (mut both, mut left, mut right) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
    let mut records: BTreeMap<(&str, &str), BTreeSet<usize>> = BTreeMap::new();
    let mut pairs = 0.0;
    for (number, words) in posts.iter().enumerate() {
        for pair in words.windows(2) {
            let (a, b) = (pair[0].as_str(), pair[1].as_str());
            *both.entry((a, b)).or_insert(0.0) += 1.0;
            *left.entry(a).or_insert(0.0) += 1.0;
            *right.entry(b).or_insert(0.0) += 1.0;
            records.entry((a, b)).or_default().insert(number);
            pairs += 1.0;
        }
    }
    let is_phrase = |(a, b): (&str, &str), n: f64| {
        let npmi = (n * pairs / (left[a] * right[b])).ln() / -(n / pairs).ln();
        n >= 5.0 && npmi >= 0.3
    };
    both.iter()
        .filter(|(pair, n)| is_phrase(**pair, **n))
        .map(|((a, b), n): (_, &f64)| {
            (format!("{a} {b}"), (*n as u64, records[&(*a, *b)].len() as u64))
        })
        .collect()
}

impl Workspace {
    fn counted(&self, kind: &str) -> BTreeMap<String, (u64, u64)> {
        let top = self.json(&["top", "sample", "--kind", kind, "--limit", "0"]);
        let topics = top["topics"].as_array().unwrap().iter().map(|topic| {
            let number = |name: &str| topic[name].as_u64().unwrap();
            (topic["term"].as_str().unwrap().to_owned(), (number("count"), number("documents")))
        });
        topics.collect()
    }
}

#[test]
fn pairs_that_belong_together_are_found_and_no_others() {
    let workspace = Workspace::new();
    let posts = posts(4_000, 1);
    let file = workspace.write("posts.ndjson", lines(&posts));
    workspace.publish(&[&PHRASES[..], &["1h", &file]].concat());
    let (found, expected) = (workspace.counted("phrase"), expected(&posts));
    assert!(expected.len() > 30, "{}", expected.len());
    assert_eq!(found, expected);
    let (phrase, (count, _)) = expected.iter().max_by_key(|(_, (count, _))| *count).unwrap();
    let history = workspace.json(&["history", "sample", phrase, "--kind", "phrase"]);
    let windows = history["windows"].as_array().unwrap();
    let sum: u64 = windows.iter().map(|window| window["count"].as_u64().unwrap()).sum();
    assert_eq!(sum, *count, "the series of {phrase} adds up");
}

#[test]
fn any_cut_of_a_run_has_the_same_phrases() {
    let workspace = Workspace::new();
    let file = workspace.write("posts.ndjson", lines(&posts(3_000, 2)));
    let scores = ["--scores", "burst,peak,popular,chisquare,count"];
    let ranked = || {
        let by = |score| {
            workspace.json(&["top", "sample", "--kind", "phrase", "--score", score])["topics"]
                .clone()
        };
        (workspace.counted("phrase"), ["burst", "popular", "count"].map(by))
    };
    let reference = workspace.publish(&[&PHRASES[..], &["6h", &file], &scores].concat());
    let expected = ranked();
    let ways: [&[&str]; 5] = [
        &["--shards", "7", "--partitions", "5"],
        &["--partitions", "1", "--threads", "1"],
        &["--shards", "64", "--partitions", "64"],
        &["--memory", "1Mi", "--shards", "1"],
        &["--chunk-size", "1Ki", "--shards", "3"],
    ];
    for way in ways {
        let published = workspace.publish(&[&PHRASES[..], &["6h", &file], &scores, way].concat());
        assert_eq!(published.digest, reference.digest, "{way:?}");
        assert_eq!(ranked(), expected, "{way:?}");
    }
}

#[test]
fn a_word_that_is_mostly_in_a_phrase_names_the_phrase() {
    let workspace = Workspace::new();
    let posts = posts(4_000, 3);
    let file = workspace.write("posts.ndjson", lines(&posts));
    workspace.publish(&[&PHRASES[..], &["1d", &file]].concat());
    let phrases = expected(&posts);
    let words = workspace.counted("word");
    let folded: BTreeSet<&str> = words
        .iter()
        .filter(|(word, (_, records))| {
            let has = |phrase: &str| phrase.split(' ').any(|part| part == word.as_str());
            let most = phrases.iter().filter(|(phrase, _)| has(phrase)).map(|(_, (_, n))| *n);
            most.max().is_some_and(|most| most * 10 >= records * 7)
        })
        .map(|(word, _)| word.as_str())
        .collect();
    assert!(!folded.is_empty() && folded.len() < words.len() / 2, "{folded:?}");
    let top = workspace.json(&["top", "sample", "--kind", "word", "--limit", "0"]);
    for topic in top["topics"].as_array().unwrap() {
        let term = topic["term"].as_str().unwrap();
        let phrase = topic["phrase"].as_str();
        assert_eq!(phrase.is_some(), folded.contains(term), "{topic}");
        assert!(phrase.is_none_or(|phrase| phrases.contains_key(phrase)), "{topic}");
    }
}

#[test]
fn a_list_of_words_and_phrases_shows_a_phrase_instead_of_its_words() {
    let workspace = Workspace::new();
    let file = workspace.write("posts.ndjson", lines(&posts(4_000, 4)));
    workspace.publish(&[&PHRASES[..], &["1d", "--scores", "popular", &file]].concat());
    for score in [&[][..], &["--score", "popular"]] {
        let value = if score.is_empty() { "count" } else { "value" };
        let list = |kind: &str| {
            let top = [&["top", "sample", "--limit", "0", "--kind", kind], score].concat();
            workspace.json(&top)["topics"].as_array().unwrap().clone()
        };
        let mut expected = list("word");
        let phrases = list("phrase");
        expected.retain(|word| {
            let phrase = phrases.iter().find(|phrase| phrase["term"] == word["phrase"]);
            let number = |topic: &serde_json::Value| topic[value].as_f64().unwrap();
            // By count, any phrase replaces its words; by a score, one with 7 in 10 of the score
            // does.
            phrase.is_none_or(|phrase| !score.is_empty() && number(phrase) < 0.7 * number(word))
        });
        expected.extend(phrases);
        let order = |topic: &serde_json::Value| {
            (-topic[value].as_f64().unwrap(), topic["term"].as_str().unwrap().to_owned())
        };
        expected.sort_by(|a, b| order(a).partial_cmp(&order(b)).unwrap());
        let of = |topics: &[serde_json::Value]| -> Vec<_> {
            let named = |topic: &serde_json::Value| (topic["kind"].clone(), topic["term"].clone());
            topics.iter().map(named).collect()
        };
        assert!(expected.len() < list("word").len() + list("phrase").len(), "some words fold");
        assert_eq!(of(&list("word,phrase")), of(&expected), "{score:?}");
    }
}

#[test]
fn a_word_that_bursts_without_its_phrase_is_listed_beside_phrases() {
    let workspace = Workspace::new();
    let mut text = String::new();
    let mut post = |words: &str, hour: i64, author: i64| {
        let post = serde_json::json!({
            "text": words, "created_at": 1_456_790_400 + hour * 3600, "user": {"id": author},
        });
        writeln!(text, "{post}").unwrap();
    };
    for hour in 0..49 {
        (0..20).for_each(|author| post("filler", hour, author));
        (0..3).for_each(|author| post("tango zulu", hour, 50 + author));
    }
    (0..40).for_each(|author| post("zulu", 47, 100 + author));
    let file = workspace.write("posts.ndjson", text);
    workspace.publish(&[&PHRASES[..], &["1h", "--scores", "burst", &file]].concat());
    let list = |kind: &str| {
        let top = workspace.json(&["top", "sample", "--score", "burst", "--kind", kind]);
        let topics = top["topics"].as_array().unwrap().clone();
        topics.iter().map(|topic| topic["term"].clone()).collect::<Vec<_>>()
    };
    let word = workspace.json(&["top", "sample", "--kind", "word", "--limit", "0"]);
    let zulu = word["topics"].as_array().unwrap().iter().find(|topic| topic["term"] == "zulu");
    assert_eq!(zulu.unwrap()["phrase"], "tango zulu", "over all windows it is mostly in it");
    assert_eq!(list("word"), ["zulu"]);
    assert_eq!(list("word,phrase"), ["zulu"]);
}

#[test]
fn an_excluded_word_removes_its_phrases_and_their_other_words_return() {
    let workspace = Workspace::new();
    let file = workspace.write("posts.ndjson", lines(&posts(4_000, 5)));
    workspace.publish(&[&PHRASES[..], &["1d", "--scores", "popular", &file]].concat());
    let list = |kind: &str, score: &[&str]| {
        let top = [&["top", "sample", "--limit", "0", "--kind", kind], score].concat();
        workspace.json(&top)["topics"].as_array().unwrap().clone()
    };
    let term = |topic: &serde_json::Value| topic["term"].as_str().unwrap().to_owned();
    let (words, phrases) = (list("word", &[]), list("phrase", &[]));
    // `phrase` replaces the word `folded`; `word` is the other word of `phrase`.
    let folded = words.iter().find(|word| word["phrase"].is_string()).unwrap();
    let phrase = folded["phrase"].as_str().unwrap();
    let word = phrase.split(' ').find(|part| *part != term(folded)).unwrap();
    let has = |phrase: &str| phrase.split(' ').any(|part| part == word);
    let store = workspace.store();
    let exclude = ["exclude", "sample", "--store", &store, "--term", word];
    workspace.trendjob(&exclude).done();
    for score in [&[][..], &["--score", "popular"]] {
        let left: Vec<String> = list("phrase", score).iter().map(term).collect();
        assert!(!left.is_empty() && !left.iter().any(|phrase| has(phrase)), "{left:?}");
    }
    let mut expected: Vec<String> = phrases.iter().map(term).collect();
    expected.retain(|phrase| !has(phrase));
    assert_eq!(list("phrase", &[]).iter().map(term).collect::<Vec<_>>(), expected);
    let mixed = list("word,phrase", &[]);
    assert!(mixed.iter().any(|topic| term(topic) == term(folded)), "it is listed again");
    // Only the word itself is excluded.
    workspace.trendjob(&[&exclude[..], &["--readmit"]].concat()).done();
    workspace.trendjob(&[&exclude[..], &["--kind", "word"]].concat()).done();
    assert_eq!(list("phrase", &[]), phrases);
    assert!(!list("word", &[]).iter().any(|topic| term(topic) == word));
}

#[test]
fn no_phrase_begins_or_ends_with_a_stop_word() {
    let workspace = Workspace::new();
    let line = |number: usize| {
        let text = ["the white house of cards", "white house in the morning"][number % 2];
        serde_json::json!({ "text": text }).to_string() + "\n"
    };
    let file = workspace.write("posts.ndjson", (0..20).map(line).collect::<String>());
    let flags = ["--profile", "social", "--kinds", "phrase", "--stop-words", "en"];
    workspace.publish(&[&flags[..], &[&file]].concat());
    assert_eq!(workspace.counted("phrase"), BTreeMap::from([("white house".to_owned(), (20, 20))]));
    assert_eq!(workspace.counted("word"), BTreeMap::new());
}
