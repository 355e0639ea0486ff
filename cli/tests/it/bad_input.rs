//! Input that can't be counted: it is refused with a message that names it, and nothing is
//! published.

use std::fs;

use crate::command::Workspace;
use crate::inputs::{awkward, gzip, status, statuses};
use crate::outcome::assert_mentions;

/// Asserts that a run is refused with 42 and these words, and that the earlier result stays.
#[track_caller]
fn assert_refused(workspace: &Workspace, args: &[&str], words: &[&str]) {
    let before = workspace.top();
    let refusal = workspace.run(args).refused(42);
    refusal.mentions(words);
    let after = workspace.top();
    assert_eq!((before.code, before.stdout), (after.code, after.stdout), "nothing is published");
}

fn workspace_with_a_result() -> Workspace {
    let workspace = Workspace::new();
    workspace.publish(&[&workspace.write("before.ndjson", statuses(["earlier result"]))]);
    workspace
}

#[test]
fn a_missing_file_is_named() {
    let workspace = workspace_with_a_result();
    assert_refused(&workspace, &[&workspace.path("nowhere.ndjson")], &["nowhere.ndjson"]);
    assert_refused(&workspace, &["not/here/at.all"], &["not/here/at.all"]);
    let uri = format!("file://{}", workspace.path("gone.ndjson"));
    let before = workspace.stored();
    assert_refused(&workspace, &[&workspace.path("before.ndjson"), &uri], &["gone.ndjson"]);
    assert_eq!(workspace.stored(), before, "a run that never began leaves nothing behind");
}

#[test]
fn an_empty_folder_is_named() {
    let workspace = workspace_with_a_result();
    fs::create_dir(workspace.path("hollow")).unwrap();
    assert_refused(&workspace, &[&workspace.path("hollow")], &["hollow"]);
}

#[test]
fn a_glob_that_matches_nothing_is_named() {
    let workspace = workspace_with_a_result();
    assert_refused(&workspace, &[&workspace.path("*.never")], &["*.never"]);
}

#[test]
fn an_unsupported_scheme_is_named() {
    let workspace = workspace_with_a_result();
    assert_refused(&workspace, &["s3://bucket/key.ndjson"], &["s3"]);
    assert_refused(&workspace, &["gopher://host/key.ndjson"], &["gopher"]);
}

#[test]
fn a_pretty_printed_array_is_recognised() {
    let workspace = workspace_with_a_result();
    let values: Vec<serde_json::Value> = (0..50)
        .map(|n| serde_json::json!({"id": n, "text": "love", "user": {"name": "x"}}))
        .collect();
    let file = workspace.write("pretty.json", serde_json::to_string_pretty(&values).unwrap());
    assert_refused(&workspace, &[&file], &["pretty.json", "array", "line"]);
    let file = workspace.write("pretty.json.gz", gzip(&fs::read(&file).unwrap()));
    assert_refused(&workspace, &[&file], &["pretty.json.gz", "array", "line"]);
}

#[test]
fn an_array_on_one_line_is_not_taken_for_records() {
    let workspace = workspace_with_a_result();
    let file = workspace.write("flat.json", format!("[{},{}]", status("love"), status("peace")));
    assert_refused(&workspace, &[&file], &["flat.json", "array|not-object|object"]);
}

#[test]
fn utf_16_is_recognised() {
    let workspace = workspace_with_a_result();
    let text: String = (0..50).map(|_| status("love and peace") + "\n").collect();
    let units: Vec<u16> = "\u{feff}".encode_utf16().chain(text.encode_utf16()).collect();
    let little: Vec<u8> = units.iter().flat_map(|unit| unit.to_le_bytes()).collect();
    let big: Vec<u8> = units.iter().flat_map(|unit| unit.to_be_bytes()).collect();
    assert_refused(
        &workspace,
        &[&workspace.write("little.ndjson", &little)],
        &["little.ndjson", "utf-16|utf16"],
    );
    assert_refused(
        &workspace,
        &[&workspace.write("big.ndjson", &big)],
        &["big.ndjson", "utf-16|utf16"],
    );
    // Without a byte-order mark the encoding is uncertain, so only a refusal is certain.
    assert_refused(
        &workspace,
        &[&workspace.write("unmarked.ndjson", &little[2..])],
        &["unmarked.ndjson"],
    );
}

#[test]
fn binary_data_is_refused() {
    let workspace = workspace_with_a_result();
    let noise: Vec<u8> =
        (0..20_000_u32).flat_map(|n| (n.wrapping_mul(2_654_435_761)).to_be_bytes()).collect();
    assert_refused(&workspace, &[&workspace.write("noise.bin", noise)], &["noise.bin"]);
}

