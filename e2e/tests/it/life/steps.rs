//! The documented steps: install, test, uninstall.

use std::collections::BTreeSet;
use std::process::Command;

use serde_json::Value;

use crate::cluster::{Cluster, NAMESPACE, values};
use crate::tools::{Ended, chart, read, run, top, until, variable};
use crate::yaml::{document, name, text};

/// Runs `helm` in the namespace of these tests.
pub(crate) fn helm(program: &str, words: &str) -> Ended {
    run(Command::new(program).args(words.split_whitespace()).args(["--namespace", NAMESPACE]))
}

/// Runs `helm install` or `helm upgrade` of a chart, with the values that this cluster needs.
pub(crate) fn helm_put(program: &str, words: &str, chart: &std::path::Path) -> Ended {
    let mut command = Command::new(program);
    command.args(words.split_whitespace()).arg(chart).args([
        "--namespace",
        NAMESPACE,
        "--timeout",
        "3m",
    ]);
    if let Some(values) = values() {
        command.arg("--values").arg(values);
    }
    run(&mut command)
}

/// Returns the commands of the README's block that begins with `helm install`.
fn commands() -> String {
    let readme = read("README.md");
    let blocks = readme.split("\n\n").filter(|block| block.starts_with("    "));
    let mut found = blocks.filter(|block| block.contains("    helm install"));
    let block = found.next().unwrap().to_owned();
    assert!(found.next().is_none(), "two blocks begin with helm install");
    block.lines().map(str::trim_start).collect::<Vec<_>>().join("\n")
}

/// Runs the commands of the README as they stand, with the values that this cluster needs.
pub(crate) fn type_the_readme(cluster: &Cluster) {
    let values = values().map(|file| format!("--values '{}'", file.display())).unwrap_or_default();
    let shell =
        format!("set -eu\nhelm() {{ command helm \"$@\" {values} --timeout 3m; }}\n{}", commands());
    let printed = run(Command::new("bash").args(["-c", &shell]).current_dir(top())).ok();
    // The last command prints the trends of four posts.
    let answer =
        printed.lines().find(|line| line.starts_with('{')).unwrap_or_else(|| panic!("{printed}"));
    assert_eq!(counts(answer)[0], ("coffee".to_owned(), 4), "{printed}");
    assert_eq!(counts(answer)[1], ("kettle".to_owned(), 3), "{printed}");
    cluster.kubectl(&format!("delete pod ask --namespace={NAMESPACE}")).ok();
}

/// Returns the terms and counts in an answer of `/api/v1/trends`.
pub(crate) fn counts(answer: &str) -> Vec<(String, u64)> {
    let answer: Value =
        serde_json::from_str(answer).unwrap_or_else(|error| panic!("{error}: {answer}"));
    let topics = answer["topics"].as_array().unwrap_or_else(|| panic!("{answer}"));
    topics
        .iter()
        .map(|topic| (text(topic, "/term").to_owned(), topic["count"].as_u64().unwrap()))
        .collect()
}

impl Cluster {
    /// Sends a request to the API from a pod, by the name of its Service. Returns true if it
    /// succeeded, and the answer.
    pub(crate) fn ask(&self, release: &str, path: &str, wait: &str) -> (bool, String) {
        let mut pod = document(&read("manifests/examples/ask.yaml"));
        let url = format!("http://{release}-api.{NAMESPACE}.svc.cluster.local:8383{path}");
        pod["spec"]["containers"][0]["args"] =
            serde_json::json!(["fetch", format!("--wait={wait}"), url]);
        self.kubectl(&format!("delete pod ask --namespace={NAMESPACE} --ignore-not-found")).ok();
        self.apply(&format!("--namespace={NAMESPACE}"), &pod.to_string()).ok();
        let phase = until("the end of pod ask", || {
            let pod = self.get(&format!("pod ask --namespace={NAMESPACE}"));
            Some(text(&pod, "/status/phase").to_owned())
                .filter(|phase| phase == "Succeeded" || phase == "Failed")
        });
        let logs = self.kubectl(&format!("logs pod/ask --namespace={NAMESPACE}")).ok();
        self.kubectl(&format!("delete pod ask --namespace={NAMESPACE}")).ok();
        (phase == "Succeeded", logs)
    }
}

