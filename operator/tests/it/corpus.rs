//! The corpus of manifests against a real API server: it accepts and refuses the manifests that
//! `trendjob validate` does, with the same messages.

use std::fs;
use std::path::PathBuf;

use kube::api::{Patch, PatchParams, PostParams};
use serde_json::{Value, json};

use crate::cluster::Testbed;

const CORPUS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../crates/trendjob/corpus");

fn manifests(kind: &str) -> Vec<(PathBuf, String)> {
    let files = fs::read_dir(format!("{CORPUS}/{kind}")).unwrap();
    let mut files: Vec<_> = files.map(|file| file.unwrap().path()).collect();
    files.sort();
    files.into_iter().map(|path| (path.clone(), fs::read_to_string(path).unwrap())).collect()
}

/// A manifest as the API server gets it; `None` if `kubectl` would not send it.
fn parsed(text: &str) -> Option<Value> {
    let mut object: Value = serde_saphyr::from_str(text).ok()?;
    // Each test has a namespace of its own.
    if let Some(metadata) = object.get_mut("metadata").and_then(Value::as_object_mut) {
        metadata.remove("namespace");
    }
    whole(&mut object);
    Some(object)
}

/// Turns whole numbers into integers, as `kubectl` does.
fn whole(value: &mut Value) {
    match value {
        Value::Object(fields) => fields.values_mut().for_each(whole),
        Value::Array(items) => items.iter_mut().for_each(whole),
        Value::Number(number) => {
            if let Some(float) =
                number.as_f64().filter(|float| number.is_f64() && float.fract() == 0.0)
            {
                *value = (float as i64).into();
            }
        }
        _ => {}
    }
}

async fn submit(testbed: &Testbed, object: &Value) -> Result<(), String> {
    let api_version = object["apiVersion"].as_str().unwrap_or("trendjob.dev/v1alpha1");
    let kind = object["kind"].as_str().unwrap_or("TrendJob");
    let api = testbed.dynamic(api_version, kind, true);
    // A dry run stores nothing; strict validation refuses unknown fields, as with kubectl.
    let params = PostParams { dry_run: true, ..PostParams::default() };
    let mut request = kube::core::Request::new(api.resource_url())
        .create(&params, serde_json::to_vec(object).unwrap())
        .unwrap();
    let strict = format!("{}&fieldValidation=Strict", request.uri());
    *request.uri_mut() = strict.parse().unwrap();
    let answered = testbed.client.request::<Value>(request).await;
    answered.map(drop).map_err(|error| match error {
        kube::Error::Api(status) => status.message.clone(),
        other => other.to_string(),
    })
}

#[testing::needs(cluster)]
#[tokio::test]
async fn the_api_server_accepts_the_accepted_manifests() {
    let testbed = Testbed::new("accepted").await;
    for (path, text) in manifests("accepted") {
        let object = parsed(&text).unwrap();
        let result = submit(&testbed, &object).await;
        assert_eq!(result, Ok(()), "{}", path.display());
    }
    testbed.done().await;
}

#[testing::needs(cluster)]
#[tokio::test]
async fn the_api_server_refuses_the_refused_manifests_with_the_same_messages() {
    let testbed = Testbed::new("corpus").await;
    for (path, text) in manifests("refused") {
        let name = path.file_stem().unwrap().to_str().unwrap();
        let Some(object) = parsed(&text) else { continue };
        let Err(message) = submit(&testbed, &object).await else {
            panic!("{} is accepted", path.display());
        };
        // Our own rules have their messages from one constant; the others are the API server's.
        for rule in trendjob::rules::RULES {
            let ours = text
                .lines()
                .any(|line| line.starts_with("# message:") && line.contains(rule.message));
            assert!(!ours || message.contains(rule.message), "{name}: {message}");
        }
    }
    testbed.done().await;
}

/// Creates a TrendJob and changes it. Returns the API server's message if it refuses the change.
async fn change(testbed: &Testbed, name: &str, before: Value, after: Value) -> Result<(), String> {
    testbed.apply(name, before).await;
    let patch = Patch::Merge(after);
    let changed = testbed.trendjobs().patch(name, &PatchParams::default(), &patch).await;
    changed.map(drop).map_err(|error| match error {
        kube::Error::Api(status) => status.message.clone(),
        other => other.to_string(),
    })
}

