//! Invalid manifests: the message names the field, the value and what is allowed, and `validate`
//! and `run` agree.

use crate::command::Workspace;
use crate::inputs::statuses;
use crate::outcome::assert_mentions;

const GOOD: &str = "apiVersion: trendjob.dev/v1alpha1
kind: TrendJob
metadata:
  name: election
spec:
  source: sample
  input:
    uris: [\"file:///data/in.ndjson\"]
    volume: {persistentVolumeClaim: {claimName: tweets}}
    record: {preset: Twitter}
    maxMalformedPercent: 5
    maxRecordSize: 16Mi
  sharding: {chunkSize: 64Mi, maxShards: 500, parallelism: 50, partitions: 8}
  analysis: {profile: Seed, kinds: [Word]}
  sink:
    mongodb: {uriSecretRef: {name: trendjob-mongodb, key: uri}}
  activeDeadlineSeconds: 3600
";

/// A part of the good manifest, its replacement, and the words of the message.
const BAD: &[(&str, &str, &[&str])] = &[
    ("uris:", "urls:", &["spec.input", "urls", "uris"]),
    ("  source: sample\n", "  source: sample\n  colour: red\n", &["colour"]),
    ("partitions: 8", "partition: 8", &["spec.sharding", "partition", "partitions"]),
    ("partitions: 8", "partitions: 0", &["spec.sharding.partitions", "0", "1"]),
    ("partitions: 8", "partitions: eight", &["partitions", "eight"]),
    ("partitions: 8", "partitions: 2000", &["spec.sharding.partitions", "2000"]),
    ("maxShards: 500", "maxShards: -3", &["maxShards", "-3"]),
    ("maxShards: 500", "maxShards: [1]", &["maxShards"]),
    ("chunkSize: 64Mi", "chunkSize: 64 parsecs", &["chunkSize", "64 parsecs"]),
    (
        "maxMalformedPercent: 5",
        "maxMalformedPercent: 150",
        &["spec.input.maxMalformedPercent", "150", "100"],
    ),
    ("maxRecordSize: 16Mi", "maxRecordSize: 1Ki", &["spec.input.maxRecordSize", "1Ki", "1Mi"]),
    ("maxRecordSize: 16Mi", "maxRecordSize: 65Mi", &["spec.input.maxRecordSize", "65Mi", "64Mi"]),
    ("preset: Twitter", "preset: Telegram", &["preset", "Telegram", "Mastodon"]),
    ("preset: Twitter", "preset: Custom", &["spec.input.record", "text"]),
    ("profile: Seed", "profile: Sprout", &["profile", "Sprout", "Social"]),
    ("source: sample", "source: Sample", &["spec.source", "Sample"]),
    ("source: sample", "source: trends-sample", &["spec.source", "trends-"]),
    ("source: sample", "source: 5.5", &["source"]),
    ("  source: sample\n", "", &["source", "missing|required"]),
    ("[\"file:///data/in.ndjson\"]", "[]", &["spec.input.uris"]),
    ("[\"file:///data/in.ndjson\"]", "[s3://bucket/key]", &["spec.input.uris", "s3"]),
    ("[\"file:///data/in.ndjson\"]", "justone", &["uris"]),
    ("kind: TrendJob", "kind: Job", &["kind", "TrendJob"]),
    ("v1alpha1", "v9", &["apiVersion", "v1alpha1"]),
    ("name: election", "name: Election Day", &["metadata.name", "Election Day"]),
];

#[test]
fn a_good_manifest_is_valid() {
    let workspace = Workspace::new();
    workspace.trendjob(&["validate", &workspace.write("job.yaml", GOOD)]).done();
}

#[test]
fn the_error_of_a_bad_manifest_names_field_and_value() {
    let workspace = Workspace::new();
    workspace.write("data/in.ndjson", statuses(["love"]));
    let (store, data) = (workspace.store(), workspace.path("data"));
    let mut wrong = Vec::new();
    for (good, bad, words) in BAD {
        assert!(GOOD.contains(good), "{good}");
        let manifest = workspace.write("job.yaml", GOOD.replacen(good, bad, 1));
        let validate = workspace.trendjob(&["validate", &manifest]);
        let run = workspace.trendjob(&["run", &manifest, "--data", &data, "--store", &store]);
        for (what, outcome) in [("validate", validate), ("run", run)] {
            let checked = std::panic::catch_unwind(|| assert_mentions(&outcome.all(), words));
            if outcome.code != Some(42) || checked.is_err() {
                let code = outcome.code;
                wrong.push(format!("{what} {bad:?}: {code:?}, needs {words:?}: {}", outcome.all()));
            }
        }
    }
    assert!(wrong.is_empty(), "{} refusals are wrong:\n{}", wrong.len(), wrong.join("\n"));
    assert!(workspace.stored().is_empty(), "a bad manifest leaves nothing in the store");
}

#[test]
fn all_errors_are_listed_at_once() {
    let workspace = Workspace::new();
    let manifest =
        GOOD.replace("partitions: 8", "partitions: 0").replace("Percent: 5", "Percent: 101");
    let outcome = workspace.trendjob(&["validate", &workspace.write("job.yaml", manifest)]);
    assert_eq!(outcome.code, Some(42), "{outcome:#?}");
    assert_mentions(
        &outcome.all(),
        &["spec.sharding.partitions", "spec.input.maxMalformedPercent"],
    );
}

#[test]
fn a_broken_manifest_is_named_with_its_line() {
    let workspace = Workspace::new();
    let manifest = workspace
        .write("broken.yaml", "apiVersion: trendjob.dev/v1alpha1\nkind: [TrendJob\nspec: {\n");
    let outcome = workspace.trendjob(&["validate", &manifest]);
    assert_eq!(outcome.code, Some(42), "{outcome:#?}");
    assert_mentions(&outcome.all(), &["broken.yaml", "line|:2|:3|:4"]);
    outcome.assert_no_panic();
    for (name, bytes) in
        [("empty.yaml", &b""[..]), ("noise.yaml", b"\xff\xfe\x00"), ("list.yaml", b"- 1\n")]
    {
        let outcome = workspace.trendjob(&["validate", &workspace.write(name, bytes)]);
        assert_eq!(outcome.code, Some(42), "{outcome:#?}");
        assert_mentions(&outcome.all(), &[name]);
        outcome.assert_no_panic();
    }
}

#[test]
fn a_missing_manifest_is_named() {
    let workspace = Workspace::new();
    for command in ["run", "validate"] {
        let outcome = workspace.trendjob(&[command, "nowhere.yaml"]);
        assert_eq!(outcome.code, Some(42), "{outcome:#?}");
        assert_mentions(&outcome.all(), &["nowhere.yaml"]);
    }
}

#[test]
fn a_duplicate_key_in_a_manifest_is_refused() {
    let workspace = Workspace::new();
    let manifest = GOOD.replace("  source: sample\n", "  source: sample\n  source: other\n");
    let outcome = workspace.trendjob(&["validate", &workspace.write("job.yaml", manifest)]);
    assert_eq!(outcome.code, Some(42), "{outcome:#?}");
    assert_mentions(&outcome.all(), &["source"]);
}

#[testing::needs(no_data_folder)]
#[test]
fn a_run_without_its_data_folder_names_the_flag() {
    let workspace = Workspace::new();
    let manifest = workspace.write("job.yaml", GOOD);
    let outcome =
        workspace.trendjob(&["run", &manifest, "--store", &workspace.store(), "--output", "json"]);
    outcome.refused(2).mentions(&["--data DIR", "file:///data/in.ndjson"]);
    workspace.write("posts/in.ndjson", statuses(["love"]));
    let posts = workspace.path("posts");
    workspace.trendjob(&["run", &manifest, "--data", &posts, "--store", &workspace.store()]).done();
}
