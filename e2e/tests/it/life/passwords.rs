//! Passwords of the chart's MongoDB: made at the first install, and kept by upgrades with both
//! Helms. Only the Secrets are checked, not that MongoDB accepts them.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::cluster::{Cluster, NAMESPACE};
use crate::tools::{chart, helms, run_with};
use crate::yaml::text;

use super::steps::helm_put;

/// Returns all Secrets of the release, decoded.
fn secrets(cluster: &Cluster) -> BTreeMap<String, String> {
    let selector = "--selector=app.kubernetes.io/instance=trendjob";
    let secrets = cluster.list(&format!("secrets --namespace={NAMESPACE} {selector}"));
    let mut found = BTreeMap::new();
    for secret in &secrets {
        for (key, value) in secret["data"].as_object().unwrap() {
            let name = format!("{}/{key}", text(secret, "/metadata/name"));
            let mut base64 = std::process::Command::new("base64");
            found.insert(name, run_with(base64.arg("--decode"), value.as_str().unwrap()).ok());
        }
    }
    found
}

pub(super) fn are_made_once(cluster: &Cluster) {
    let mut before = BTreeMap::new();
    for helm in helms() {
        for _ in 0..2 {
            let upgrade = "upgrade trendjob --set mongodb.auth.enabled=true";
            helm_put(&helm, upgrade, &chart()).ok();
            let now = secrets(cluster);
            assert!(before.is_empty() || before == now, "{helm} changed a password");
            before = now;
        }
    }
    let password = |user: &str| &before[&format!("trendjob-mongodb-passwords/{user}-password")];
    let passwords = ["admin", "worker", "reader"].map(password);
    assert!(passwords.iter().all(|password| password.len() == 32), "{passwords:?}");
    assert!(passwords[0] != passwords[1] && passwords[1] != passwords[2]);
    for (secret, user) in [("trendjob-mongodb", "worker"), ("trendjob-mongodb-readonly", "reader")]
    {
        let host = format!("trendjob-mongodb.{NAMESPACE}.svc:27017");
        let uri = format!("mongodb://{user}:{}@{host}/?authSource=admin", password(user));
        assert_eq!(before[&format!("{secret}/uri")], uri);
    }
    let map = cluster.get(&format!("configmap trendjob-mongodb --namespace={NAMESPACE}"));
    assert!(
        map["data"]["users.js"] != Value::Null,
        "a script creates the users when the server first starts"
    );
}
