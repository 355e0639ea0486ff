//! Manifests that must be accepted and refused, each in a file of its own. A refused file opens
//! with pairs of `# path:` and `# message:`, all of which must be among its errors.

#![expect(clippy::unwrap_used, reason = "helpers of tests")]

use std::{
    fs,
    path::{Path, PathBuf},
};

use trendjob::{FieldError, TrendJob, parse_manifest, rules::RULES, unsupported_locally};

fn corpus(folder: &str) -> Vec<(PathBuf, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus").join(folder);
    let mut paths: Vec<_> = fs::read_dir(folder).unwrap().map(|e| e.unwrap().path()).collect();
    paths.sort();
    paths.into_iter().map(|path| (path.clone(), fs::read_to_string(path).unwrap())).collect()
}

/// The job of one accepted file.
fn accepted(name: &str) -> TrendJob {
    let path = format!("{}/corpus/accepted/{name}.yaml", env!("CARGO_MANIFEST_DIR"));
    parse_manifest(&fs::read_to_string(path).unwrap()).unwrap()
}

/// What a refused file says about itself.
fn expected(text: &str) -> Vec<(&str, &str)> {
    let lines: Vec<&str> = text.lines().take_while(|line| line.starts_with("# ")).collect();
    let pairs = lines.chunks(2).map(|pair| {
        let path = pair[0].strip_prefix("# path:").unwrap().trim();
        (path, pair[1].strip_prefix("# message:").unwrap().trim())
    });
    pairs.collect()
}

/// The path without its indexes, as rules write it.
fn place(path: &str) -> String {
    let parts = path.split('[').enumerate().map(|(part, text)| match part {
        0 => text.to_owned(),
        _ => format!("[{}", text.trim_start_matches(|c: char| c.is_ascii_digit())),
    });
    parts.collect()
}

#[test]
fn every_accepted_manifest_is_accepted_and_reads_the_same_when_written_again() {
    let files = corpus("accepted");
    assert!(files.len() >= 8);
    for (path, text) in files {
        let job = parse_manifest(&text).unwrap_or_else(|errors| panic!("{path:?}: {errors:#?}"));
        let written = serde_json::to_string(&job).unwrap();
        assert_eq!(parse_manifest(&written).as_ref(), Ok(&job), "{path:?}");
    }
}

#[test]
fn every_refused_manifest_is_refused_with_the_errors_it_names() {
    let files = corpus("refused");
    assert!(files.len() >= 25);
    for (path, text) in files {
        let errors = parse_manifest(&text).expect_err(&path.display().to_string());
        let pairs = expected(&text);
        assert!(!pairs.is_empty(), "{path:?} names no error");
        for (field, message) in pairs {
            let named = |e: &FieldError| e.path == field && e.message.contains(message);
            assert!(errors.iter().any(named), "{path:?}: no {field}: {message} in {errors:#?}");
        }
    }
}

#[test]
fn a_refused_manifest_has_no_error_it_does_not_name() {
    for (path, text) in corpus("refused") {
        let pairs = expected(&text);
        for error in parse_manifest(&text).unwrap_err() {
            let known = |pair: &(&str, &str)| pair.0 == error.path;
            assert!(pairs.iter().any(known), "{path:?}: {error}");
        }
    }
}

#[test]
fn every_rule_has_a_manifest_that_breaks_it() {
    let errors: Vec<FieldError> =
        corpus("refused").iter().flat_map(|(_, text)| parse_manifest(text).unwrap_err()).collect();
    for rule in RULES {
        let wanted = format!("{}{}", rule.at, rule.field);
        let breaks = |e: &FieldError| {
            place(&e.path) == wanted.trim_start_matches('.') && e.message.ends_with(rule.message)
        };
        assert!(errors.iter().any(breaks), "no refused manifest breaks {wanted}: {}", rule.message);
    }
}

#[test]
fn the_smallest_manifest_gets_every_default() {
    let spec = serde_json::to_value(accepted("smallest").spec).unwrap();
    assert_eq!(
        spec,
        serde_json::json!({
            "source": "sample",
            "suspend": false,
            "managedBy": "trendjob.dev/operator",
            "input": {
                "uris": ["posts.ndjson"],
                "record": {"preset": "Twitter"},
                "compression": "Auto",
                "maxMalformedPercent": 5,
                "maxRecordSize": "16Mi",
            },
            "sharding": {"chunkSize": "64Mi", "maxShards": 500, "parallelism": 50, "partitions": 8},
            "analysis": {"profile": "Seed", "kinds": ["Word"]},
            "sink": {
                "mongodb": {
                    "uriSecretRef": {"name": "trendjob-mongodb", "key": "uri"},
                    "database": "trends",
                    "documents": 10000,
                    "storeRecords": false,
                },
                "retention": {"runs": 5, "grace": "10m"},
            },
            "failurePolicy": {"backoffLimitPerShard": 3, "maxFailedShards": 0, "restartLimit": 0},
            "deletionPolicy": "Retain",
        })
    );
}

#[test]
fn what_a_local_run_cannot_do_is_named_field_by_field() {
    let manifest = "
        apiVersion: trendjob.dev/v1alpha1
        kind: TrendJob
        metadata: {name: a}
        spec:
          source: a
          input: {uris: [posts, 'https://example.org/posts', 'file:///data/posts']}
          analysis:
            {profile: Social, kinds: [Word, Phrase], window: 1h, scores: [Burst, Keyness], baseline: {source: b}}
          sink: {mongodb: {storeRecords: true}}";
    let errors = unsupported_locally(&parse_manifest(manifest).unwrap().spec);
    let paths: Vec<&str> = errors.iter().map(|error| error.path.as_str()).collect();
    assert_eq!(paths, ["spec.sink.mongodb.storeRecords"]);
    assert!(errors[0].message == "not supported by this version of trendjob yet");
}

#[test]
fn the_secret_of_a_mongodb_sink_is_no_obstacle_to_a_local_run() {
    assert_eq!(unsupported_locally(&accepted("smallest").spec), []);
}

#[test]
fn numbers_are_read_as_kubectl_reads_them() {
    let spec = accepted("numbers-as-kubectl-reads-them").spec;
    assert!(spec.suspend);
    assert_eq!(spec.source, "2026-01-01");
    assert_eq!(spec.sharding.chunk_size.bytes(), 65_536);
    let sharding = spec.sharding;
    assert_eq!((sharding.max_shards, sharding.parallelism, sharding.partitions), (1_000, 8, 16));
    assert_eq!(spec.active_deadline_seconds, Some(1_000));
}
