//! `manifests/compose.yaml`, read as Docker Compose reads it. Its services run as pods with the
//! images, arguments, environment and files of the file, because these tests don't need Docker.

use serde_json::{Value, json};

use crate::cluster::{Cluster, NAMESPACE};
use crate::life::steps::counts;
use crate::tools::{read, until};
use crate::yaml::{document, text};

/// Returns the file with the defaults of its variables: `${NAME:-default}`.
fn compose() -> Value {
    let mut text = read("manifests/compose.yaml");
    while let Some(start) = text.find("${") {
        let end = start + text[start..].find('}').unwrap();
        let (_, default) = text[start + 2..end].split_once(":-").unwrap();
        let default = default.to_owned();
        text.replace_range(start..=end, &default);
    }
    document(&text)
}

#[test]
fn compose_runs_one_worker_and_serves_on_the_port_of_the_original() {
    let compose = compose();
    let services = &compose["services"];
    assert_eq!(services["api"]["ports"], json!(["127.0.0.1:8383:8383"]));
    assert_eq!(services["api"]["image"], "docker.io/trendjob/api:0.1.0");
    assert_eq!(services["run"]["image"], "docker.io/trendjob/worker:0.1.0");
    // Both use the one database, and wait until it is healthy.
    for service in ["run", "api"] {
        let service = &services[service];
        assert_eq!(service["environment"]["MONGODB_URI"], "mongodb://mongodb:27017/");
        assert_eq!(service["depends_on"], json!({"mongodb": {"condition": "service_healthy"}}));
    }
    let values = document(&read("charts/trendjob/values.yaml"));
    let image = &values["mongodb"]["image"];
    let image = format!("{}:{}", text(image, "/repository"), text(image, "/tag"));
    assert_eq!(services["mongodb"]["image"], image.as_str(), "the version of the chart");
}

/// Runs the file's worker as a pod with the chart's MongoDB; the API serves its result.
pub(crate) fn runs_as_pods(cluster: &Cluster) {
    let compose = compose();
    let run = &compose["services"]["run"];
    let config = text(&compose, "/configs/run/content");
    let posts = "{\"text\": \"love is a kettle\"}\n{\"text\": \"all you need is love\"}\n";
    let map = json!({
        "apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "compose"},
        "data": {"run.json": config, "posts.ndjson": posts},
    });
    // The file calls the database `mongodb`, so a Service needs this name.
    let alias = json!({
        "apiVersion": "v1", "kind": "Service", "metadata": {"name": "mongodb"},
        "spec": {"clusterIP": "None", "selector": {"app.kubernetes.io/component": "mongodb"}, "ports": [{"port": 27017}]},
    });
    let environment: Vec<Value> = run["environment"]
        .as_object()
        .unwrap()
        .iter()
        .map(|(name, value)| json!({"name": name, "value": value}))
        .collect();
    let file = |key: &str, path: &str| json!({"name": "compose", "mountPath": path, "subPath": key, "readOnly": true});
    let target = text(run, "/configs/0/target");
    let pod = json!({
        "apiVersion": "v1", "kind": "Pod", "metadata": {"name": "compose"},
        "spec": {
            "restartPolicy": "Never",
            "securityContext": {"runAsNonRoot": true, "fsGroup": 65532, "seccompProfile": {"type": "RuntimeDefault"}},
            "containers": [{
                "name": "run", "image": run["image"], "args": run["command"], "env": environment,
                "securityContext": {"allowPrivilegeEscalation": false, "capabilities": {"drop": ["ALL"]}},
                "volumeMounts": [
                    file("run.json", target), file("posts.ndjson", "/data/posts.ndjson"),
                    {"name": "spill", "mountPath": "/spill"},
                ],
            }],
            "volumes": [{"name": "compose", "configMap": {"name": "compose"}}, {"name": "spill", "emptyDir": {}}],
        },
    });
    let namespace = format!("--namespace={NAMESPACE}");
    for object in [&map, &alias, &pod] {
        cluster.apply(&namespace, &object.to_string()).ok();
    }
    let phase = until("the end of the run", || {
        let pod = cluster.get(&format!("pod compose {namespace}"));
        Some(text(&pod, "/status/phase").to_owned())
            .filter(|phase| phase == "Succeeded" || phase == "Failed")
    });
    assert_eq!(phase, "Succeeded", "{}", cluster.kubectl(&format!("logs compose {namespace}")).out);
    let (is_ok, answer) = cluster.ask("trendjob", "/api/v1/trends?source=compose&limit=1", "1m");
    assert!(is_ok, "{answer}");
    assert_eq!(counts(&answer), [("love".to_owned(), 2)]);
    cluster
        .kubectl(&format!("delete pod/compose configmap/compose service/mongodb {namespace}"))
        .ok();
}
