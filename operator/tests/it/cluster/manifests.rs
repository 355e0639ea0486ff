//! The objects that the tests create in the cluster: the definition, a MongoDB, posts and
//! TrendJobs.

use std::fmt::Write as _;
use std::time::Duration;

use k8s_openapi::api::core::v1::{Namespace, Pod, Service};
use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use kube::Client;
use kube::api::{Api, Patch, PatchParams};
use kube::runtime::conditions;
use kube::runtime::wait::await_condition;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use tokio::time::timeout;

use super::{node_is_here, variable};

/// The namespace of the MongoDB of all tests.
pub(crate) const MONGODB: &str = "trendjob-test-mongodb";

/// The address of that MongoDB for workers.
pub(crate) fn mongodb_uri() -> String {
    format!("mongodb://mongodb.{MONGODB}.svc.cluster.local:27017/")
}

async fn apply<K>(api: &Api<K>, name: &str, object: Value)
where
    K: Clone + Serialize + DeserializeOwned + std::fmt::Debug,
{
    let params = PatchParams::apply("trendjob-tests").force();
    api.patch(name, &params, &Patch::Apply(object)).await.unwrap();
}

/// Applies the definition and waits until it is served.
pub(crate) async fn install_definition(client: &Client) {
    let definitions: Api<CustomResourceDefinition> = Api::all(client.clone());
    let name = "trendjobs.trendjob.dev";
    apply(&definitions, name, serde_json::to_value(trendjob::crd()).unwrap()).await;
    let served = await_condition(definitions, name, conditions::is_crd_established());
    timeout(Duration::from_mins(1), served).await.unwrap().unwrap();
}

/// Starts the MongoDB of all tests, unless it runs, and waits until it is ready.
pub(crate) async fn start_mongodb(client: &Client) {
    let namespaces: Api<Namespace> = Api::all(client.clone());
    let namespace = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": MONGODB}});
    apply(&namespaces, MONGODB, namespace).await;
    let services: Api<Service> = Api::namespaced(client.clone(), MONGODB);
    let service = json!({
        "apiVersion": "v1", "kind": "Service", "metadata": {"name": "mongodb"},
        "spec": {"selector": {"app": "mongodb"}, "ports": [{"port": 27017}]},
    });
    apply(&services, "mongodb", service).await;
    start_mongodb_pod(client).await;
}

/// Starts the pod of the MongoDB. If the node is this machine, the data outlives the pod.
pub(crate) async fn start_mongodb_pod(client: &Client) {
    let pods: Api<Pod> = Api::namespaced(client.clone(), MONGODB);
    let image = variable("TRENDJOB_TEST_MONGODB_IMAGE");
    let arguments = variable("TRENDJOB_TEST_MONGODB_ARGS").unwrap_or_default();
    let arguments: Vec<&str> = arguments.split_whitespace().collect();
    let data = if node_is_here() {
        let folder = std::env::temp_dir().join(MONGODB);
        json!({"hostPath": {"path": folder, "type": "DirectoryOrCreate"}})
    } else {
        json!({"emptyDir": {}})
    };
    let pod = json!({
        "apiVersion": "v1", "kind": "Pod",
        "metadata": {"name": "mongodb", "labels": {"app": "mongodb"}},
        "spec": {
            "terminationGracePeriodSeconds": 1,
            "securityContext": {"runAsUser": 0},
            "containers": [{
                "name": "mongodb",
                "image": image.as_deref().unwrap_or("docker.io/library/mongo:7"),
                "imagePullPolicy": "IfNotPresent",
                "args": arguments,
                "ports": [{"containerPort": 27017}],
                "readinessProbe": {"tcpSocket": {"port": 27017}, "periodSeconds": 1},
                "volumeMounts": [{"name": "data", "mountPath": "/data"}],
            }],
            "volumes": [{"name": "data"}],
        },
    });
    let mut pod = pod;
    pod["spec"]["volumes"][0].as_object_mut().unwrap().extend(data.as_object().unwrap().clone());
    if pods.get_opt("mongodb").await.unwrap().is_none() {
        let pod: Pod = serde_json::from_value(pod).unwrap();
        // Another test may be faster.
        drop(pods.create(&kube::api::PostParams::default(), &pod).await);
    }
    let ready = await_condition(pods, "mongodb", |pod: Option<&Pod>| {
        let status = pod.and_then(|pod| pod.status.as_ref());
        let conditions = status.and_then(|status| status.conditions.as_deref());
        conditions
            .unwrap_or_default()
            .iter()
            .any(|one| one.type_ == "Ready" && one.status == "True")
    });
    timeout(Duration::from_mins(2), ready).await.unwrap().unwrap();
}

/// Files of about 40 KB with common words and some malformed lines.
pub(crate) fn posts(files: usize) -> Vec<(String, String)> {
    (0..files).map(|file| (format!("posts-{file:02}.ndjson"), lines(file))).collect()
}

fn lines(file: usize) -> String {
    let letters = |number: usize| -> String {
        number.to_string().bytes().map(|digit| char::from(b'a' + (digit - b'0'))).collect()
    };
    let mut text = String::new();
    for line in 0..600 {
        let number = file * 250 + line;
        let (rare, often) = (letters(number), letters(number % 29));
        writeln!(text, r#"{{"text":"word{rare} often{often} common {number}","id":{number}}}"#)
            .unwrap();
        if line % 200 == 0 {
            text.push_str("{\"text\":\"cut off\n");
        }
    }
    text
}

/// A TrendJob over the `ConfigMap` `posts`, with changes to its spec.
pub(crate) fn trendjob(name: &str, database: &str, changes: Value) -> Value {
    let mut object = json!({
        "apiVersion": "trendjob.dev/v1alpha1", "kind": "TrendJob",
        "metadata": {"name": name},
        "spec": {
            "source": name,
            "input": {
                "uris": ["file:///data/*.ndjson"],
                "volume": {"configMap": {"name": "posts"}},
            },
            "sharding": {"chunkSize": "20Ki", "maxShards": 4, "partitions": 2},
            "sink": {"mongodb": {"database": database}},
        },
    });
    let small =
        json!({"requests": {"cpu": "10m", "memory": "32Mi"}, "limits": {"memory": "256Mi"}});
    for stage in ["plan", "etl", "aggregate"] {
        object["spec"][stage] = json!({"resources": small});
    }
    merge(&mut object, changes);
    object
}

/// Merges as `kubectl patch --type=merge` does.
pub(crate) fn merge(into: &mut Value, changes: Value) {
    match (into, changes) {
        (Value::Object(into), Value::Object(changes)) => {
            for (name, change) in changes {
                if change.is_null() {
                    into.remove(&name);
                } else {
                    merge(into.entry(name).or_insert(Value::Null), change);
                }
            }
        }
        (into, change) => *into = change,
    }
}
