//! Exclusions: terms disappear from results at once, authors from the next run on. Both help
//! against accounts that flood.

use serde_json::{Value, json};

use crate::command::Workspace;
use crate::inputs::word;
use crate::outcome::{Outcome, assert_mentions};

impl Workspace {
    /// `exclude sample` with these options.
    fn exclude(&self, args: &[&str]) -> Outcome {
        let store = self.store();
        self.trendjob(&[&["exclude", "sample"], args, &["--store", &store]].concat())
    }

    fn exclude_json(&self, args: &[&str]) -> Value {
        self.exclude(&[args, &["--output", "json"]].concat()).done().json()
    }

    fn top_json(&self, args: &[&str]) -> Value {
        let store = self.store();
        let options = ["--output", "json", "--store", &store];
        self.trendjob(&[&["top", "sample"], args, &options].concat()).done().json()
    }

    /// The listed terms.
    fn listed(&self, args: &[&str]) -> Vec<String> {
        let top = self.top_json(args);
        let topics = top["topics"].as_array().unwrap();
        topics.iter().map(|topic| topic["term"].as_str().unwrap().to_owned()).collect()
    }
}

/// Words that fall in frequency: love, peace, hope, zebra.
fn words(workspace: &Workspace) -> String {
    let lines = ["love peace hope zebra", "love peace hope", "love peace", "love"];
    let lines = lines.map(|text| format!("{{\"text\":\"{text}\"}}\n"));
    workspace.write("words.ndjson", lines.concat())
}

#[test]
fn excluded_terms_leave_lists_at_once_and_ranks_close_up() {
    let workspace = Workspace::new();
    let input = words(&workspace);
    let digest = workspace.publish(&[&input]).digest;
    let output = workspace.exclude(&["--term", "PEACE", "--reason", "a test"]).done().stdout;
    assert_mentions(
        &output,
        &[
            "excluded from sample by change 1: the term \"PEACE\"",
            "apply now: generation 1 is shown without 1 word;",
        ],
    );
    let top = workspace.top_json(&[]);
    let ranks: Vec<_> =
        top["topics"].as_array().unwrap().iter().map(|topic| &topic["rank"]).collect();
    assert_eq!(ranks, [1, 2, 3]);
    let terms: Vec<_> = workspace.rows().into_iter().map(|row| row.term).collect();
    assert_eq!(terms, ["love", "hope", "zebra"]);
    assert_eq!(workspace.listed(&["--limit", "2"]), ["love", "hope"], "the list is refilled");
    assert_eq!(workspace.top_json(&[])["excluded"], 1);
    // A second exclusion changes nothing. A further run publishes an equal result, and the
    // exclusion still hides the term.
    let again = workspace.exclude(&["--term", "peace"]).done().stdout;
    assert_mentions(&again, &["nothing was changed"]);
    let run = workspace.publish(&[&input]);
    assert_eq!(run.digest, digest, "terms are counted all the same");
    assert_eq!(workspace.listed(&[]), ["love", "hope", "zebra"]);
    let back = workspace.exclude_json(&["--readmit", "--term", "Peace"]);
    assert_eq!((&back["version"], &back["change"]["action"]), (&json!(2), &json!("readmit")));
    assert_eq!(workspace.listed(&[]), ["love", "peace", "hope", "zebra"]);
}

