//! Every line has its outcome in the middle of a file, at its end, in chunks of 1 KiB and inside a
//! compressed member, and is counted under its reason.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use crate::command::Workspace;
use crate::inputs::{gzip, status, statuses, word, zstd};
use crate::lines::{Case, Expect, cases};
use crate::outcome::Published;
use crate::rejects::{Reject, read_rejects};

const ALL: [&str; 2] = ["--max-malformed-percent", "100"];

/// Compares counters, words and rejects with each case.
#[track_caller]
fn assert_verdicts(
    workspace: &Workspace,
    published: &Published,
    cases: &[Case],
    at: &BTreeMap<Reject, usize>,
) {
    let rejects = read_rejects(&workspace.path("rejects.ndjson"));
    let rejected: BTreeMap<_, _> =
        rejects.iter().map(|(place, reason)| (at.get(place).copied(), reason.as_str())).collect();
    let words: BTreeSet<String> = workspace.rows().into_iter().map(|row| row.term).collect();
    let mut wrong = Vec::new();
    for (n, case) in cases.iter().enumerate() {
        let expected = match case.expect {
            Expect::Malformed(reason) => Some(reason),
            _ => None,
        };
        let found = rejected.get(&Some(n)).copied();
        let counted = words.contains(&case.word);
        if found != expected || counted != (case.expect == Expect::Word) {
            let start = &case.line[..case.line.len().min(120)];
            wrong.push(format!(
                "{}: {:?}, but rejected as {found:?}, word counted: {counted}",
                start.escape_ascii(),
                case.expect
            ));
        }
    }
    assert!(wrong.is_empty(), "{} lines are judged wrongly:\n{}", wrong.len(), wrong.join("\n"));
    assert!(!rejected.contains_key(&None), "a reject points at no line: {rejects:?}");
    let with_word = cases.iter().filter(|case| case.expect == Expect::Word).count();
    assert_eq!(words.len(), with_word, "words of no case: {words:?}");
    let count = |wanted: &dyn Fn(Expect) -> Option<&'static str>| {
        let mut by_reason: BTreeMap<String, u64> = BTreeMap::new();
        for reason in cases.iter().filter_map(|case| wanted(case.expect)) {
            *by_reason.entry(reason.to_owned()).or_default() += 1;
        }
        by_reason
    };
    let malformed = |e| if let Expect::Malformed(reason) = e { Some(reason) } else { None };
    let empty = |e| if let Expect::Empty(reason) = e { Some(reason) } else { None };
    assert_eq!(published.malformed, count(&malformed));
    assert_eq!(published.empty, count(&empty));
    assert_eq!(published.read, cases.len() as u64);
}

/// Returns all cases as one file, and the number of the case at each offset.
fn one_file(name: &str, cases: &[Case]) -> (Vec<u8>, BTreeMap<Reject, usize>) {
    let (mut file, mut at) = (Vec::new(), BTreeMap::new());
    for (n, case) in cases.iter().enumerate() {
        at.insert(Reject { object: name.to_owned(), offset: file.len() as u64 }, n);
        file.extend_from_slice(&case.line);
        file.push(b'\n');
    }
    (file, at)
}

#[test]
fn every_line_of_a_file_has_its_outcome() {
    let workspace = Workspace::new();
    let cases = cases();
    let (file, at) = one_file("in.ndjson", &cases);
    let path = workspace.write("in.ndjson", file);
    let rejects = workspace.path("rejects.ndjson");
    for cut in
        [&["--shards", "1"][..], &["--chunk-size", "1Ki"], &["--shards", "7", "--threads", "2"]]
    {
        let published =
            workspace.publish(&[&ALL[..], cut, &["--rejects", &rejects, &path]].concat());
        assert_verdicts(&workspace, &published, &cases, &at);
    }
}

#[test]
fn every_line_has_its_outcome_at_the_end_of_a_file() {
    let workspace = Workspace::new();
    let mut cases = cases();
    cases.retain(|case| !case.line.is_empty());
    let mut at = BTreeMap::new();
    for (n, case) in cases.iter().enumerate() {
        let name = format!("{n:04}.ndjson");
        workspace.write(&format!("in/{name}"), &case.line);
        at.insert(Reject { object: name, offset: 0 }, n);
    }
    let (rejects, folder) = (workspace.path("rejects.ndjson"), workspace.path("in"));
    let published = workspace.publish(&[&ALL[..], &["--rejects", &rejects, &folder]].concat());
    assert_verdicts(&workspace, &published, &cases, &at);
}

