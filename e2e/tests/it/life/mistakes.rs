//! What newcomers do wrong, and what they are told.

use serde_json::Value;

use crate::cluster::{Cluster, NAMESPACE};
use crate::tools::{chart, read, until};
use crate::yaml::{document, text};

use super::steps::helm_put;

/// The chart without its definition, on a cluster that has none: Helm says so, and the operator's log does.
pub(super) fn no_definition(cluster: &Cluster) {
    let said = helm_put(
        "helm",
        "install trendjob --set crds.enabled=false,api.autoscaling.enabled=false,api.replicas=1",
        &chart(),
    )
    .ok();
    assert!(said.contains("ATTENTION") && said.contains("manifests/crd/trendjobs.yaml"), "{said}");
    until_logged(
        cluster,
        "this cluster doesn't know TrendJobs: install their CustomResourceDefinition",
    );
    // What kubectl remembers of the kinds there were is gone after its first try.
    until("a word about the definition", || {
        let refused = cluster.apply("", &read("manifests/examples/quickstart.yaml")).refused();
        refused.contains("ensure CRDs are installed first").then_some(())
    });
}

/// The API before anything was published: it says what there is, and what isn't.
pub(super) fn no_result_yet(cluster: &Cluster) {
    let (is_well, answer) = cluster.ask("trendjob", "/api/v1/sources", "2m");
    assert!(is_well, "{answer}");
    let (is_well, answer) = cluster.ask("trendjob", "/api/v1/trends?source=quickstart", "0s");
    assert!(!is_well, "{answer}");
    assert!(answer.contains("404") && answer.contains("quickstart"), "{answer}");
}

/// A definition from before the operator: it names what the cluster drops, until the chart brings the right one.
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
    until_logged(cluster, "the cluster knows TrendJobs as this operator does");
}

/// A TrendJob where the Secret isn't: it says so, and goes on by itself when it is there.
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
    // So that uninstalling finds a TrendJob to leave alone.
    cluster.apply(&format!("--namespace={NAMESPACE}"), &quickstart).ok();
    // While its look-ups are slow, the API answers with what it knew.
    until("the source in the API", || {
        let (is_well, sources) = cluster.ask("trendjob", "/api/v1/sources", "1m");
        assert!(is_well, "{sources}");
        let sources: Value = serde_json::from_str(&sources).unwrap();
        sources.to_string().contains("quickstart").then_some(())
    });
}

fn until_logged(cluster: &Cluster, what: &str) {
    until(&format!("a line in the operator's log: {what}"), || {
        cluster.logs("operator").contains(what).then_some(())
    });
}
