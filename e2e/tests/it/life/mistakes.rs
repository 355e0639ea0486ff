//! Mistakes of newcomers, and the answers that help.

use serde_json::Value;

use crate::cluster::{Cluster, NAMESPACE};
use crate::tools::{chart, read, until};
use crate::yaml::{document, text};

use super::steps::helm_put;

/// Installs the chart without its definition on a cluster that has none: Helm and the operator's
/// log name what is missing.
pub(super) fn no_definition(cluster: &Cluster) {
    let printed = helm_put(
        "helm",
        "install trendjob --set crds.enabled=false,api.autoscaling.enabled=false,api.replicas=1",
        &chart(),
    )
    .ok();
    assert!(
        printed.contains("ATTENTION") && printed.contains("manifests/crd/trendjobs.yaml"),
        "{printed}"
    );
    until_logged(cluster, "this cluster has no CustomResourceDefinition of TrendJobs: install it");
    // kubectl forgets the kinds of earlier tests after its first attempt.
    until("a word about the definition", || {
        let refused = cluster.apply("", &read("manifests/examples/quickstart.yaml")).refused();
        refused.contains("ensure CRDs are installed first").then_some(())
    });
}

/// Asks the API before anything is published: the list of sources is empty, an unknown source is a
/// 404.
pub(super) fn no_result_yet(cluster: &Cluster) {
    let (is_ok, answer) = cluster.ask("trendjob", "/api/v1/sources", "2m");
    assert!(is_ok, "{answer}");
    let (is_ok, answer) = cluster.ask("trendjob", "/api/v1/trends?source=quickstart", "0s");
    assert!(!is_ok, "{answer}");
    assert!(answer.contains("404") && answer.contains("quickstart"), "{answer}");
}

/// Installs a definition that is older than the operator: its log names the fields that the cluster
/// drops, until an upgrade of the chart brings the right definition.
pub(super) fn an_old_definition(cluster: &Cluster) {
    let mut old = document(&read("manifests/crd/trendjobs.yaml"));
    let spec = old
        .pointer_mut("/spec/versions/0/schema/openAPIV3Schema/properties/spec/properties")
        .unwrap();
    spec.as_object_mut().unwrap().remove("activeDeadlineSeconds").unwrap();
    cluster.apply("--server-side", &old.to_string()).ok();
    until_logged(cluster, "is older than this operator and drops spec.activeDeadlineSeconds");
    let upgrade = "upgrade trendjob --set api.autoscaling.enabled=false,api.replicas=1";
    let refused = helm_put("helm", upgrade, &chart()).refused();
    assert!(refused.contains("trendjobs.trendjob.dev"), "{refused}");
    helm_put("helm", &format!("{upgrade} --take-ownership --force-conflicts --wait"), &chart())
        .ok();
    until_logged(cluster, "definition of TrendJobs has every field that this operator knows");
}

/// Applies a TrendJob in a namespace without the Secret: a condition names it, and the run goes on
/// once it is created.
pub(super) fn no_secret(cluster: &Cluster) {
    let quickstart = read("manifests/examples/quickstart.yaml");
    cluster.apply("--namespace=trends", &quickstart).ok();
    let message = until("a word about the Secret", || {
        let trendjob = cluster.get("trendjob quickstart --namespace=trends");
        let conditions = trendjob["status"]["conditions"].as_array()?;
        let ready = conditions.iter().find(|one| one["type"] == "Ready")?;
        let message = text(ready, "/message");
        message.contains("trendjob-mongodb").then(|| message.to_owned())
    });
    assert!(message.contains("Create the Secret"), "{message}");
    let secret = cluster.get(&format!("secret trendjob-mongodb --namespace={NAMESPACE}"));
    let copy = serde_json::json!({
        "apiVersion": "v1", "kind": "Secret", "metadata": {"name": "trendjob-mongodb"}, "data": secret["data"],
    });
    cluster.apply("--namespace=trends", &copy.to_string()).ok();
    cluster
        .kubectl(
            "wait --for=condition=Complete trendjob/quickstart --namespace=trends --timeout=3m",
        )
        .ok();
    // The test of `uninstall` needs a TrendJob of a user.
    cluster.apply(&format!("--namespace={NAMESPACE}"), &quickstart).ok();
    // The API answers with its last list while it looks the sources up.
    until("the source in the API", || {
        let (is_ok, sources) = cluster.ask("trendjob", "/api/v1/sources", "1m");
        assert!(is_ok, "{sources}");
        let sources: Value = serde_json::from_str(&sources).unwrap();
        sources.to_string().contains("quickstart").then_some(())
    });
}

fn until_logged(cluster: &Cluster, what: &str) {
    until(&format!("a line in the operator's log: {what}"), || {
        cluster.logs("operator").contains(what).then_some(())
    });
}
