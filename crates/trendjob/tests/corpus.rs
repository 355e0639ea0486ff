//! Accepted and refused manifests, each in a file of its own. A refused file begins with pairs of
//! `# path:` and `# message:`: the errors it must have.

#![expect(clippy::unwrap_used, reason = "helpers of tests")]

use std::{
    fs,
    path::{Path, PathBuf},
};

use trendjob::{
    FieldError, Size, TrendJob, TrendJobSpec, check_spec, parse_manifest, rules::RULES,
    unsupported_locally,
};

fn corpus(folder: &str) -> Vec<(PathBuf, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus").join(folder);
    let mut paths: Vec<_> = fs::read_dir(folder).unwrap().map(|e| e.unwrap().path()).collect();
    paths.sort();
    paths.into_iter().map(|path| (path.clone(), fs::read_to_string(path).unwrap())).collect()
}

/// The TrendJob of one accepted file.
fn accepted(name: &str) -> TrendJob {
    let path = format!("{}/corpus/accepted/{name}.yaml", env!("CARGO_MANIFEST_DIR"));
    parse_manifest(&fs::read_to_string(path).unwrap()).unwrap()
}

/// The errors that a refused file expects.
fn expected(text: &str) -> Vec<(&str, &str)> {
    let lines: Vec<&str> = text.lines().take_while(|line| line.starts_with("# ")).collect();
    let pairs = lines.chunks(2).map(|pair| {
        let path = pair[0].strip_prefix("# path:").unwrap().trim();
        (path, pair[1].strip_prefix("# message:").unwrap().trim())
    });
    pairs.collect()
}

/// The place of a path: the path without its indexes.
fn place(path: &str) -> String {
    let parts = path.split('[').enumerate().map(|(part, text)| match part {
        0 => text.to_owned(),
        _ => format!("[{}", text.trim_start_matches(|c: char| c.is_ascii_digit())),
    });
    parts.collect()
}

#[test]
fn every_accepted_manifest_is_accepted_and_equal_after_a_round_trip() {
    let files = corpus("accepted");
    assert!(files.len() >= 8);
    for (path, text) in files {
        let trendjob =
            parse_manifest(&text).unwrap_or_else(|errors| panic!("{path:?}: {errors:#?}"));
        let written = serde_json::to_string(&trendjob).unwrap();
        assert_eq!(parse_manifest(&written).as_ref(), Ok(&trendjob), "{path:?}");
    }
}

#[test]
fn every_refused_manifest_has_the_errors_it_expects() {
    let files = corpus("refused");
    assert!(files.len() >= 25);
    for (path, text) in files {
        let errors = parse_manifest(&text).expect_err(&path.display().to_string());
        let pairs = expected(&text);
        assert!(!pairs.is_empty(), "{path:?} expects no error");
        for (field, message) in pairs {
            let named = |e: &FieldError| e.path == field && e.message.contains(message);
            assert!(errors.iter().any(named), "{path:?}: no {field}: {message} in {errors:#?}");
        }
    }
}

#[test]
fn a_refused_manifest_has_no_unexpected_error() {
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
fn the_fields_that_a_local_run_does_not_support_are_named() {
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
    assert_eq!(errors[0].message, "not supported by this version of trendjob yet");
}

#[test]
fn a_local_run_ignores_the_mongodb_of_the_sink() {
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

#[test]
fn a_spec_with_all_defaults_is_the_smallest_manifest() {
    let smallest = accepted("smallest").spec;
    let spec = TrendJobSpec::new(smallest.source.clone(), smallest.input.uris.clone());
    assert_eq!(spec, smallest);
    assert_eq!(check_spec(&spec), []);
}

#[test]
fn a_spec_is_checked_by_the_rules_of_manifests() {
    let mut spec = accepted("smallest").spec;
    spec.sharding.chunk_size = Size(1);
    spec.analysis.detect_language = Some(true);
    let paths: Vec<String> = check_spec(&spec).into_iter().map(|error| error.path).collect();
    assert_eq!(paths, ["spec.sharding.chunkSize", "spec.analysis.detectLanguage"]);
}
