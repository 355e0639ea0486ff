//! A store that is full, damaged, of a newer version or shared: a published result stays readable
//! or is refused by name, and never has wrong counts.

use std::fs;
use std::io::Write as _;
use std::path::Path;

use crate::command::{Running, Workspace};
use crate::inputs::{awkward, many_words, random_words, status, statuses};
use crate::oracle::{Counts, Preset};
use crate::outcome::{Outcome, Published};

/// Damages each stored file in turn and reads all topics: they are right, or the command is
/// refused. Returns the refused files below `runs/`, each with its outcome.
fn spoil_each(spoil: impl Fn(&[u8]) -> Option<Vec<u8>>) -> Vec<(String, Outcome)> {
    let workspace = Workspace::new();
    let file = workspace.write("in.ndjson", awkward(400, 400));
    workspace.publish(&["--shards", "3", "--partitions", "2", &file]);
    let right = workspace.top().done();
    let mut refused = Vec::new();
    for (path, bytes) in workspace.stored() {
        match spoil(&bytes) {
            Some(spoilt) => fs::write(&path, spoilt).unwrap(),
            None => fs::remove_file(&path).unwrap(),
        }
        let outcome = workspace.top();
        outcome.assert_no_panic();
        let name = path.strip_prefix(workspace.store()).unwrap().to_str().unwrap().to_owned();
        if outcome.code == Some(0) {
            assert_eq!(outcome.stdout, right.stdout, "wrong counts are shown with {name} spoilt");
        } else {
            let data = outcome.stdout.lines().skip(1).count();
            assert_eq!(data, 0, "nothing is shown of a result that is refused: {outcome:#?}");
            refused.push((name, outcome));
        }
        fs::write(&path, bytes).unwrap();
    }
    assert_eq!(workspace.top().done().stdout, right.stdout, "the repaired store is served again");
    refused
}

#[track_caller]
fn assert_blocks_are_named(refused: &[(String, Outcome)]) {
    let blocks: Vec<_> = refused.iter().filter(|(name, _)| name.contains("/blocks/")).collect();
    assert!(!blocks.is_empty(), "no damaged block was noticed: {refused:#?}");
    for (name, outcome) in blocks {
        outcome.failed_with(&[name]);
    }
}

#[test]
fn a_flipped_bit_anywhere_is_noticed_and_named() {
    for place in [0, 1, 2] {
        let refused = spoil_each(|bytes| {
            let mut bytes = bytes.to_vec();
            let at = [0, bytes.len() / 2, bytes.len().saturating_sub(1)][place];
            if let Some(byte) = bytes.get_mut(at) {
                *byte ^= 0x10;
            }
            Some(bytes)
        });
        assert_blocks_are_named(&refused);
    }
}

#[test]
fn a_truncated_block_is_noticed_and_named() {
    assert_blocks_are_named(&spoil_each(|bytes| Some(bytes[..bytes.len() / 2].to_vec())));
    assert_blocks_are_named(&spoil_each(|_| Some(Vec::new())));
}

#[test]
fn a_missing_block_is_noticed_and_named() {
    assert_blocks_are_named(&spoil_each(|_| None));
}

#[test]
fn the_block_of_another_attempt_is_noticed() {
    let workspace = Workspace::new();
    let file = workspace.write("in.ndjson", awkward(400, 401));
    workspace.publish(&["--shards", "3", "--partitions", "2", &file]);
    let right = workspace.top().done();
    let stored: Vec<_> = workspace
        .stored()
        .into_iter()
        .filter(|(path, _)| path.to_string_lossy().contains("/blocks/"))
        .collect();
    for pair in stored.windows(2) {
        let [(here, bytes), (_, other)] = pair else { unreachable!("windows of two") };
        fs::write(here, other).unwrap();
        let outcome = workspace.top();
        assert!(
            outcome.code != Some(0) || outcome.stdout == right.stdout,
            "{here:?}: {outcome:#?}"
        );
        fs::write(here, bytes).unwrap();
    }
}