#[test]
fn patterns_match_whole_terms_and_are_listed_with_the_other_exclusions() {
    let workspace = Workspace::new();
    workspace.publish(&[&words(&workspace)]);
    let changed = workspace.exclude_json(&["--pattern", "?o*e", "--term", "zeb", "--author", "7"]);
    assert_eq!(changed["leftOut"], json!({ "word": 2 }));
    assert_eq!(changed["appliesNow"], json!([{ "term": "zeb" }, { "pattern": "?o*e" }]));
    assert_eq!(changed["appliesFromNextRun"], json!([{ "author": "7" }]));
    assert_eq!(workspace.listed(&[]), ["peace", "zebra"]);
    workspace.exclude(&["--term", "zebra", "--kind", "word", "--reason", "too striped"]).done();
    let list = workspace.exclude_json(&["--list"]);
    assert_eq!(list["version"], 2);
    assert_eq!(list["terms"][1]["text"], "zebra");
    assert_eq!(list["terms"][1]["kinds"], json!(["word"]));
    assert_eq!(list["terms"][1]["reason"], "too striped");
    assert_eq!(list["patterns"][0]["text"], "?o*e");
    assert_eq!(
        (&list["authors"][0]["author"], &list["authors"][0]["number"]),
        (&json!("7"), &json!(1))
    );
    let table = workspace.exclude(&["--list"]).done().stdout;
    for row in [["pattern", "?o*e", "all"], ["term", "zebra", "word"], ["author", "7", ""]] {
        let has = |line: &str| row.iter().all(|cell| line.contains(cell));
        assert!(table.lines().any(has), "{row:?}: {table}");
    }
    let output = workspace.exclude(&["--term", "love", "--kind", "word"]).done().stdout;
    assert_mentions(&output, &["of the kind word"]);
    let output = workspace.exclude(&["--readmit", "--term", "love"]).done().stdout;
    assert_mentions(&output, &["still excluded, by a pattern"]);
    assert_eq!(workspace.listed(&[]), ["peace"]);
}

#[test]
fn history_and_explain_refuse_an_excluded_term_by_its_exclusion() {
    let workspace = Workspace::new();
    let line = |hour: i64| {
        let time = 1_456_790_400 + hour * 3600;
        format!("{{\"text\":\"{}\",\"created_at\":{time}}}\n", word(1))
    };
    let file = workspace.write("posts.ndjson", (0..9).map(line).collect::<String>());
    let options = ["--profile", "social", "--window", "1h", "--scores", "popular"];
    workspace.publish(&[&options[..], &[&file]].concat());
    assert_eq!(workspace.listed(&["--score", "popular"]).len(), 1);
    workspace.exclude(&["--term", &word(1)]).done();
    assert!(workspace.listed(&["--score", "popular"]).is_empty());
    let store = workspace.store();
    for command in ["history", "explain"] {
        let args = [command, "sample", &word(1), "--store", &store, "--output", "json"];
        let refusal = workspace.trendjob(&args).refused(42);
        assert_eq!(refusal.reason, "UnknownTerm");
        assert_mentions(&refusal.message, &["it is excluded", "--list"]);
    }
    workspace.publish(&[&options[..], &[&file]].concat());
    let back = workspace.trendjob(&["rollback", "sample", "--to", "1", "--store", &store]).done();
    assert_mentions(&back.stdout, &["generation 3"]);
    assert!(workspace.listed(&[]).is_empty(), "an exclusion outlives a rollback");
}

#[test]
fn an_impossible_exclusion_is_refused_with_the_remedy() {
    let workspace = Workspace::new();
    workspace.publish(&[&words(&workspace)]);
    for (args, hint) in [
        (&[][..], "--term"),
        (&["--list", "--term", "x"], "--list"),
        (&["--list", "--readmit"], "--readmit"),
        (&["--author", "7", "--kind", "word"], "--kind belongs to a --term"),
        (&["--term", " "], "can't be a term"),
        (&["--pattern", "**"], "exclude every term"),
        (&["--term", "x", "--kind", "smell"], "smell"),
    ] {
        let refused = workspace.exclude(args);
        assert_eq!(refused.code, Some(2), "{args:?}: {refused:#?}");
        assert!(refused.stderr.contains(hint), "{args:?}: {}", refused.stderr);
    }
    let refused =
        workspace.exclude(&["--readmit", "--term", "love", "--output", "json"]).refused(42);
    assert_mentions(&refused.message, &["the term \"love\" is not excluded"]);
    assert_eq!(workspace.exclude_json(&["--list"])["version"], 0, "nothing was written");
}

