//! The smaller commands: generate, top, runs, rollback, validate, completions, help.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::command::Workspace;
use crate::inputs::{awkward, statuses};
use crate::oracle::{Counts, Preset};
use crate::outcome::{Published, assert_mentions};

const COMMANDS: [&str; 15] = [
    "run",
    "demo",
    "generate",
    "serve",
    "top",
    "history",
    "explain",
    "validate",
    "runs",
    "check",
    "rollback",
    "gc",
    "exclude",
    "fetch",
    "completions",
];

#[test]
fn every_command_has_help_and_the_larger_ones_have_examples() {
    let workspace = Workspace::new();
    let all = workspace.trendjob(&["--help"]).done();
    assert_mentions(&all.stdout, &COMMANDS);
    for command in COMMANDS {
        let help = workspace.trendjob(&[command, "--help"]).done();
        assert_mentions(&help.stdout, &["usage", "example", &format!("trendjob {command}")]);
        assert_eq!(help.stderr, "");
    }
    let run = workspace.trendjob(&["run", "--help"]).done();
    let options = [
        "--source",
        "--preset",
        "--shards",
        "--threads",
        "--chunk-size",
        "--max-malformed-percent",
        "--max-record-size",
        "--partitions",
        "--memory",
        "--resume",
        "--dry-run",
        "--rejects",
        "--store",
        "--data",
        "--serve",
        "--listen",
        "--output",
    ];
    assert_mentions(&run.stdout, &options);
}

#[test]
fn the_version_is_printed() {
    let version = Workspace::new().trendjob(&["--version"]).done();
    assert_mentions(&version.stdout, &["trendjob", env!("CARGO_PKG_VERSION")]);
}

#[test]
fn an_unknown_flag_is_a_usage_error_everywhere() {
    let workspace = Workspace::new();
    for command in COMMANDS {
        let outcome = workspace.trendjob(&[command, "--no-such-flag"]);
        assert_eq!(outcome.code, Some(2), "{command}: {outcome:#?}");
        assert_mentions(&outcome.stderr, &["--no-such-flag"]);
    }
}

#[test]
fn completions_are_printed_for_every_shell() {
    let workspace = Workspace::new();
    for shell in ["bash", "zsh", "fish"] {
        let script = workspace.trendjob(&["completions", shell]).done();
        assert_mentions(&script.stdout, &["trendjob", "rollback", "chunk-size"]);
    }
    assert_eq!(workspace.trendjob(&["completions", "tcsh"]).code, Some(2));
}

#[testing::needs(bash, zsh, fish)]
#[test]
fn every_shell_parses_its_completions() {
    let workspace = Workspace::new();
    for shell in ["bash", "zsh", "fish"] {
        let script = workspace.trendjob(&["completions", shell]).done();
        let file = workspace.write("script", &script.stdout);
        let check = std::process::Command::new(shell).arg("-n").arg(file).output().unwrap();
        assert!(check.status.success(), "{shell}: {check:?}");
    }
}

#[test]
fn generated_statuses_depend_on_the_seed_alone() {
    let workspace = Workspace::new();
    let generate = |records: &str, seed: &str, malformed: &str| {
        let args = ["generate", "--records", records, "--seed", seed, "--malformed", malformed];
        workspace.trendjob(&args).done().stdout
    };
    let first = generate("3000", "7", "0.03");
    assert_eq!(first, generate("3000", "7", "0.03"));
    assert_ne!(first, generate("3000", "8", "0.03"));
    assert_eq!(first.lines().count(), 3_000);
    let file = workspace.path("made.ndjson");
    let args = ["generate", "--records", "3000", "--seed", "7", "--malformed", "0.03", "-o", &file];
    let generated = workspace.trendjob(&args).done();
    assert_eq!(generated.stdout, "", "the statuses go to the file");
    // Some malformed lines may not be UTF-8; the captured text can't show those bytes.
    assert_eq!(String::from_utf8_lossy(&std::fs::read(&file).unwrap()), first);
}

