//! Real posts, compressed as they are, against the oracle: the files of the folder that
//! `TRENDJOB_TEST_DATA` names.

use std::fs::File;
use std::io::{BufRead as _, BufReader, Read as _};
use std::path::{Path, PathBuf};

use crate::command::Workspace;
use crate::inputs::{gzip, zstd};
use crate::oracle::{Counts, Preset};
use crate::outcome::Published;

const FULL: &str = "congress-tweets-v11.ndjson.zst";
const SMALL: &str = "congress-tweets-2017-01..11.ndjson.zst";
const DATASIFT: &str = "datasift-2014.ndjson.zst";

fn real_file(name: &str) -> PathBuf {
    let folder = std::env::var_os("TRENDJOB_TEST_DATA");
    Path::new(&folder.expect("TRENDJOB_TEST_DATA names the folder of real posts")).join(name)
}

/// The first lines of a file, decompressed.
fn first(path: &Path, lines: usize) -> Vec<u8> {
    let mut reader = BufReader::new(zstd::Decoder::new(File::open(path).unwrap()).unwrap());
    let mut text = Vec::new();
    for _ in 0..lines {
        if reader.read_until(b'\n', &mut text).unwrap() == 0 {
            break;
        }
    }
    text
}

fn whole(path: &Path) -> Vec<u8> {
    let mut text = Vec::new();
    zstd::Decoder::new(File::open(path).unwrap()).unwrap().read_to_end(&mut text).unwrap();
    text
}

fn expected(preset: Preset, input: &[u8]) -> Counts {
    let counts = Counts::of(preset, &[input]);
    assert!(counts.words.len() > 1_000, "real data is rich");
    counts
}

/// Asserts that every cut of the plain text has the digest of the compressed file.
#[track_caller]
fn assert_invariant(workspace: &Workspace, plain: &str, compressed: &Published, options: &[&str]) {
    let cuts: [&[&str]; 8] = [
        &["--shards", "1"],
        &["--shards", "2"],
        &["--shards", "7"],
        &["--shards", "64"],
        &["--threads", "1", "--partitions", "1"],
        &["--threads", "2", "--partitions", "3"],
        &["--chunk-size", "64Ki", "--memory", "1Mi"],
        &["--chunk-size", "10M"],
    ];
    for cut in cuts {
        let published = workspace.publish(&[options, cut, &[plain]].concat());
        assert_eq!(published.digest, compressed.digest, "{cut:?}");
        if let ["--shards", shards] = cut {
            assert_eq!(published.number("shards").to_string(), *shards, "{}", published.json);
        }
    }
}

#[track_caller]
fn compare_first_records(name: &str) {
    let path = real_file(name);
    let workspace = Workspace::new();
    let input = first(&path, 20_000);
    let compressed = workspace.publish(&[&workspace.write("first.ndjson.zst", zstd(&input))]);
    workspace.assert_counts(&compressed, &expected(Preset::Twitter, &input));
    assert_invariant(&workspace, &workspace.write("first.ndjson", &input), &compressed, &[]);
    let packed = workspace.publish(&[&workspace.write("first.ndjson.gz", gzip(&input))]);
    assert_eq!(packed.digest, compressed.digest);
}

#[track_caller]
fn compare_whole_file(name: &str) {
    let path = real_file(name);
    let workspace = Workspace::new();
    let input = whole(&path);
    let published = workspace.publish(&[path.to_str().unwrap()]);
    workspace.assert_counts(&published, &expected(Preset::Twitter, &input));
    assert_invariant(&workspace, &workspace.write("whole.ndjson", &input), &published, &[]);
}

#[testing::needs(real_data)]
#[test]
fn the_datasift_file_has_the_oracles_counts() {
    let path = real_file(DATASIFT);
    let workspace = Workspace::new();
    let options = ["--preset", "datasift"];
    let input = whole(&path);
    let published = workspace.publish(&[&options[..], &[path.to_str().unwrap()]].concat());
    assert_eq!(published.read, 1_000);
    workspace.assert_counts(&published, &expected(Preset::DataSift, &input));
    assert_invariant(&workspace, &workspace.write("plain.ndjson", &input), &published, &options);
    let chunks = ["--chunk-size", "1Ki"];
    let published =
        workspace.publish(&[&options[..], &chunks, &[&workspace.path("plain.ndjson")]].concat());
    workspace.assert_counts(&published, &expected(Preset::DataSift, &input));
}

#[testing::needs(real_data)]
#[test]
fn the_first_full_statuses_have_the_oracles_counts() {
    compare_first_records(FULL);
}

#[testing::needs(real_data)]
#[test]
fn the_first_small_tweets_have_the_oracles_counts() {
    compare_first_records(SMALL);
}

#[test]
#[ignore = "takes a minute: TRENDJOB_TEST_DATA=... cargo test -p trendjob-cli --test it -- --ignored whole_file"]
fn the_whole_file_of_full_statuses_has_the_oracles_counts() {
    compare_whole_file(FULL);
}

#[test]
#[ignore = "takes a minute: TRENDJOB_TEST_DATA=... cargo test -p trendjob-cli --test it -- --ignored whole_file"]
fn the_whole_file_of_small_tweets_has_the_oracles_counts() {
    compare_whole_file(SMALL);
}
