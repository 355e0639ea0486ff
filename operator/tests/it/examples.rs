//! The examples: `trendjob validate` accepts every TrendJob among them. The tests of all manifests
//! (`e2e/`) apply the files to a real API server.

use serde_json::Value;

/// Every TrendJob of the examples with its file.
fn trendjobs() -> Vec<(String, Value)> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../manifests/examples");
    let files = std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().path());
    let yaml = files.filter(|path| path.extension().is_some_and(|extension| extension == "yaml"));
    let mut all = Vec::new();
    for path in yaml {
        let text = std::fs::read_to_string(&path).unwrap();
        let documents: Vec<Value> = serde_saphyr::from_multiple(&text).unwrap();
        let of_ours = documents.into_iter().filter(|object| object["kind"] == trendjob::KIND);
        all.extend(of_ours.map(|object| (path.display().to_string(), object)));
    }
    all
}

#[test]
fn every_trendjob_of_the_examples_is_valid() {
    let all = trendjobs();
    assert!(all.len() >= 5, "{} TrendJobs were found", all.len());
    for (path, object) in all {
        // JSON is YAML.
        let parsed = trendjob::parse_manifest(&object.to_string());
        assert!(parsed.is_ok(), "{path}: {:?}", parsed.err());
    }
}
