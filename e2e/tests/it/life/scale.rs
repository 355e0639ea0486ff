//! Load on the Service makes the autoscaler add replicas; neither a rolling restart under load nor
//! the removal of replicas fails a request.

use std::net::SocketAddr;
use std::time::Duration;

use e2e::load::{Load, LoadPlan};

use crate::cluster::{Cluster, NAMESPACE};
use crate::tools::{chart, until};
use crate::yaml::text;

use super::steps::helm_put;

/// Limits so small that a gentle load is too much for one replica: the test is about the number of
/// replicas, not about their speed.
const SENSITIVE: &str = "upgrade trendjob --wait --set api.autoscaling.minReplicas=1,api.autoscaling.maxReplicas=3 \
    --set api.autoscaling.targetCPUUtilizationPercentage=50,api.resources.requests.cpu=20m,api.drainSeconds=15 \
    --set api.autoscaling.behavior.scaleDown.stabilizationWindowSeconds=0 \
    --set api.autoscaling.behavior.scaleDown.policies[0].type=Percent \
    --set api.autoscaling.behavior.scaleDown.policies[0].value=100 \
    --set api.autoscaling.behavior.scaleDown.policies[0].periodSeconds=15";

pub(super) fn grows_and_shrinks_without_a_failed_request(cluster: &Cluster) {
    helm_put("helm", SENSITIVE, &chart()).ok();
    until_replicas(cluster, "one replica", |ready| ready == 1);
    let service = cluster.get(&format!("service trendjob-api --namespace={NAMESPACE}"));
    let address: SocketAddr =
        format!("{}:8383", text(&service, "/spec/clusterIP")).parse().unwrap();
    // Every tenth request opens a new connection: only new connections reach new replicas.
    let load = Load::start(&LoadPlan {
        address,
        path: "/api/v1/trends?source=quickstart&limit=5".to_owned(),
        // Many slow clients: on a busy machine their pace decides the load, not the response
        // time of the API.
        clients: 32,
        pace: Duration::from_millis(80),
        on_one_connection: 10,
    });
    until_replicas(cluster, "more replicas under load", |ready| ready >= 2);
    let before = load.answered();
    cluster
        .kubectl(&format!("rollout restart deployment/trendjob-api --namespace={NAMESPACE}"))
        .ok();
    cluster
        .kubectl(&format!(
            "rollout status deployment/trendjob-api --namespace={NAMESPACE} --timeout=3m"
        ))
        .ok();
    let during = load.answered() - before;
    assert!(during > 100, "there was load during the restart: {during} requests");
    // The load continues until the old pods have ended.
    until("the end of the old pods", || {
        let pods = cluster.list(&format!(
            "pods --namespace={NAMESPACE} --selector=app.kubernetes.io/component=api"
        ));
        (!pods.iter().any(|pod| pod["metadata"]["deletionTimestamp"].is_string())).then_some(())
    });
    let outcome = load.stop();
    let (answered, failures) = (outcome.answered.len(), outcome.failures);
    let first = &failures[..failures.len().min(5)];
    assert!(failures.is_empty(), "{} failed, {answered} did not: {first:?}", failures.len());
    until_replicas(cluster, "fewer replicas afterwards", |ready| ready == 1);
}

/// Waits until the autoscaler and the Deployment agree on a number of ready replicas.
fn until_replicas(cluster: &Cluster, what: &str, holds: impl Fn(u64) -> bool) {
    until(what, || {
        let scaler = cluster.get(&format!("hpa trendjob-api --namespace={NAMESPACE}"));
        let deployment = cluster.get(&format!("deployment trendjob-api --namespace={NAMESPACE}"));
        let wanted = scaler["status"]["desiredReplicas"].as_u64()?;
        let status = &deployment["status"];
        let (all, ready) = (status["replicas"].as_u64()?, status["readyReplicas"].as_u64()?);
        (wanted == all && all == ready && holds(ready)).then_some(())
    });
}