#[test]
fn every_line_of_a_compressed_file_has_its_outcome() {
    let cases = cases();
    for (name, pack) in [("in.ndjson.gz", gzip as fn(&[u8]) -> Vec<u8>), ("in.ndjson.zst", zstd)] {
        let workspace = Workspace::new();
        let (file, at) = one_file(name, &cases);
        let (rejects, path) =
            (workspace.path("rejects.ndjson"), workspace.write(name, pack(&file)));
        let published = workspace.publish(&[&ALL[..], &["--rejects", &rejects, &path]].concat());
        assert_verdicts(&workspace, &published, &cases, &at);
    }
}

#[test]
fn an_outcome_does_not_depend_on_the_fields_that_are_read() {
    let workspace = Workspace::new();
    let cases = cases();
    let (file, _) = one_file("in.ndjson", &cases);
    let path = workspace.write("in.ndjson", file);
    let twitter = workspace.publish(&[&ALL[..], &[path.as_str()]].concat());
    let datasift = workspace.publish(&[&ALL[..], &["--preset", "datasift", &path]].concat());
    assert_eq!(twitter.malformed, datasift.malformed);
    assert_eq!(twitter.empty["blank"], datasift.empty["blank"]);
}

#[test]
fn a_byte_order_mark_is_skipped_at_the_start_of_an_object_only() {
    let workspace = Workspace::new();
    let line = |n: usize| status(&word(n)) + "\n";
    let first = format!("\u{feff}{}\u{feff}{}{}", line(0), line(1), line(2));
    workspace.write("in/a.ndjson", &first);
    workspace.write("in/b.ndjson", format!("\u{feff}{}", line(3)));
    workspace.write("in/c.ndjson", format!("\u{feff}\u{feff}{}", line(4)));
    workspace.write(
        "in/d.ndjson.gz",
        gzip(format!("\u{feff}{}\u{feff}{}", line(5), line(6)).as_bytes()),
    );
    let (rejects, folder) = (workspace.path("rejects.ndjson"), workspace.path("in"));
    let args = [&ALL[..], &["--chunk-size", "1Ki", "--rejects", &rejects, &folder]].concat();
    let published = workspace.publish(&args);
    let mut terms: Vec<_> = workspace.rows().into_iter().map(|row| row.term).collect();
    terms.sort_unstable();
    assert_eq!(terms, [word(0), word(2), word(3), word(5)]);
    assert_eq!(published.malformed.iter().collect::<Vec<_>>(), [(&"syntax".to_owned(), &3)]);
    let at = 3 + line(0).len() as u64;
    assert!(read_rejects(&rejects).contains_key(&Reject { object: "a.ndjson".into(), offset: at }));
    assert!(
        read_rejects(&rejects).contains_key(&Reject { object: "d.ndjson.gz".into(), offset: at })
    );
}

#[test]
fn an_object_of_only_a_byte_order_mark_or_line_ends_has_no_records() {
    let workspace = Workspace::new();
    let published = workspace.publish(&[&workspace.write("mark.ndjson", "\u{feff}")]);
    assert_eq!(published.read, 0);
    let published = workspace.publish(&[&workspace.write("ends.ndjson", "\n\r\n\n")]);
    assert_eq!((published.read, published.empty["blank"]), (3, 3));
}

const MIB: usize = 1 << 20;

fn status_of(length: usize, text: &str) -> Vec<u8> {
    let line = status(text);
    let padding = " ".repeat(length - line.len());
    line.replacen(':', &format!(":{padding}"), 1).into_bytes()
}

