//! The file of `--rejects`: every malformed line, once, with the object and offset to find it.

use std::collections::BTreeMap;
use std::fs;

use serde_json::Value;

use crate::command::Desk;
use crate::inputs::awkward;
use crate::oracle::{Preset, Verdict, judge, lines};

/// Where a rejected line begins; the object by the last part of its name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Reject {
    pub(crate) object: String,
    pub(crate) offset: u64,
}

/// Every rejected line with its reason; none may be told twice.
#[track_caller]
pub(crate) fn read_rejects(path: &str) -> BTreeMap<Reject, String> {
    let mut rejects = BTreeMap::new();
    for line in fs::read_to_string(path).unwrap().lines() {
        let json: Value = serde_json::from_str(line).unwrap();
        let object = json["object"].as_str().unwrap().rsplit('/').next().unwrap().to_owned();
        let offset = json["offset"].as_u64().unwrap();
        assert!(json["line"].is_string(), "the line itself belongs in it: {line}");
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
fn rejects_are_the_same_however_the_run_is_cut() {
    let desk = Desk::new();
    let (first, second) = (awkward(1_500, 300), awkward(1_500, 301));
    desk.write("in/first.ndjson", &first);
    desk.write("in/second.ndjson", &second);
    let mut all = expected("first.ndjson", &first);
    all.extend(expected("second.ndjson", &second));
    assert!(all.len() > 30, "there is something to reject");
    let (rejects, folder) = (desk.path("rejects.ndjson"), desk.path("in"));
    for shape in
        [&["--shards", "1"][..], &["--shards", "64", "--threads", "2"], &["--chunk-size", "1Ki"]]
    {
        let published = desk.publish(&[shape, &["--rejects", &rejects, &folder]].concat());
        assert_eq!(read_rejects(&rejects), all, "{shape:?}");
        assert_eq!(published.malformed.values().sum::<u64>(), all.len() as u64);
    }
}

#[test]
fn a_run_that_fails_for_its_malformed_lines_leaves_them_to_look_at() {
    let desk = Desk::new();
    let input = [awkward(50, 302), b"oops\n".repeat(50)].concat();
    let (rejects, file) = (desk.path("rejects.ndjson"), desk.write("in.ndjson", &input));
    desk.run(&["--rejects", &rejects, &file]).refused(42);
    assert_eq!(read_rejects(&rejects), expected("in.ndjson", &input));
}

#[test]
fn a_rejected_line_can_be_read_in_the_file_of_rejects() {
    let desk = Desk::new();
    let (rejects, file) = (desk.path("rejects.ndjson"), desk.write("in.ndjson", "oops there\n"));
    desk.publish(&["--max-malformed-percent", "100", "--rejects", &rejects, &file]);
    let line: Value = serde_json::from_str(fs::read_to_string(&rejects).unwrap().trim()).unwrap();
    assert_eq!(line["line"], "oops there");
    assert_eq!(line["reason"], "syntax");
    assert_eq!(line["offset"], 0);
}