#[test]
fn too_many_malformed_lines_are_named_by_object_and_offset() {
    let workspace = workspace_with_a_result();
    let good = statuses(std::iter::repeat_n("love", 7));
    let input =
        [&good[..], b"first bad\n", &good, b"{\"text\":\"second bad\n", &good, b"{} third\n"]
            .concat();
    let file = workspace.write("mixed.ndjson", &input);
    let (first, second) = (good.len(), 2 * good.len() + "first bad\n".len());
    // 3 of 24 are 12.5 %.
    for options in [&["--shards", "1"][..], &["--shards", "3"]] {
        assert_refused(
            &workspace,
            &[options, &[file.as_str()]].concat(),
            &[
                "mixed.ndjson",
                "12.5",
                "5",
                &first.to_string(),
                &second.to_string(),
                "syntax",
                "trailing",
            ],
        );
    }
    assert_refused(&workspace, &["--max-malformed-percent", "12", &file], &["12.5", "12"]);
    workspace.publish(&["--max-malformed-percent", "13", &file]);
}

#[test]
fn a_refused_run_among_good_files_publishes_none_of_them() {
    let workspace = workspace_with_a_result();
    workspace.write("in/a.ndjson", awkward(500, 1));
    let packed = gzip(&awkward(500, 2));
    workspace.write("in/b.ndjson.gz", &packed[..packed.len() / 2]);
    assert_refused(&workspace, &["--shards", "7", &workspace.path("in")], &["b.ndjson.gz"]);
}

#[test]
fn errors_are_sentences_without_output_json() {
    let workspace = Workspace::new();
    let store = workspace.store();
    let outcome =
        workspace.trendjob(&["run", "--source", "sample", "--store", &store, "nowhere.ndjson"]);
    assert_eq!(outcome.code, Some(42), "{outcome:#?}");
    assert_mentions(&outcome.stderr, &["nowhere.ndjson"]);
    assert!(!outcome.stderr.contains("{\""), "no JSON without --output json: {outcome:#?}");
    assert_eq!(outcome.stdout, "", "a result is never mixed with an error");
    outcome.assert_no_panic();
}

#[test]
fn impossible_options_are_refused_before_anything_is_read() {
    let workspace = workspace_with_a_result();
    let file = workspace.path("before.ndjson");
    let store = workspace.stored();
    let impossible = [
        "--shards=0",
        "--shards=-1",
        "--shards=many",
        "--threads=0",
        "--partitions=0",
        "--partitions=1025",
        "--chunk-size=0",
        "--chunk-size=12 parsecs",
        "--preset=telegram",
        "--max-malformed-percent=101",
        "--max-malformed-percent=-1",
        "--max-record-size=65Mi",
    ];
    for option in impossible {
        let outcome = workspace.run(&[option, &file]);
        assert!(matches!(outcome.code, Some(2 | 42)), "{option}: {outcome:#?}");
        let named = option.trim_start_matches('-').split(['-', '=']).next().unwrap();
        assert_mentions(&outcome.all(), &[named]);
    }
    for source in
        ["", "Upper", "with space", "-dash", "dot.ted", "trends-x", "system", &"x".repeat(64)]
    {
        let args =
            ["run", "--source", source, "--store", &workspace.store(), "--output", "json", &file];
        let outcome = workspace.trendjob(&args);
        assert!(matches!(outcome.code, Some(2 | 42)), "source {source:?}: {outcome:#?}");
        assert_mentions(&outcome.all(), &["source"]);
    }
    assert_eq!(store, workspace.stored(), "nothing in the store has changed");
}

#[test]
fn nothing_to_read_is_a_usage_error() {
    let workspace = Workspace::new();
    assert_eq!(workspace.trendjob(&["run", "--source", "sample"]).code, Some(2));
    assert_eq!(workspace.trendjob(&["run", "x.ndjson"]).code, Some(2), "no source");
    assert_eq!(workspace.trendjob(&["run", "--nonsense", "x.ndjson"]).code, Some(2));
    assert_eq!(workspace.trendjob(&[]).code, Some(2), "no command");
    assert_eq!(workspace.trendjob(&["dance"]).code, Some(2), "no such command");
}

#[cfg(unix)]
#[test]
fn a_folder_without_permission_is_named() {
    use std::os::unix::fs::{PermissionsExt as _, chown};
    use std::os::unix::process::CommandExt as _;

    use crate::command::{PROGRAM, Running, is_root};

    const NOBODY: u32 = 65_534;
    let workspace = Workspace::new();
    workspace.write("closed/in.ndjson", statuses(["love"]));
    let closed = workspace.path("closed");
    fs::set_permissions(&closed, fs::Permissions::from_mode(0o000)).unwrap();
    fs::create_dir(workspace.store()).unwrap();
    let args = workspace.run_args(&[&closed]);
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let mut command = workspace.command(&args);
    if is_root() {
        // Root may read everything, so the command runs as the user nobody, with the store as its
        // own.
        fs::set_permissions(workspace.path("."), fs::Permissions::from_mode(0o755)).unwrap();
        chown(workspace.store(), Some(NOBODY), Some(NOBODY)).unwrap();
        // The user nobody may lack access to the folder of the binary, so it runs a copy.
        let copy = workspace.path("trendjob");
        fs::copy(PROGRAM, &copy).unwrap();
        command = workspace.command_of(&copy, &args);
        command.uid(NOBODY).gid(NOBODY);
    }
    let outcome = Running::start(command).outcome();
    outcome.refused(42).mentions(&["closed", "permission"]);
    fs::set_permissions(&closed, fs::Permissions::from_mode(0o700)).unwrap();
}
