//! The cut of a run doesn't change its result: any number of shards, threads and partitions, any
//! chunk size and memory publish one digest and the oracle's counts.

use std::collections::BTreeSet;

use crate::command::{Running, Workspace};
use crate::inputs::{awkward, many_words, statuses};
use crate::oracle::{Counts, Preset};
use crate::outcome::Published;

/// Runs with each value of an option and expects one digest and the oracle's counts. `shown` is the
/// field of the report that must have the value.
#[track_caller]
fn assert_same(input: &[u8], option: &str, values: &[&str], shown: Option<&str>) {
    let workspace = Workspace::new();
    let file = workspace.write("tweets.ndjson", input);
    let expected = Counts::of(Preset::Twitter, &[input]);
    let reference = workspace.publish(&[&file]);
    workspace.assert_counts(&reference, &expected);
    for value in values {
        let published = workspace.publish(&[option, value, &file]);
        assert_eq!(published.digest, reference.digest, "{option} {value}");
        workspace.assert_counts(&published, &expected);
        if let Some(shown) = shown {
            assert_eq!(published.number(shown).to_string(), *value, "{}", published.json);
        }
    }
}

#[test]
fn any_number_of_shards_publishes_the_same() {
    assert_same(&awkward(4_000, 100), "--shards", &["1", "2", "7", "64"], Some("shards"));
}

#[test]
fn any_number_of_threads_publishes_the_same() {
    assert_same(&awkward(4_000, 101), "--threads", &["1", "2"], Some("threads"));
}

#[test]
fn any_number_of_partitions_publishes_the_same() {
    assert_same(&awkward(2_000, 102), "--partitions", &["1", "3", "8"], Some("partitions"));
}

#[test]
fn any_chunk_size_publishes_the_same() {
    let sizes = ["1Ki", "1025", "4KiB", "10K", "65536", "1M", "64Mi"];
    assert_same(&awkward(1_500, 103), "--chunk-size", &sizes, None);
}

#[test]
fn memory_so_small_that_it_spills_publishes_the_same() {
    assert_same(&many_words(120_000), "--memory", &["1Mi", "4Mi", "1Gi"], None);
}

#[test]
fn everything_at_once_publishes_the_same() {
    let workspace = Workspace::new();
    let input = many_words(60_000);
    let file = workspace.write("tweets.ndjson", &input);
    let reference = workspace.publish(&[&file]);
    let shape: [&[&str]; 3] = [
        &["--shards", "64", "--threads", "2", "--partitions", "5", "--memory", "1Mi"],
        &["--shards", "7", "--threads", "1", "--partitions", "8", "--memory", "1Mi"],
        &["--chunk-size", "1Ki", "--shards", "3", "--threads", "2", "--partitions", "2"],
    ];
    for options in shape {
        let published = workspace.publish(&[options, &[file.as_str()]].concat());
        assert_eq!(published.digest, reference.digest, "{options:?}");
        workspace.assert_counts(&published, &Counts::of(Preset::Twitter, &[&input]));
    }
}

#[test]
fn line_endings_do_not_change_the_result() {
    let workspace = Workspace::new();
    let unix: Vec<u8> = awkward(1_000, 104).into_iter().filter(|&byte| byte != b'\r').collect();
    let windows = String::from_utf8_lossy(&unix).replace('\n', "\r\n");
    let unix = String::from_utf8_lossy(&unix).into_owned();
    let lf = workspace.publish(&[&workspace.write("lf.ndjson", &unix)]);
    let expected = Counts::of(Preset::Twitter, &[unix.as_bytes()]);
    workspace.assert_counts(&lf, &expected);
    let crlf =
        workspace.publish(&["--chunk-size", "1Ki", &workspace.write("crlf.ndjson", &windows)]);
    workspace.assert_counts(&crlf, &expected);
    assert_eq!(crlf.digest, lf.digest);
}

#[test]
fn one_file_or_many_publish_the_same() {
    let workspace = Workspace::new();
    let input = awkward(2_000, 105);
    let whole = workspace.publish(&[&workspace.write("whole.ndjson", &input)]);
    let lines: Vec<&[u8]> = input.split_inclusive(|&byte| byte == b'\n').collect();
    for (n, part) in lines.chunks(171).enumerate() {
        workspace.write(&format!("parts/{n:02}.ndjson"), part.concat());
    }
    workspace.write("parts/empty.ndjson", "");
    for shards in ["1", "7", "64"] {
        let parts = workspace.publish(&["--shards", shards, &workspace.path("parts")]);
        assert_eq!(parts.digest, whole.digest, "{shards} shards");
        workspace.assert_counts(&parts, &Counts::of(Preset::Twitter, &[&input]));
    }
}

#[test]
fn the_order_of_records_does_not_change_the_result() {
    let workspace = Workspace::new();
    let input = awkward(500, 106);
    let forward = workspace.publish(&[&workspace.write("forward.ndjson", &input)]);
    let mut lines: Vec<&[u8]> = input.split_inclusive(|&byte| byte == b'\n').collect();
    lines.reverse();
    let backward = workspace.publish(&[&workspace.write("backward.ndjson", lines.concat())]);
    assert_eq!(forward.digest, backward.digest);
}

#[test]
fn other_counts_have_another_digest() {
    let workspace = Workspace::new();
    let inputs: [&[u8]; 7] = [
        &statuses(["love peace"]),
        &statuses(["love", "peace"]),
        &statuses(["love love peace"]),
        &statuses(["love"]),
        &statuses(["love", "love"]),
        &statuses(["love love", ""]),
        b"{\"text\":\"love peace\"}\n\n",
    ];
    let publish = |input: &&[u8]| workspace.publish(&[&workspace.write("in.ndjson", input)]).digest;
    let digests: BTreeSet<String> = inputs.iter().map(publish).collect();
    assert_eq!(digests.len(), 7, "counts, documents and record counters are all in the digest");
}

#[test]
fn a_run_has_at_most_one_shard_per_line() {
    let workspace = Workspace::new();
    let file = workspace.write("in.ndjson", statuses(["love", "peace"]));
    let published = workspace.publish(&["--shards", "64", &file]);
    let whole = workspace.publish(&[&file]);
    assert_eq!(published.digest, whole.digest);
    assert!((1..=64).contains(&published.number("shards")), "{}", published.json);
}

#[cfg(unix)]
#[test]
fn the_smallest_memory_stays_within_the_limit_of_open_files() {
    let workspace = Workspace::new();
    let input = many_words(200_000);
    let file = workspace.write("in.ndjson", &input);
    let right = workspace.publish(&[&file]);
    let args =
        workspace.run_args(&["--memory", "1Ki", "--threads", "2", "--partitions", "1", &file]);
    let command = workspace.command(&[]);
    let mut limited = std::process::Command::new("sh");
    limited.args(["-c", "ulimit -n 128; exec \"$0\" \"$@\""]).arg(command.get_program());
    limited.args(&args).current_dir(command.get_current_dir().unwrap());
    let published = Published::of(&Running::start(limited).outcome());
    assert!(published.number("spilled") > 16, "it spilled more often than files are kept");
    assert_eq!(published.digest, right.digest);
    workspace.assert_counts(&published, &Counts::of(Preset::Twitter, &[&input]));
}