#[test]
fn a_store_of_a_newer_version_is_left_alone_by_every_command() {
    let workspace = Workspace::new();
    let file = workspace.write("in.ndjson", statuses(["love"]));
    workspace.publish(&[&file]);
    let is_format = |path: &Path| path.file_name().is_some_and(|name| name == "format");
    let formats: Vec<_> =
        workspace.stored().into_iter().filter(|(path, _)| is_format(path)).collect();
    let [(path, bytes)] = formats.as_slice() else {
        panic!("the store has one record of its format: {:?}", workspace.stored().keys());
    };
    let newer: String = String::from_utf8(bytes.clone())
        .unwrap()
        .chars()
        .map(|char| if char.is_ascii_digit() { '9' } else { char })
        .collect();
    fs::write(path, newer).unwrap();
    let before = workspace.stored();
    let store = workspace.store();
    let refused: [&[&str]; 5] = [
        &["run", "--source", "sample", "--store", &store, &file],
        &["top", "sample", "--store", &store],
        &["runs", "--store", &store],
        &["rollback", "sample", "--to", "1", "--store", &store],
        &["serve", "--store", &store, "--listen", "127.0.0.1:0"],
    ];
    for args in refused {
        let outcome = workspace.trendjob(args);
        assert_eq!(outcome.code, Some(42), "{args:?}: {outcome:#?}");
        outcome.failed_with(&["newer|version|format", &store]);
    }
    assert_eq!(workspace.stored(), before, "nothing was changed");
}

#[test]
fn a_file_in_place_of_a_store_is_refused_and_reading_creates_no_store() {
    let workspace = Workspace::new();
    let store = workspace.write("store", "a file where the store should be");
    let file = workspace.write("in.ndjson", statuses(["love"]));
    workspace.run(&[&file]).failed_with(&[&store]);
    assert_eq!(fs::read(&store).unwrap(), b"a file where the store should be");
    let missing = workspace.path("missing");
    let outcome = workspace.trendjob(&["top", "sample", "--store", &missing]);
    outcome.failed_with(&["missing|sample"]);
    assert!(fs::metadata(&missing).is_err(), "reading does not create a store");
}

/// Asserts that one of the two results is shown as a whole: the later start's if both were
/// published.
#[track_caller]
fn assert_one_won(workspace: &Workspace, runs: &[(Outcome, &[u8])]) {
    let finished: Vec<(Published, Counts)> = runs
        .iter()
        .filter(|(outcome, _)| outcome.code == Some(0))
        .map(|(outcome, input)| (Published::of(outcome), Counts::of(Preset::Twitter, &[input])))
        .collect();
    let newest = finished.iter().max_by_key(|(published, _)| published.generation);
    let (newest, counts) = newest.unwrap_or_else(|| panic!("none was published: {runs:#?}"));
    workspace.assert_counts(newest, counts);
    for (outcome, _) in runs.iter().filter(|(outcome, _)| outcome.code != Some(0)) {
        outcome.failed_with(&["supersede|later|newer"]);
    }
}

#[test]
fn two_concurrent_runs_finish_and_publish_one_whole_result() {
    let workspace = Workspace::new();
    let inputs = [many_words(30_000), awkward(4_000, 410)];
    let files = [workspace.write("a.ndjson", &inputs[0]), workspace.write("b.ndjson", &inputs[1])];
    for _ in 0..4 {
        let running = files.each_ref().map(|file| workspace.start_run(&["--shards", "7", file]));
        let [first, second] = running.map(Running::outcome);
        first.assert_no_panic();
        second.assert_no_panic();
        assert_one_won(&workspace, &[(first, &inputs[0]), (second, &inputs[1])]);
    }
}

#[test]
fn a_run_does_not_remove_the_blocks_of_a_running_one() {
    let workspace = Workspace::new();
    let piped: Vec<u8> = awkward(3_000, 411);
    let file = workspace.write("in.ndjson", awkward(500, 412));
    let mut waiting = workspace.start_run(&["--shards", "4", "-"]);
    let mut stdin = waiting.stdin();
    stdin.write_all(&piped[..piped.len() / 2]).unwrap();
    stdin.flush().unwrap();
    let quick = workspace.publish(&[&file]);
    assert_eq!(workspace.rows().len() as u64, quick.topics);
    stdin.write_all(&piped[piped.len() / 2..]).unwrap();
    drop(stdin);
    let slow = waiting.outcome();
    slow.assert_no_panic();
    if slow.code == Some(0) {
        workspace.assert_counts(&Published::of(&slow), &Counts::of(Preset::Twitter, &[&piped]));
    } else {
        // The slow run started first, so the quick one has the later start number.
        slow.failed_with(&["supersede|later|newer"]);
        assert_eq!(workspace.rows().len() as u64, quick.topics);
    }
}

