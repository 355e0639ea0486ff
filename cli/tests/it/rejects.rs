//! The file of `--rejects`: every malformed line once, with its object and offset.

use std::collections::BTreeMap;
use std::fs;

use serde_json::Value;

use crate::command::Workspace;
use crate::inputs::{awkward, gzip, status, statuses};
use crate::oracle::{Preset, Verdict, judge, lines};
use crate::outcome::assert_mentions;

/// The position of a rejected line: the last part of its object's name, and its offset in bytes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Reject {
    pub(crate) object: String,
    pub(crate) offset: u64,
}

/// Returns every rejected line with its reason; asserts that none occurs twice.
#[track_caller]
pub(crate) fn read_rejects(path: &str) -> BTreeMap<Reject, String> {
    let mut rejects = BTreeMap::new();
    for line in fs::read_to_string(path).unwrap().lines() {
        let json: Value = serde_json::from_str(line).unwrap();
        let object = json["object"].as_str().unwrap().rsplit('/').next().unwrap().to_owned();
        let offset = json["offset"].as_u64().unwrap();
        assert!(json["line"].is_string(), "a reject holds its line: {line}");
        let reason = json["reason"].as_str().unwrap().to_owned();
        let before = rejects.insert(Reject { object, offset }, reason);
        assert_eq!(before, None, "rejected twice: {line}");
    }
    rejects
}

fn expected(name: &str, object: &[u8]) -> BTreeMap<Reject, String> {
    let rejected = lines(object).into_iter().filter_map(|(at, line)| {
        let Verdict::Malformed(reason) = judge(Preset::Twitter, line) else { return None };
        Some((Reject { object: name.to_owned(), offset: at as u64 }, reason.to_owned()))
    });
    rejected.collect()
}

#[test]
fn any_cut_of_a_run_has_the_same_rejects() {
    let workspace = Workspace::new();
    let (first, second) = (awkward(1_500, 300), awkward(1_500, 301));
    workspace.write("in/first.ndjson", &first);
    workspace.write("in/second.ndjson", &second);
    let mut all = expected("first.ndjson", &first);
    all.extend(expected("second.ndjson", &second));
    assert!(all.len() > 30, "there is something to reject");
    let (rejects, folder) = (workspace.path("rejects.ndjson"), workspace.path("in"));
    for shape in
        [&["--shards", "1"][..], &["--shards", "64", "--threads", "2"], &["--chunk-size", "1Ki"]]
    {
        let published = workspace.publish(&[shape, &["--rejects", &rejects, &folder]].concat());
        assert_eq!(read_rejects(&rejects), all, "{shape:?}");
        assert_eq!(published.malformed.values().sum::<u64>(), all.len() as u64);
    }
}

#[test]
fn a_run_with_too_many_malformed_lines_writes_its_rejects() {
    let workspace = Workspace::new();
    let input = [awkward(50, 302), b"oops\n".repeat(50)].concat();
    let (rejects, file) = (workspace.path("rejects.ndjson"), workspace.write("in.ndjson", &input));
    workspace.run(&["--rejects", &rejects, &file]).refused(42);
    assert_eq!(read_rejects(&rejects), expected("in.ndjson", &input));
}

#[test]
fn a_rejected_line_can_be_read_in_the_file_of_rejects() {
    let workspace = Workspace::new();
    let (rejects, file) =
        (workspace.path("rejects.ndjson"), workspace.write("in.ndjson", "oops there\n"));
    workspace.publish(&["--max-malformed-percent", "100", "--rejects", &rejects, &file]);
    let line: Value = serde_json::from_str(fs::read_to_string(&rejects).unwrap().trim()).unwrap();
    assert_eq!(line["line"], "oops there");
    assert_eq!(line["reason"], "syntax");
    assert_eq!(line["offset"], 0);
}

#[test]
fn a_line_that_is_too_long_is_reported_alike_for_every_compression() {
    let workspace = Workspace::new();
    let long = "x".repeat(3 << 20);
    let input = [status("love"), long, status("peace")].join("\n").into_bytes();
    let rejects = workspace.path("rejects.ndjson");
    let rejected_in = |bytes: &[u8]| {
        let file = workspace.write("in.ndjson", bytes);
        let limits = ["--max-malformed-percent", "100", "--max-record-size", "1Mi"];
        workspace.publish(&[&limits[..], &["--rejects", &rejects, &file]].concat());
        fs::read_to_string(&rejects).unwrap()
    };
    let plain = rejected_in(&input);
    assert_mentions(&plain, &["too-long", &"x".repeat(1 << 16)]);
    assert_eq!(rejected_in(&gzip(&input)), plain);
}

#[test]
fn rejects_overwrite_no_input() {
    let workspace = Workspace::new();
    let file = workspace.write("in/first.ndjson", statuses(["love"]));
    let before = fs::read(&file).unwrap();
    let folder = workspace.path("in");
    workspace
        .run(&["--rejects", &file, &folder])
        .refused(42)
        .mentions(&["first.ndjson", "is an input"]);
    assert_eq!(fs::read(&file).unwrap(), before);
    // A new file beside the inputs is no input.
    let rejects = workspace.path("in/rejects.ndjson");
    assert_eq!(workspace.publish(&["--rejects", &rejects, &folder]).number("objects"), 1);
    assert_eq!(fs::read(&rejects).unwrap(), b"");
}

#[test]
fn an_unwritable_rejects_file_is_reported_before_the_count() {
    let workspace = Workspace::new();
    let file = workspace.write("in.ndjson", statuses(["love"]));
    let folder = workspace.path("in");
    fs::create_dir(&folder).unwrap();
    for rejects in ["no/such/folder/rejects", "in"] {
        workspace
            .run(&["--rejects", &workspace.path(rejects), &file])
            .refused(42)
            .mentions(&[rejects]);
    }
    let runs = fs::read_dir(workspace.path("store/runs"));
    assert!(runs.is_err() || runs.unwrap().count() == 0, "no run was begun");
}
