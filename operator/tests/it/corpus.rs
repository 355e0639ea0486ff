//! The corpus of manifests against the real API server: it accepts and refuses what `trendjob validate`
//! does, and says the same of it.

use std::fs;
use std::path::PathBuf;

use kube::api::PostParams;
use serde_json::Value;

use crate::cluster::Testbed;

const CORPUS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../crates/trendjob/corpus");

fn manifests(kind: &str) -> Vec<(PathBuf, String)> {
    let files = fs::read_dir(format!("{CORPUS}/{kind}")).unwrap();
    let mut files: Vec<_> = files.map(|file| file.unwrap().path()).collect();
    files.sort();
    files.into_iter().map(|path| (path.clone(), fs::read_to_string(path).unwrap())).collect()
}

/// A manifest as the API server gets it; `None` of what `kubectl` does not even send.
fn parsed(text: &str) -> Option<Value> {
    let mut object: Value = serde_saphyr::from_str(text).ok()?;
    // Each test has a namespace of its own.
    if let Some(metadata) = object.get_mut("metadata").and_then(Value::as_object_mut) {
        metadata.remove("namespace");
    }
    whole(&mut object);
    Some(object)
}

/// Writes whole numbers without a point, as `kubectl` does.
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

async fn server_says(testbed: &Testbed, object: &Value) -> Result<(), String> {
    let api_version = object["apiVersion"].as_str().unwrap_or("trendjob.dev/v1alpha1");
    let kind = object["kind"].as_str().unwrap_or("TrendJob");
    let api = testbed.dynamic(api_version, kind, true);
    // Unknown fields are refused, as kubectl asks for; nothing is stored.
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

#[tokio::test]
async fn the_api_server_accepts_what_is_accepted() {
    let Some(testbed) = Testbed::new("accepted").await else { return };
    for (path, text) in manifests("accepted") {
        let object = parsed(&text).unwrap();
        let said = server_says(&testbed, &object).await;
        assert_eq!(said, Ok(()), "{}", path.display());
    }
    testbed.done().await;
}

#[tokio::test]
async fn the_api_server_refuses_what_is_refused_with_the_same_words() {
    let Some(testbed) = Testbed::new("corpus").await else { return };
    for (path, text) in manifests("refused") {
        let name = path.file_stem().unwrap().to_str().unwrap();
        let Some(object) = parsed(&text) else { continue };
        let Err(said) = server_says(&testbed, &object).await else {
            panic!("{} is accepted", path.display());
        };
        // Our own rules have their words from one constant; the rest is the API server's.
        for rule in trendjob::rules::RULES {
            let ours = text
                .lines()
                .any(|line| line.starts_with("# message:") && line.contains(rule.message));
            assert!(!ours || said.contains(rule.message), "{name}: {said}");
        }
    }
    testbed.done().await;
}
