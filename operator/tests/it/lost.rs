//! Lost nodes and deleted namespaces, where Kubernetes alone would wait for ever.

use std::time::Duration;

use k8s_openapi::api::core::v1::{ConfigMap, Namespace, Node, Pod};
use k8s_openapi::jiff::Timestamp;
use kube::ResourceExt as _;
use kube::api::{Api, DeleteParams, Patch, PatchParams};
use serde_json::{Value, json};

use crate::cluster::{Testbed, digest, manifests};

/// A node without a kubelet: pods on it never end.
struct LostNode {
    nodes: Api<Node>,
    name: String,
}

impl LostNode {
    /// A node with a taint, for pods that tolerate it.
    async fn new(testbed: &Testbed) -> Self {
        let node =
            Self { nodes: Api::all(testbed.client.clone()), name: testbed.namespace.clone() };
        let taint = json!([{"key": node.name, "effect": "NoSchedule"}]);
        let metadata = json!({"name": node.name, "labels": {"trendjob-test": node.name}});
        let object = json!({"metadata": metadata, "spec": {"taints": taint}});
        testbed.create::<Node>(&node.nodes, object).await;
        node.beat().await;
        node
    }

    /// Reports the node ready once, as a kubelet does. Must be repeated until a pod is on the node.
    async fn beat(&self) {
        let now = Timestamp::now().to_string();
        let ready = json!({
            "type": "Ready", "status": "True", "reason": "x",
            "lastHeartbeatTime": now, "lastTransitionTime": now,
        });
        let room =
            json!({"cpu": "10", "memory": "10Gi", "pods": "100", "ephemeral-storage": "100Gi"});
        let status = json!({"conditions": [ready], "capacity": room, "allocatable": room});
        let patch = Patch::Merge(json!({ "status": status }));
        self.nodes.patch_status(&self.name, &PatchParams::default(), &patch).await.unwrap();
    }

    /// The pod settings that put a pod on the node.
    fn parts(&self) -> Value {
        let tolerations = json!([{"key": self.name, "operator": "Exists"}]);
        json!({"nodeSelector": {"trendjob-test": self.name}, "tolerations": tolerations})
    }

    async fn remove(self) {
        drop(self.nodes.delete(&self.name, &DeleteParams::default()).await);
    }
}

async fn set_phase(pods: &Api<Pod>, pod: &str, phase: &str) {
    let patch = Patch::Merge(json!({"status": {"phase": phase}}));
    drop(pods.patch_status(pod, &PatchParams::default(), &patch).await);
}

#[testing::needs(cluster)]
#[tokio::test]
async fn a_pod_whose_node_is_lost_is_replaced() {
    let testbed = Testbed::new("lost").await;
    let expected = testbed.posts(2).await;
    let node = LostNode::new(&testbed).await;
    let _operator = testbed.operator_with(&["--lost-patience", "3s"]);
    // Only the first pod is on the node: nothing reports the node ready any more.
    testbed.apply("job", json!({"spec": {"plan": node.parts()}})).await;
    let pods: Api<Pod> = testbed.api();
    let bound = |pod: &Pod| pod.spec.as_ref().unwrap().node_name.is_some();
    testbed
        .wait("a pod is on the node", async || {
            node.beat().await;
            testbed.pods().await.iter().any(bound)
        })
        .await;
    let lost = testbed.pods().await.remove(0).name_any();
    set_phase(&pods, &lost, "Running").await;
    pods.delete(&lost, &DeleteParams::default().grace_period(1)).await.unwrap();
    testbed
        .wait("another pod exists", async || {
            testbed.pods().await.iter().any(|pod| pod.name_any() != lost)
        })
        .await;
    // The run is suspended, and its next pod goes to a real node.
    testbed.patch("job", json!({"spec": {"suspend": true}})).await;
    testbed.until_condition("job", "Suspended").await;
    let jobs: Api<k8s_openapi::api::batch::v1::Job> = testbed.api();
    let name = testbed.jobs().await.remove(0);
    let plan = json!({"spec": {"plan": {"nodeSelector": null, "tolerations": null}}});
    testbed.patch("job", plan).await;
    // The operator may have deleted the Job already.
    drop(jobs.delete(&name, &DeleteParams::background()).await);
    for pod in testbed.pods().await {
        set_phase(&pods, &pod.name_any(), "Failed").await;
        drop(pods.delete(&pod.name_any(), &DeleteParams::default().grace_period(0)).await);
    }
    testbed.patch("job", json!({"spec": {"suspend": false}})).await;
    let object = testbed.until_condition("job", "Complete").await;
    assert_eq!(digest(&object), expected);
    node.remove().await;
    testbed.done().await;
}

#[testing::needs(cluster)]
#[tokio::test]
async fn a_namespace_with_a_run_that_retries_can_be_deleted() {
    let testbed = Testbed::new("gone").await;
    let mut spec = testbed.too_large_a_line().await;
    spec["failurePolicy"] = json!({"backoffLimitPerShard": 100});
    let _operator = testbed.operator_of_the_cluster();
    testbed.apply("job", json!({ "spec": spec })).await;
    let failed = |pod: &Pod| {
        pod.status.as_ref().and_then(|status| status.phase.as_deref()) == Some("Failed")
    };
    testbed.wait("pods fail", async || testbed.pods().await.iter().any(failed)).await;
    let namespaces: Api<Namespace> = Api::all(testbed.client.clone());
    namespaces.delete(&testbed.namespace, &DeleteParams::background()).await.unwrap();
    testbed
        .wait("the namespace is gone", async || {
            namespaces.get_opt(&testbed.namespace).await.unwrap().is_none()
        })
        .await;
}

#[testing::needs(cluster)]
#[tokio::test]
async fn one_operator_works_in_several_namespaces() {
    let testbed = Testbed::new("several").await;
    let other = Testbed::new("others").await;
    let expected = testbed.posts(1).await;
    let data: Value =
        manifests::posts(1).into_iter().map(|(name, text)| (name, json!(text))).collect();
    let map = json!({"metadata": {"name": "posts"}, "data": data});
    other.create::<ConfigMap>(&other.api(), map).await;
    // The role of the other namespace, bound to the account of this one.
    other.bind(&testbed.namespace).await;
    let operator = testbed.operator_with(&["--namespace", &other.namespace]);
    for each in [&testbed, &other] {
        each.apply("job", json!({})).await;
    }
    for each in [&testbed, &other] {
        assert_eq!(digest(&each.until_condition("job", "Complete").await), expected);
    }
    assert_eq!(operator.stop(), Some(0), "the operator stops cleanly");
    tokio::time::timeout(Duration::from_mins(1), async {
        other.done().await;
        testbed.done().await;
    })
    .await
    .unwrap();
}