#[test]
fn generated_statuses_are_counted_with_the_given_share_of_malformed_lines() {
    let workspace = Workspace::new();
    for (rate, least, most) in [("0", 0, 0), ("0.05", 100, 400)] {
        let file = workspace.path("made.ndjson");
        let args =
            ["generate", "--records", "4000", "--seed", "1", "--malformed", rate, "-o", &file];
        workspace.trendjob(&args).done();
        let published = workspace.publish(&["--max-malformed-percent", "20", &file]);
        assert_eq!(published.read, 4_000);
        let malformed: u64 = published.malformed.values().sum();
        assert!((least..=most).contains(&malformed), "{rate}: {malformed} of 4000");
        if rate == "0" {
            let input = std::fs::read(&file).unwrap();
            workspace.assert_counts(&published, &Counts::of(Preset::Twitter, &[&input]));
            assert!((1_000_000..2_500_000).contains(&input.len()), "about 400 bytes each");
        }
    }
}

#[test]
fn generated_statuses_look_like_those_of_twitter() {
    let workspace = Workspace::new();
    let text = workspace
        .trendjob(&["generate", "--records", "200", "--seed", "3", "--malformed", "0"])
        .done();
    let mut ids = BTreeSet::new();
    for line in text.stdout.lines() {
        let status: Value = serde_json::from_str(line).unwrap();
        assert!(status["text"].is_string() && status["created_at"].is_string(), "{line}");
        assert!(status["user"].is_object() && status["lang"].is_string(), "{line}");
        ids.insert(status["id_str"].as_str().unwrap().to_owned());
    }
    assert_eq!(ids.len(), 200, "every status has its own id");
}

#[test]
fn top_lists_topics_in_the_oracles_order_up_to_the_limit() {
    let workspace = Workspace::new();
    let input = awkward(2_000, 600);
    workspace.publish(&["--partitions", "3", &workspace.write("in.ndjson", &input)]);
    let ranking = Counts::of(Preset::Twitter, &[&input]).ranking();
    let rows: Vec<_> =
        workspace.rows().into_iter().map(|row| (row.term, row.count, row.documents)).collect();
    assert!(rows == ranking, "limit 0 lists all topics by rank");
    let store = workspace.store();
    for limit in [1, 10, 11, 999, ranking.len(), ranking.len() + 5] {
        let limit = limit.to_string();
        let args = ["top", "sample", "--limit", &limit, "--output", "csv", "--store", &store];
        let lines = workspace.trendjob(&args).done().stdout.lines().count() - 1;
        assert_eq!(lines, ranking.len().min(limit.parse().unwrap()));
    }
}

#[test]
fn top_prints_tables_and_json() {
    let workspace = Workspace::new();
    let store = workspace.store();
    workspace.publish(&[&workspace.write("in.ndjson", statuses(["love love peace", "love hope"]))]);
    let table = workspace.trendjob(&["top", "sample", "--store", &store]).done();
    assert_mentions(&table.stdout, &["love", "3", "peace", "hope"]);
    assert!(!table.stdout.contains('\u{1b}'), "no colours where there is no terminal");
    let json = workspace.trendjob(&["top", "sample", "--store", &store, "--output", "json"]).done();
    let json: Value = serde_json::from_str(&json.stdout).unwrap();
    let found = find(&json, &|value| value["term"] == "love").unwrap_or_else(|| panic!("{json}"));
    assert_eq!((&found["count"], &found["documents"]), (&3.into(), &2.into()));
}

/// Returns the first value in `json`, itself included, for which `wanted` is true.
fn find<'a>(json: &'a Value, wanted: &dyn Fn(&Value) -> bool) -> Option<&'a Value> {
    if wanted(json) {
        return Some(json);
    }
    match json {
        Value::Array(values) => values.iter().find_map(|value| find(value, wanted)),
        Value::Object(fields) => fields.values().find_map(|value| find(value, wanted)),
        _ => None,
    }
}

#[test]
fn an_unknown_source_is_named() {
    let workspace = Workspace::new();
    let store = workspace.store();
    workspace.publish(&[&workspace.write("in.ndjson", statuses(["love"]))]);
    for args in [&["top", "nobody"][..], &["rollback", "nobody", "--to", "1"]] {
        let outcome =
            workspace.trendjob(&[args, &["--store", &store, "--output", "json"]].concat());
        outcome.refused(42).mentions(&["nobody"]);
    }
}

