//! The rights of the accounts, as the API server lists them, and the namespace's limit to
//! restricted pods.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::cluster::{Cluster, NAMESPACE};
use crate::tools::read;
use crate::yaml::{documents, text};

/// A resource, the name of an object (empty for all), a verb.
type Right = (String, String, String);

/// Returns the rights of an account in the namespace, without those that every account has.
fn rights(cluster: &Cluster, account: &str) -> BTreeSet<Right> {
    let list = |account: &str| -> BTreeSet<Right> {
        let subject = format!(
            "--as=system:serviceaccount:{NAMESPACE}:{account} --as-group=system:authenticated"
        );
        let printed =
            cluster.kubectl(&format!("auth can-i --list --namespace={NAMESPACE} {subject}")).ok();
        // RESOURCES  [URLS]  [NAMES]  [VERBS], in columns.
        let lines = printed.lines().skip(1).filter(|line| !line.starts_with(' '));
        lines
            .flat_map(|line| {
                let resource = line.split_whitespace().next().unwrap().to_owned();
                let mut lists =
                    line.split('[').skip(2).map(|part| part.split(']').next().unwrap().to_owned());
                let (names, verbs) = (lists.next().unwrap(), lists.next().unwrap());
                let verbs: Vec<_> = verbs.split_whitespace().map(str::to_owned).collect();
                verbs.into_iter().map(move |verb| (resource.clone(), names.clone(), verb))
            })
            .collect()
    };
    list(account).difference(&list("nobody")).cloned().collect()
}

/// Returns the rights in `manifests/rbac`. The Lease differs: the chart creates it, so the operator
/// may only read and update it.
fn documented() -> BTreeSet<Right> {
    let all = documents(&read("manifests/rbac/cluster.yaml"));
    let role = all.iter().find(|object| text(object, "/kind") == "ClusterRole").unwrap();
    let texts = |value: &Value| -> Vec<String> {
        value.as_array().unwrap().iter().map(|text| text.as_str().unwrap().to_owned()).collect()
    };
    let mut rights = BTreeSet::new();
    for rule in role["rules"].as_array().unwrap() {
        for group in texts(&rule["apiGroups"]) {
            for resource in texts(&rule["resources"]) {
                // A subresource is written jobs.batch/status.
                let (resource, sub) = resource.split_once('/').unwrap_or((&resource, ""));
                let dot = if group.is_empty() { "" } else { "." };
                let slash = if sub.is_empty() { "" } else { "/" };
                for verb in texts(&rule["verbs"]) {
                    rights.insert((
                        format!("{resource}{dot}{group}{slash}{sub}"),
                        String::new(),
                        verb,
                    ));
                }
            }
        }
    }
    for verb in ["get", "update"] {
        rights.insert((
            "leases.coordination.k8s.io".into(),
            "trendjob-operator".into(),
            verb.into(),
        ));
    }
    rights
}

pub(super) fn are_what_the_docs_say(cluster: &Cluster) {
    assert_eq!(rights(cluster, "trendjob-operator"), documented());
    for account in ["trendjob-api", "trendjob-worker"] {
        assert_eq!(rights(cluster, account), BTreeSet::new(), "{account}");
    }
    let namespace = cluster.get(&format!("namespace {NAMESPACE}"));
    assert_eq!(namespace["metadata"]["labels"]["pod-security.kubernetes.io/enforce"], "restricted");
    let pods = cluster.list(&format!("pods --namespace={NAMESPACE}"));
    let parts: BTreeSet<String> =
        pods.iter().map(|pod| text(pod, "/spec/containers/0/name").to_owned()).collect();
    let expected = ["api", "mongodb", "operator", "worker"].map(str::to_owned);
    assert_eq!(parts, expected.into(), "pods of all kinds were admitted");
    let refusals = cluster
        .list(&format!("events --namespace={NAMESPACE} --field-selector=reason=FailedCreate"));
    let refusals: Vec<&str> = refusals.iter().map(|event| text(event, "/message")).collect();
    assert!(!refusals.iter().any(|message| message.contains("PodSecurity")), "{refusals:?}");
}