#[test]
fn a_line_at_the_size_limit_counts_and_one_above_is_too_long() {
    let workspace = Workspace::new();
    let lines = [
        status_of(MIB, &word(0)),
        status_of(MIB + 1, &word(1)),
        status_of(60, &word(2)),
        status_of(20 * MIB, &word(3)),
        status_of(MIB, &word(4)),
        status_of(MIB + 1, &word(5)),
        status_of(5 * MIB, &word(6)),
    ];
    let offset = |n: usize| lines[..n].iter().map(|line| line.len() as u64 + 1).sum::<u64>();
    let plain = lines.join(&b'\n');
    let rejects = workspace.path("rejects.ndjson");
    let files = [("in.ndjson", plain.clone()), ("in.ndjson.gz", gzip(&plain))];
    for (name, bytes) in files {
        let path = workspace.write(name, bytes);
        for size in ["64Ki", "64Mi"] {
            let cut =
                ["--max-record-size", "1Mi", "--chunk-size", size, "--rejects", &rejects, &path];
            let published = workspace.publish(&[&ALL[..], &cut].concat());
            assert_eq!((published.read, published.counted), (7, 3));
            assert_eq!(published.malformed["too-long"], 4);
            let mut terms: Vec<_> = workspace.rows().into_iter().map(|row| row.term).collect();
            terms.sort_unstable();
            assert_eq!(terms, [word(0), word(2), word(4)]);
            let places: Vec<u64> = read_rejects(&rejects).keys().map(|at| at.offset).collect();
            assert_eq!(places, [1, 3, 5, 6].map(offset));
            assert!(fs::metadata(&rejects).unwrap().len() < 5 * MIB as u64, "long lines are cut");
        }
    }
}

#[test]
fn a_byte_order_mark_does_not_count_towards_the_size_limit() {
    let workspace = Workspace::new();
    // Two bytes less than one read of plain and of compressed files: with the mark, the line ends
    // just after the first read.
    for limit in [5 * MIB / 4 - 2, 2 * MIB - 2] {
        let line = status_of(limit, &word(0));
        let marked = [b"\xEF\xBB\xBF", &line[..], b"\n", status(&word(1)).as_bytes()].concat();
        let longer = [b"\xEF\xBB\xBF ", &line[..], b"\n", status(&word(1)).as_bytes()].concat();
        for (name, pack) in [("plain", <[u8]>::to_vec as fn(&[u8]) -> Vec<u8>), ("packed", gzip)] {
            let size = limit.to_string();
            let rejects = workspace.path("rejects.ndjson");
            let args = [&ALL[..], &["--max-record-size", &size, "--rejects", &rejects]].concat();
            let published =
                workspace.publish(&[&args[..], &[&workspace.write(name, pack(&marked))]].concat());
            assert_eq!((published.read, published.counted), (2, 2), "{name} {limit}");
            let published =
                workspace.publish(&[&args[..], &[&workspace.write(name, pack(&longer))]].concat());
            assert_eq!((published.read, published.counted), (2, 1), "{name} {limit}");
            let places: Vec<u64> = read_rejects(&rejects).keys().map(|at| at.offset).collect();
            assert_eq!(places, [3], "the mark is not part of the line");
        }
    }
}

#[test]
fn the_default_size_limit_is_sixteen_mebibytes() {
    let workspace = Workspace::new();
    let input = [status_of(16 * MIB, "love"), status_of(16 * MIB + 1, "peace")].join(&b'\n');
    let published =
        workspace.publish(&[&ALL[..], &[&workspace.write("in.ndjson", input)]].concat());
    assert_eq!((published.counted, published.malformed["too-long"]), (1, 1));
}

#[test]
fn the_limit_for_malformed_lines_is_a_share_of_the_lines_that_are_not_blank() {
    let workspace = Workspace::new();
    let records = |good: usize, bad: usize, blank: usize| {
        let good = statuses(std::iter::repeat_n("love", good));
        [good, b"oops\n".repeat(bad), b"\n".repeat(blank)].concat()
    };
    let outcome = |input, args: &[&str]| {
        let file = workspace.write("in.ndjson", input);
        workspace.run(&[args, &[file.as_str()]].concat())
    };
    Published::of(&outcome(records(95, 5, 0), &[]));
    Published::of(&outcome(records(95, 5, 900), &[]));
    outcome(records(94, 6, 0), &[]).refused(42);
    outcome(records(94, 6, 900), &[]).refused(42);
    outcome(records(100, 1, 0), &["--max-malformed-percent", "0"]).refused(42);
    Published::of(&outcome(records(100, 0, 5), &["--max-malformed-percent", "0"]));
    Published::of(&outcome(records(0, 3, 1), &["--max-malformed-percent", "100"]));
    Published::of(&outcome(records(1, 1, 0), &["--max-malformed-percent", "50"]));
    outcome(records(10, 11, 0), &["--max-malformed-percent", "50", "--shards", "7"]).refused(42);
}