#[testing::needs(cluster)]
#[tokio::test]
async fn the_api_server_accepts_changes_that_a_run_can_follow() {
    let testbed = Testbed::new("changes").await;
    let image = json!({"etl": {"image": "other"}});
    for (name, before, after) in [
        ("suspend", json!({}), json!({"suspend": true})),
        ("parallelism", json!({}), json!({"sharding": {"parallelism": 3}})),
        ("deadline", json!({}), json!({"activeDeadlineSeconds": 60})),
        (
            "no-deadline",
            json!({"activeDeadlineSeconds": 60}),
            json!({"activeDeadlineSeconds": null}),
        ),
        ("ttl", json!({}), json!({"ttlSecondsAfterFinished": 60})),
        ("deletion", json!({}), json!({"deletionPolicy": "Delete"})),
        ("pods", json!({"suspend": true}), image),
        ("pods-vanish", json!({"suspend": true}), json!({"etl": null})),
        // The change and the release at once: the run goes on with the new pod settings.
        (
            "pods-and-release",
            json!({"suspend": true}),
            json!({"suspend": false, "etl": {"image": "x"}}),
        ),
    ] {
        let result =
            change(&testbed, name, json!({ "spec": before }), json!({ "spec": after })).await;
        assert_eq!(result, Ok(()), "{name}");
    }
    testbed.done().await;
}

#[testing::needs(cluster)]
#[tokio::test]
async fn the_api_server_refuses_every_other_change_with_a_reason() {
    let testbed = Testbed::new("fixed").await;
    let image = json!({"etl": {"image": "other"}});
    let credentials = json!({"input": {"credentialsSecretRef": {"name": "s"}}});
    for (name, before, after, message) in [
        ("source", json!({}), json!({"source": "other"}), "source can't be changed"),
        (
            "uris",
            json!({}),
            json!({"input": {"uris": ["file:///data/x"]}}),
            "input can't be changed",
        ),
        ("appears", json!({}), credentials.clone(), "input can't be changed"),
        (
            "vanishes",
            credentials,
            json!({"input": {"credentialsSecretRef": null}}),
            "input can't be changed",
        ),
        ("window-appears", json!({}), json!({"analysis": {"window": "1h"}}), "analysis can't be"),
        ("chunks", json!({}), json!({"sharding": {"chunkSize": "1Mi"}}), "only parallelism can be"),
        (
            "sink",
            json!({}),
            json!({"sink": {"mongodb": {"database": "x"}}}),
            "sink can't be changed",
        ),
        ("manager", json!({}), json!({"managedBy": "a.b/c"}), "managedBy can't be changed"),
        ("policy", json!({}), json!({"failurePolicy": {"restartLimit": 1}}), "failurePolicy can't"),
        ("pods-at-work", json!({}), image, "etl can only be changed while suspended"),
        (
            "pods-appear",
            json!({"plan": null}),
            json!({"plan": {}}),
            "plan can only be changed while",
        ),
        (
            "ttl-and-delete",
            json!({"deletionPolicy": "Delete"}),
            json!({"ttlSecondsAfterFinished": 60}),
            trendjob::rules::TTL_DELETE,
        ),
    ] {
        let result =
            change(&testbed, name, json!({ "spec": before }), json!({ "spec": after })).await;
        let refused = result.expect_err(name);
        assert!(refused.contains(message), "{name}: {refused}");
    }
    testbed.done().await;
}

#[testing::needs(cluster)]
#[tokio::test]
async fn the_definition_of_this_version_is_complete_in_the_cluster() {
    let testbed = Testbed::new("definition").await;
    testbed
        .wait("the API server documents the definition", async || {
            let known = operator::definition::check(&testbed.client).await;
            known.is_ok_and(|known| known == operator::definition::Definition::Same)
        })
        .await;
    testbed.done().await;
}
