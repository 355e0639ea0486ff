//! An upgrade of the chart during a run: the run keeps its worker image to its end, the next run
//! gets the new image; results, URIs and passwords stay.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::PathBuf;
use std::process::Command;

use serde_json::json;

use crate::cluster::{Cluster, NAMESPACE};
use crate::tools::{chart, run, until, variable};
use crate::yaml::text;

use super::steps::{counts, helm_put};

/// Packages the chart with the next version.
fn next(tag: &str, folder: &std::path::Path) -> PathBuf {
    let mut command = Command::new("helm");
    command
        .args(["package", "--version", tag, "--app-version", tag, "--destination"])
        .arg(folder)
        .arg(chart());
    run(&mut command).ok();
    folder.join(format!("trendjob-{tag}.tgz"))
}

/// Returns posts in several files, and the count of each of their words.
fn posts() -> (BTreeMap<String, String>, BTreeMap<String, u64>) {
    let words = ["kettle", "teapot", "saucer", "napkin"];
    let (mut files, mut expected) = (BTreeMap::new(), BTreeMap::new());
    for file in 0..4 {
        let mut text = String::new();
        for line in 0..60_usize {
            let two = [words[line % 4], words[(line / 7 + file) % 4]];
            writeln!(text, "{{\"text\": \"{} {}\"}}", two[0], two[1]).unwrap();
            for word in two {
                *expected.entry(word.to_owned()).or_default() += 1;
            }
        }
        files.insert(format!("{file}.ndjson"), text);
    }
    (files, expected)
}

fn start(cluster: &Cluster, name: &str) {
    let resources = json!({"resources": {"requests": {"cpu": "10m", "memory": "32Mi"}, "limits": {"memory": "128Mi"}}});
    let trendjob = json!({
        "apiVersion": "trendjob.dev/v1alpha1", "kind": "TrendJob", "metadata": {"name": name},
        "spec": {
            "source": name,
            "input": {"uris": ["file:///data/*.ndjson"], "volume": {"configMap": {"name": "posts"}}},
            // One pod at a time, so that the upgrade comes in the middle of the run.
            "sharding": {"chunkSize": "1Ki", "maxShards": 6, "parallelism": 1, "partitions": 2},
            "plan": resources, "etl": resources, "aggregate": resources,
        },
    });
    cluster.apply(&format!("--namespace={NAMESPACE}"), &trendjob.to_string()).ok();
}

/// Returns the stages of a TrendJob's pods with their images.
fn images(cluster: &Cluster, name: &str) -> BTreeSet<(String, String)> {
    let pods =
        cluster.list(&format!("pods --namespace={NAMESPACE} --selector=trendjob.dev/name={name}"));
    pods.iter()
        .map(|pod| {
            let stage =
                pod["metadata"]["labels"]["trendjob.dev/stage"].as_str().unwrap().to_owned();
            (stage, text(pod, "/spec/containers/0/image").to_owned())
        })
        .collect()
}

fn complete(cluster: &Cluster, name: &str) {
    let wait = format!(
        "wait --for=condition=Complete trendjob/{name} --namespace={NAMESPACE} --timeout=3m"
    );
    cluster.kubectl(&wait).ok();
}

/// Returns the release's Secrets, which an upgrade must not change.
fn secrets(cluster: &Cluster) -> BTreeMap<String, String> {
    let secrets = cluster.list(&format!(
        "secrets --namespace={NAMESPACE} --selector=app.kubernetes.io/instance=trendjob"
    ));
    secrets
        .iter()
        .map(|secret| (text(secret, "/metadata/name").to_owned(), secret["data"].to_string()))
        .collect()
}

pub(super) fn leaves_a_run_in_flight_alone(cluster: &Cluster) {
    // A second tag of the images on the cluster.
    let tag = variable("TRENDJOB_TEST_NEXT_TAG").unwrap();
    let folder = tempfile::tempdir().unwrap();
    let package = next(&tag, folder.path());
    let (files, expected) = posts();
    let map = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "posts"}, "data": files});
    cluster.apply(&format!("--namespace={NAMESPACE}"), &map.to_string()).ok();
    let before = secrets(cluster);
    assert!(before.len() >= 2, "{:?}", before.keys());
    start(cluster, "flying");
    until("a first shard that is done", || {
        let trendjob = cluster.get(&format!("trendjob flying --namespace={NAMESPACE}"));
        let shards = &trendjob["status"]["shards"];
        (shards["succeeded"].as_u64()? >= 1).then_some(())
    });
    helm_put("helm", "upgrade trendjob --wait", &package).ok();
    complete(cluster, "flying");
    let trendjob = cluster.get(&format!("trendjob flying --namespace={NAMESPACE}"));
    let operators = cluster.list(&format!(
        "pods --namespace={NAMESPACE} --selector=app.kubernetes.io/component=operator"
    ));
    let replaced = operators.iter().map(|pod| text(pod, "/metadata/creationTimestamp")).max();
    let is_after = Some(text(&trendjob, "/status/completionTime")) >= replaced;
    assert!(is_after, "the run ended before the operator was replaced, so the test shows nothing");
    let old = "docker.io/trendjob/worker:0.1.0".to_owned();
    let of_old = images(cluster, "flying");
    let stages: BTreeSet<&str> = of_old.iter().map(|(stage, _)| stage.as_str()).collect();
    assert_eq!(stages, BTreeSet::from(["aggregate", "etl", "plan", "publish"]));
    assert!(of_old.iter().all(|(_, image)| *image == old), "{of_old:?}");
    start(cluster, "next");
    complete(cluster, "next");
    let of_new = images(cluster, "next");
    assert!(
        of_new.iter().all(|(_, image)| *image == format!("docker.io/trendjob/worker:{tag}")),
        "{of_new:?}"
    );
    for source in ["flying", "next"] {
        let (is_ok, answer) =
            cluster.ask("trendjob", &format!("/api/v1/trends?source={source}"), "1m");
        assert!(is_ok, "{answer}");
        assert_eq!(counts(&answer).into_iter().collect::<BTreeMap<_, _>>(), expected, "{source}");
    }
    assert_eq!(secrets(cluster), before);
}
