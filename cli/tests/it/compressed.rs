//! Compression doesn't change a result. A cut or damaged member fails the run, and the error names
//! its file.

use crate::command::Workspace;
use crate::inputs::{
    awkward, bzip2, bzip2_streams, gzip, gzip_members, many_words, statuses, zstd, zstd_frames,
};
use crate::oracle::{Counts, Preset};

type Pack = fn(&[u8]) -> Vec<u8>;

const PACKS: [(&str, Pack); 6] = [
    ("one.ndjson.gz", gzip),
    ("many.ndjson.gz", gzip_members),
    ("one.ndjson.bz2", bzip2),
    ("many.ndjson.bz2", bzip2_streams),
    ("one.ndjson.zst", zstd),
    ("many.ndjson.zst", zstd_frames),
];

#[test]
fn every_compression_publishes_the_same() {
    let workspace = Workspace::new();
    let mut input = awkward(4_000, 200);
    input.extend_from_slice(b"{\"text\":\"without an end\"}");
    let expected = Counts::of(Preset::Twitter, &[&input]);
    let plain = workspace.publish(&[&workspace.write("plain.ndjson", &input)]);
    for (name, pack) in PACKS {
        let file = workspace.write(name, pack(&input));
        for options in [&["--threads", "1"][..], &["--threads", "2", "--shards", "7"]] {
            let published = workspace.publish(&[options, &[file.as_str()]].concat());
            assert_eq!(published.digest, plain.digest, "{name} {options:?}");
            workspace.assert_counts(&published, &expected);
        }
    }
}

#[test]
fn compressed_and_plain_files_are_read_together() {
    let workspace = Workspace::new();
    let mut inputs = vec![awkward(500, 201)];
    workspace.write("in/plain.ndjson", &inputs[0]);
    for (n, (name, pack)) in (202..).zip(PACKS) {
        let input = awkward(500, n);
        workspace.write(&format!("in/{name}"), pack(&input));
        inputs.push(input);
    }
    let inputs: Vec<&[u8]> = inputs.iter().map(Vec::as_slice).collect();
    let expected = Counts::of(Preset::Twitter, &inputs);
    for options in [&["--shards", "7"][..], &["--chunk-size", "1Ki"], &["--memory", "1Mi"]] {
        let folder = workspace.path("in");
        let published = workspace.publish(&[options, &[folder.as_str()]].concat());
        workspace.assert_counts(&published, &expected);
    }
}

#[test]
fn one_compressed_object_is_reported_as_one_shard() {
    let workspace = Workspace::new();
    let file = workspace.write("one.ndjson.gz", gzip(&many_words(20_000)));
    let published = workspace.publish(&["--shards", "7", &file]);
    assert_eq!(published.number("shards"), 1);
}

#[test]
fn a_member_cut_anywhere_fails_the_run_and_names_the_file() {
    let workspace = Workspace::new();
    workspace.publish(&[&workspace.write("before.ndjson", statuses(["earlier"]))]);
    let input = awkward(2_000, 210);
    for (name, pack) in PACKS {
        let packed = pack(&input);
        // A cut between two members, or in a skippable frame at the end, would leave a whole file.
        let cuts = if name.starts_with("many") { vec![2, 3] } else { vec![2, 3, 50] };
        let mut ends: Vec<usize> =
            cuts.iter().map(|n| packed.len() - packed.len() / n - 9).collect();
        if !name.starts_with("many") {
            ends.extend([5, packed.len() - 4, packed.len() - 1]);
        }
        for end in ends {
            let file = workspace.write(name, &packed[..end]);
            let outcome = workspace.run(&[&file]);
            assert_ne!(outcome.code, Some(0), "{name} cut to {end} of {} bytes", packed.len());
            let refusal = outcome.refused(42);
            refusal.mentions(&[name, "truncated|unexpected end|incomplete|ends|cut"]);
        }
    }
    assert_eq!(workspace.rows()[0].term, "earlier", "nothing of them was published");
}

#[test]
fn a_damaged_member_fails_the_run_and_names_the_file() {
    let workspace = Workspace::new();
    let input = awkward(2_000, 211);
    for (name, pack) in PACKS.into_iter().filter(|(name, _)| name.starts_with("one")) {
        let mut packed = pack(&input);
        let middle = packed.len() / 2;
        packed[middle] ^= 0x40;
        let outcome = workspace.run(&[&workspace.write(name, &packed)]);
        outcome.refused(42).mentions(&[name]);
    }
    workspace.top().failed_with(&["sample"]);
}

#[test]
fn a_file_without_the_compression_of_its_name_is_counted_or_refused_by_name() {
    let workspace = Workspace::new();
    let input = awkward(300, 212);
    let expected = Counts::of(Preset::Twitter, &[&input]);
    // Either the bytes decide, and the file is counted as a whole, or it is refused by name.
    for (name, bytes) in [
        ("plain.ndjson.gz", input.clone()),
        ("packed.ndjson", gzip(&input)),
        ("noname", zstd(&input)),
    ] {
        let outcome = workspace.run(&[&workspace.write(name, &bytes)]);
        if outcome.code == Some(0) {
            let published = crate::outcome::Published::of(&outcome);
            workspace.assert_counts(&published, &expected);
        } else {
            outcome.refused(42).mentions(&[name]);
        }
    }
}