#[test]
fn runs_of_different_sources_do_not_interfere() {
    let workspace = Workspace::new();
    let store = workspace.store();
    let file = workspace.write("in.ndjson", awkward(2_000, 413));
    let start = |source: &str| {
        let args = ["run", "--source", source, "--store", &store, "--output", "json", &file];
        Running::start(workspace.command(&args))
    };
    let running = ["one", "two", "sample"].map(start);
    let digests = running.map(|run| Published::of(&run.outcome()).digest);
    assert!(digests.iter().all(|digest| *digest == digests[0]));
}

/// A small file system, which is unmounted when its guard is dropped.
#[cfg(target_os = "linux")]
struct SmallDisk(String);

#[cfg(target_os = "linux")]
impl SmallDisk {
    fn mount(at: String, size: &str) -> Self {
        fs::create_dir(&at).unwrap();
        let size = format!("size={size}");
        let args = ["-t", "tmpfs", "-o", &size, "tmpfs", &at];
        let mounted = std::process::Command::new("mount").args(args).output();
        assert!(mounted.is_ok_and(|mount| mount.status.success()), "mount failed");
        Self(at)
    }
}

#[cfg(target_os = "linux")]
impl Drop for SmallDisk {
    fn drop(&mut self) {
        drop(std::process::Command::new("umount").args(["-l", &self.0]).output());
    }
}

#[cfg(target_os = "linux")]
#[testing::needs(mounts)]
#[test]
fn a_full_disk_is_reported_and_changes_no_published_result() {
    let workspace = Workspace::new();
    let _disk = SmallDisk::mount(workspace.store(), "2m");
    let small = workspace.write("small.ndjson", statuses(["earlier result"]));
    let large = workspace.write("large.ndjson", random_words(300_000, 7));
    workspace.publish(&[&small]);
    for shards in ["1", "7"] {
        let refusal = workspace.run(&["--shards", shards, &large]).refused(1);
        refusal.mentions(&["no space", &workspace.store()]);
        assert_eq!(workspace.rows()[0].term, "earlier");
    }
    let again = workspace.publish(&[&small]);
    assert_eq!(again.generation, 2, "the remains of the failed runs are removed");
    // A store on a disk that another file fills to the last byte can still be read.
    let mut filler = fs::File::create(workspace.path("store/filler")).unwrap();
    while filler.write_all(status("x").repeat(100).as_bytes()).is_ok() {}
    drop(filler);
    workspace.run(&[&small]).refused(1).mentions(&["no space", &workspace.store()]);
    assert_eq!(workspace.rows()[0].term, "earlier");
}

#[test]
fn a_check_names_the_damaged_value_and_ends_with_42() {
    let workspace = Workspace::new();
    let file = workspace.write("in.ndjson", awkward(200, 402));
    workspace.publish(&["--shards", "2", "--partitions", "2", &file]);
    let store = workspace.store();
    let whole = workspace.trendjob(&["check", "--store", &store]).done();
    assert!(whole.stdout.contains("damaged 0, missing 0, unreferenced 0"), "{whole:#?}");
    let stored = workspace.stored();
    let marker = stored.keys().find(|path| path.to_string_lossy().contains("/markers/aggregate/"));
    let (path, bytes) = stored.get_key_value(marker.unwrap()).unwrap();
    let mut spoilt = bytes.clone();
    spoilt[bytes.len() / 2] ^= 1;
    fs::write(path, spoilt).unwrap();
    let name = path.strip_prefix(&store).unwrap().to_str().unwrap();
    let outcome = workspace.trendjob(&["check", "--store", &store]);
    outcome.assert_no_panic();
    assert_eq!(outcome.code, Some(42), "{outcome:#?}");
    assert!(outcome.stdout.contains(&format!("damaged: {name} is damaged")), "{outcome:#?}");
    let json = workspace.trendjob(&["check", "--store", &store, "--output", "json"]);
    let checked: serde_json::Value = serde_json::from_str(&json.stdout).unwrap();
    assert_eq!(checked["findings"][0]["fault"], "damaged", "{json:#?}");
    assert_eq!(json.code, Some(42));
}
