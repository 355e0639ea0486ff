//! Every metric in the dashboard exists.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::tools::{read, top};

/// Returns the words of a query that have the form of TrendJob's metrics.
fn metrics(query: &str) -> impl Iterator<Item = &str> {
    let words = query.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_'));
    words.filter(|word| word.starts_with("trendjob_") || word.starts_with("http_request"))
}

/// Collects the string literals in the sources of a folder that are names of metrics.
fn recorded(folder: &Path, found: &mut BTreeSet<String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            recorded(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = fs::read_to_string(&path).unwrap();
            let literals = text.split('"').skip(1).step_by(2).map(str::to_owned);
            found.extend(literals.filter(|literal| metrics(literal).any(|name| name == literal)));
        }
    }
}

#[test]
fn every_metric_of_the_dashboard_is_recorded_by_the_programs() {
    let mut names = BTreeSet::new();
    for folder in ["api/src", "operator/src", "workers/src", "crates/store/src"] {
        recorded(&top().join(folder), &mut names);
    }
    let dashboard: Value =
        serde_json::from_str(&read("charts/trendjob/dashboards/trendjob.json")).unwrap();
    let panels = dashboard["panels"].as_array().unwrap();
    assert!(!panels.is_empty());
    let queries = panels.iter().flat_map(|panel| panel["targets"].as_array().unwrap());
    let mut count = 0;
    for query in queries {
        for metric in metrics(query["expr"].as_str().unwrap()) {
            count += 1;
            let name = metric.strip_suffix("_bucket").unwrap_or(metric);
            assert!(
                names.contains(name),
                "{metric} is recorded nowhere; the programs record {names:?}"
            );
        }
    }
    assert!(count >= panels.len(), "{count} metrics in {} panels", panels.len());
}