/// Thirty hours of posts by twenty accounts. In the last hour but one, `flooders` other accounts
/// add 400 posts with one hashtag.
fn flooded(flooders: usize) -> String {
    let post = |hour: usize, author: &str, text: &str| {
        let time = 1_456_790_400 + hour * 3600;
        json!({ "text": text, "created_at": time, "user": { "id_str": author } }).to_string() + "\n"
    };
    let mut text = String::new();
    for hour in 0..30 {
        for number in 0..20 {
            let words = format!("{} #{}", word(number), word(100 + (number + hour) % 5));
            text += &post(hour, &format!("honest{number}"), &words);
        }
    }
    for number in 0..400 {
        text += &post(28, &format!("flood{}", number % flooders), "#BuyNow cheap watches");
    }
    text
}

const SOCIAL: [&str; 8] = [
    "--profile",
    "social",
    "--kinds",
    "hashtag",
    "--window",
    "1h",
    "--scores",
    "burst,peak,popular",
];

#[test]
fn one_flooding_account_can_not_trend_and_a_ring_is_excluded_with_its_authors() {
    let workspace = Workspace::new();
    let one = workspace.write("one.ndjson", flooded(1));
    let ring = workspace.write("ring.ndjson", flooded(8));
    let bursts = || workspace.listed(&["--kind", "hashtag", "--score", "burst"]);
    let frequent = || workspace.listed(&["--kind", "hashtag"]);

    // The gate: a hashtag of one account has one author, however often it is posted.
    workspace.publish(&[&SOCIAL[..], &[&one]].concat());
    assert_eq!(frequent()[0], "buynow", "it is the most frequent");
    assert!(!bursts().contains(&"buynow".to_owned()), "and does not burst");

    // A plan contains the exclusions at its time, so only later runs follow them.
    let output = workspace.exclude(&["--author", "flood0", "--reason", "floods"]).done().stdout;
    assert_mentions(&output, &["authors apply from the next run on"]);
    assert_eq!(frequent()[0], "buynow", "the published result keeps its counts");
    workspace.publish(&[&SOCIAL[..], &[&one]].concat());
    assert!(!frequent().contains(&"buynow".to_owned()), "the next result lacks it");

    // A ring of accounts passes the gate; its hashtag disappears with the accounts.
    workspace.publish(&[&SOCIAL[..], &[&ring]].concat());
    assert_eq!(bursts().first().map(String::as_str), Some("buynow"));
    let authors: Vec<String> = (1..8).map(|number| format!("flood{number}")).collect();
    let args = authors.iter().flat_map(|author| ["--author", author]).collect::<Vec<_>>();
    let changed = workspace.exclude_json(&args);
    assert_eq!(changed["appliesNow"], json!([]));
    assert_eq!(changed["appliesFromNextRun"].as_array().unwrap().len(), 7);
    // Until the next run, its hashtag can be excluded.
    workspace.exclude(&["--term", "#buynow"]).done();
    assert!(!bursts().contains(&"buynow".to_owned()));
    workspace.exclude(&["--readmit", "--term", "#buynow"]).done();
    workspace.publish(&[&SOCIAL[..], &[&ring]].concat());
    assert!(!frequent().contains(&"buynow".to_owned()));
    workspace.exclude(&["--readmit", "--author", "flood0"]).done();
    workspace.publish(&[&SOCIAL[..], &[&one]].concat());
    assert_eq!(frequent()[0], "buynow", "a readmitted author counts again");
}

#[test]
fn a_run_with_profile_seed_counts_excluded_authors_and_warns_of_it() {
    let workspace = Workspace::new();
    let input = words(&workspace);
    workspace.publish(&[&input]);
    let output = workspace.exclude(&["--author", "7"]).done().stdout;
    assert_mentions(&output, &["profile Social only"]);
    let run = workspace.run(&[&input]).done();
    assert_mentions(&run.stderr, &["Seed reads no authors"]);
}