/// Runs `helm test`, which must pass and leave neither objects nor a source behind.
pub(crate) fn helm_test(cluster: &Cluster, program: &str, release: &str) {
    let before = everything_of(cluster, release);
    helm(program, &format!("test {release} --timeout 4m")).ok();
    until("the removal of the objects of helm test", || {
        let left: Vec<_> = everything_of(cluster, release).difference(&before).cloned().collect();
        left.is_empty().then_some(())
    });
    let full =
        if release == "trendjob" { "trendjob".to_owned() } else { format!("{release}-trendjob") };
    let (is_ok, sources) = cluster.ask(&full, "/api/v1/sources", "1m");
    assert!(is_ok && !sources.contains(&format!("{full}-test")), "{sources}");
}

/// Returns the names of all objects with the label of a release, without events and without objects
/// that controllers create (pods, replica sets, endpoints).
pub(crate) fn everything_of(cluster: &Cluster, release: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for namespaced in ["true", "false"] {
        // Fails while the metrics server is slow, but still prints the kinds.
        let kinds = cluster
            .kubectl(&format!(
                "api-resources --verbs=list,get --namespaced={namespaced} --output=name"
            ))
            .out;
        // Metrics and events belong to no release.
        let kinds = kinds
            .lines()
            .filter(|kind| !kind.ends_with("metrics.k8s.io") && !kind.starts_with("events"));
        let kinds = kinds.collect::<Vec<_>>().join(",");
        let all = if namespaced == "true" { "--all-namespaces" } else { "" };
        let list =
            cluster.list(&format!("{kinds} {all} --selector=app.kubernetes.io/instance={release}"));
        let controlled = |object: &&Value| !object["metadata"]["ownerReferences"].is_array();
        found.extend(list.iter().filter(controlled).map(name));
    }
    // Endpoints belong to a Service, but have no owner reference.
    found.retain(|name| !name.starts_with("Endpoints/"));
    found
}

/// Uninstalls the release; only the definition is left.
pub(crate) fn uninstall(cluster: &Cluster, program: &str, release: &str) {
    assert!(everything_of(cluster, release).len() > 15, "the search finds objects");
    let printed = helm(program, &format!("uninstall {release} --wait --timeout 3m")).ok();
    assert!(printed.contains("trendjobs.trendjob.dev"), "the definition is kept: {printed}");
    until("the removal of everything but the definition", || {
        let left = everything_of(cluster, release);
        (left == BTreeSet::from(["CustomResourceDefinition/trendjobs.trendjob.dev".to_owned()]))
            .then_some(())
    });
    for kind in ["pod", "persistentvolumeclaim", "lease", "replicaset"] {
        until(&format!("the removal of every {kind}"), || {
            let left = cluster.list(&format!(
                "{kind} --namespace={NAMESPACE} --selector=app.kubernetes.io/instance={release}"
            ));
            left.is_empty().then_some(())
        });
    }
    let trendjobs = cluster.list(&format!("trendjobs --namespace={NAMESPACE}"));
    assert!(!trendjobs.is_empty(), "TrendJobs of users stay");
}

/// Installs another release, which adopts the definition that the first left, as the chart's README
/// describes. It keeps its results on a volume if this machine is the node and can provide one.
pub(crate) fn install_over_the_kept_definition(cluster: &Cluster, program: &str) {
    let refused = helm_put(program, "install other", &chart()).refused();
    assert!(refused.contains("trendjobs.trendjob.dev"), "{refused}");
    let folder = tempfile::tempdir().unwrap();
    let mut install = "install other --take-ownership --wait".to_owned();
    if variable("TRENDJOB_TEST_NODE_IS_HERE").is_some() {
        provide_volume(cluster, folder.path());
        install += " --set mongodb.persistence.enabled=true,mongodb.persistence.size=1Gi";
    }
    helm_put(program, &install, &chart()).ok();
    helm_test(cluster, program, "other");
    uninstall(cluster, program, "other");
    cluster.kubectl("delete --ignore-not-found persistentvolume trendjob-e2e").ok();
}

/// Creates a volume that every user may write to.
fn provide_volume(cluster: &Cluster, folder: &std::path::Path) {
    run(Command::new("chmod").arg("0777").arg(folder)).ok();
    let volume = serde_json::json!({
        "apiVersion": "v1", "kind": "PersistentVolume", "metadata": {"name": "trendjob-e2e"},
        "spec": {
            "capacity": {"storage": "1Gi"}, "accessModes": ["ReadWriteOnce"],
            "persistentVolumeReclaimPolicy": "Retain", "hostPath": {"path": folder},
        },
    });
    cluster.apply("", &volume.to_string()).ok();
}
