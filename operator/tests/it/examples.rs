//! The examples: valid for `trendjob validate`, and taken by a real API server as they are.

use kube::api::PostParams;
use operator::object::TrendJobObject;
use serde_json::Value;

use crate::cluster::Testbed;

fn examples() -> Vec<(String, String)> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../manifests/examples");
    let files = std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().path());
    let mut all: Vec<_> = files
        .map(|path| (path.display().to_string(), std::fs::read_to_string(&path).unwrap()))
        .collect();
    all.sort();
    all
}

#[test]
fn examples_are_valid() {
    let all = examples();
    assert!(all.len() >= 3);
    for (path, text) in all {
        let parsed = trendjob::parse_manifest(&text);
        assert!(parsed.is_ok(), "{path}: {:?}", parsed.err());
    }
}

#[tokio::test]
async fn the_api_server_takes_the_examples() {
    let Some(testbed) = Testbed::new("examples").await else { return };
    for (path, text) in examples() {
        let object: Value = serde_saphyr::from_str(&text).unwrap();
        let object: TrendJobObject = serde_json::from_value(object).unwrap();
        let params = PostParams { dry_run: true, ..PostParams::default() };
        let taken = testbed.trendjobs().create(&params, &object).await;
        assert!(taken.is_ok(), "{path}: {:?}", taken.err());
    }
    testbed.done().await;
}