#[test]
fn runs_lists_every_generation_and_rollback_shows_each() {
    let workspace = Workspace::new();
    let store = workspace.store();
    let first = workspace.publish(&[&workspace.write("a.ndjson", statuses(["love"]))]);
    let second = workspace.publish(&[&workspace.write("b.ndjson", statuses(["peace"]))]);
    let runs = workspace.trendjob(&["runs", "--store", &store, "--output", "json"]).done();
    let listed: Value = serde_json::from_str(&runs.stdout).unwrap();
    for published in [&first, &second] {
        let of_run = |value: &Value| value["run"] == published.run.as_str();
        let run = find(&listed, &of_run)
            .unwrap_or_else(|| panic!("{} is missing: {listed}", published.run));
        assert_eq!(run["source"], "sample");
    }
    let table = workspace.trendjob(&["runs", "--store", &store]).done();
    assert_mentions(&table.stdout, &["sample", &first.run, &second.run]);

    let back = |to: &str| {
        workspace
            .trendjob(&["rollback", "sample", "--to", to, "--store", &store, "--output", "json"])
    };
    back("1").done();
    assert_eq!(workspace.rows()[0].term, "love");
    back("2").done();
    assert_eq!(workspace.rows()[0].term, "peace");
    for unknown in ["99", "0"] {
        let outcome = back(unknown);
        assert!(matches!(outcome.code, Some(2 | 42)), "{outcome:#?}");
        assert_mentions(&outcome.all(), &[unknown]);
    }
    assert_eq!(workspace.rows()[0].term, "peace", "a refused rollback changes nothing");
    let third = workspace.publish(&[&workspace.path("a.ndjson")]);
    assert_eq!(third.generation, 5, "each rollback added a generation");
    assert_eq!(third.digest, first.digest);
}

#[test]
fn a_dry_run_prints_the_plan_and_changes_nothing() {
    let workspace = Workspace::new();
    let input = awkward(2_000, 601);
    let file = workspace.write("in.ndjson", &input);
    let plan = workspace.run(&["--dry-run", "--shards", "7", &file]).done();
    assert!(workspace.stored().is_empty(), "nothing is stored: {:?}", workspace.stored().keys());
    let json = plan.json();
    assert_eq!((&json["shards"], &json["bytes"]), (&7.into(), &input.len().into()), "{json}");
    assert!(json.get("objects").is_some() && json.get("chunks").is_some(), "{json}");
    workspace.publish(&[&file]);
    let before = workspace.stored();
    let store = workspace.store();
    let args = ["run", "--source", "sample", "--store", &store, "--dry-run", &file];
    let table = workspace.trendjob(&args).done();
    assert_mentions(&table.all(), &["in.ndjson", "shard", "chunk"]);
    assert_eq!(workspace.stored(), before, "nothing in the store has changed");
    workspace.run(&["--dry-run", "nowhere.ndjson"]).refused(42).mentions(&["nowhere.ndjson"]);
}

#[test]
fn retention_keeps_at_least_the_last_two_results() {
    let workspace = Workspace::new();
    let file = workspace.write("in.ndjson", statuses(["love"]));
    let mut last: Option<Published> = None;
    for generation in 1..=9 {
        let published = workspace.publish(&[&file]);
        assert_eq!(published.generation, generation);
        last = Some(published);
    }
    let store = workspace.store();
    workspace.trendjob(&["rollback", "sample", "--to", "8", "--store", &store]).done();
    assert_eq!(workspace.rows()[0].term, "love");
    assert_eq!(workspace.publish(&[&file]).digest, last.unwrap().digest);
}

#[test]
fn a_usage_error_is_json_with_output_json_and_help_is_not() {
    let workspace = Workspace::new();
    for args in [
        &["run", "--output", "json", "--nonsense", "x.ndjson"][..],
        &["run", "--nonsense", "x.ndjson", "--output=json"],
        &["top", "--output", "json"],
        &["rollback", "sample", "--to", "0", "--output", "json"],
    ] {
        let refusal = workspace.trendjob(args).refused(2);
        assert_eq!(refusal.reason, "Usage", "{args:?}");
        assert!(!refusal.message.starts_with("error"), "{refusal:?}");
        assert_mentions(&refusal.message, &["nonsense|source|--to"]);
    }
    let help = workspace.trendjob(&["run", "--output", "json", "--help"]).done();
    assert_mentions(&help.stdout, &["Usage:"]);
}
