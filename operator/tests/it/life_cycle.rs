//! Suspension, deadlines, restarts, deletion and other events in the life of a TrendJob.

use std::collections::BTreeSet;

use k8s_openapi::api::batch::v1::Job;
use k8s_openapi::api::core::v1::{ConfigMap, Namespace};
use kube::ResourceExt as _;
use kube::api::{Api, DeleteParams, ListParams, Patch, PatchParams};
use serde_json::json;

use crate::cluster::{Testbed, condition, digest, has_reached, holds, ready_reason};

#[testing::needs(cluster)]
#[tokio::test]
async fn a_run_can_be_held_and_released_at_every_stage() {
    let testbed = Testbed::new("suspend").await;
    let expected = testbed.posts(8).await;
    let _operator = testbed.operator();
    testbed.apply("job", json!({"spec": {"suspend": true}})).await;
    testbed.until_stage("job", "Pending").await;
    assert_eq!(testbed.jobs().await, [""; 0], "nothing has begun");
    for stage in ["Plan", "Etl", "Aggregate", "Publish"] {
        testbed.patch("job", json!({"spec": {"suspend": false}})).await;
        testbed
            .until("job", stage, |object| has_reached(object, stage) && !holds(object, "Suspended"))
            .await;
        testbed.patch("job", json!({"spec": {"suspend": true}})).await;
        // A stage may end before it is held; then the next one does not begin.
        let held = testbed
            .until("job", "held", |object| holds(object, "Suspended") || holds(object, "Complete"))
            .await;
        if holds(&held, "Complete") {
            break;
        }
        testbed
            .wait("no pod runs", async || {
                testbed.pods().await.iter().all(|pod| {
                    let phase = pod.status.as_ref().and_then(|status| status.phase.clone());
                    !matches!(phase.as_deref(), Some("Pending" | "Running"))
                })
            })
            .await;
        let reason = condition(&held, "Ready").unwrap().reason.clone();
        assert_eq!(reason, "Suspended");
    }
    testbed.patch("job", json!({"spec": {"suspend": false}})).await;
    let object = testbed.until_condition("job", "Complete").await;
    assert_eq!(digest(&object), expected);
    testbed.done().await;
}

#[testing::needs(cluster)]
#[tokio::test]
async fn a_job_in_a_queue_runs_when_it_is_admitted_and_is_deleted_when_suspended() {
    let testbed = Testbed::new("queue").await;
    let expected = testbed.posts(8).await;
    let _operator = testbed.operator();
    let labels = json!({"kueue.x-k8s.io/queue-name": "team"});
    testbed.apply("job", json!({"metadata": {"labels": labels}})).await;
    let jobs: Api<Job> = testbed.api();
    let mut admitted = BTreeSet::new();
    let mut was_suspended = false;
    // The test acts as the queue.
    loop {
        let object = testbed
            .until("job", "queued", |object| {
                ready_reason(object) == "Queued" || holds(object, "Complete")
            })
            .await;
        if holds(&object, "Complete") {
            assert_eq!(digest(&object), expected);
            break;
        }
        let listed = jobs.list(&ListParams::default()).await.unwrap().items;
        let waiting = listed.iter().find(|job| job.spec.as_ref().unwrap().suspend == Some(true));
        let Some(waiting) = waiting else { continue };
        assert_eq!(waiting.labels()["kueue.x-k8s.io/queue-name"], "team");
        if waiting.name_any().ends_with("-etl") && !was_suspended {
            was_suspended = true;
            testbed.patch("job", json!({"spec": {"suspend": true}})).await;
            testbed
                .wait("the Job is gone", async || {
                    jobs.get_opt(&waiting.name_any()).await.unwrap().is_none()
                })
                .await;
            testbed.patch("job", json!({"spec": {"suspend": false}})).await;
            continue;
        }
        let patch = json!({"spec": {"suspend": false}});
        let name = waiting.name_any();
        drop(jobs.patch(&name, &PatchParams::default(), &Patch::Merge(patch)).await);
        admitted.insert(name);
    }
    assert_eq!(admitted.len(), 4);
    assert!(was_suspended);
    testbed.done().await;
}

#[testing::needs(cluster)]
#[tokio::test]
async fn a_run_over_its_deadline_fails_and_leaves_no_pod() {
    let testbed = Testbed::new("deadline").await;
    testbed.posts(1).await;
    let _operator = testbed.operator();
    let mongodb = json!({"uriSecretRef": {"name": "nowhere", "key": "uri"}});
    let spec = json!({"activeDeadlineSeconds": 8, "sink": {"mongodb": mongodb}});
    testbed.apply("job", json!({ "spec": spec })).await;
    let object = testbed.until("job", "Failed", |object| holds(object, "Failed")).await;
    assert_eq!(ready_reason(&object), "DeadlineExceeded");
    assert!(object.status.unwrap().active_seconds >= Some(8));
    testbed.wait("no pod", async || testbed.pods().await.is_empty()).await;
    testbed.done().await;
}

#[testing::needs(cluster)]
#[tokio::test]
async fn a_failed_run_restarts_as_often_as_allowed() {
    let testbed = Testbed::new("retries").await;
    let map = json!({"metadata": {"name": "posts"}, "data": {"other.txt": "x"}});
    testbed.create::<ConfigMap>(&testbed.api(), map).await;
    let _operator = testbed.operator();
    testbed.apply("job", json!({"spec": {"failurePolicy": {"restartLimit": 1}}})).await;
    testbed.until_stage("job", "Restarting").await;
    let object = testbed.until("job", "Failed", |object| holds(object, "Failed")).await;
    assert_eq!(object.status.unwrap().restarts, Some(1));
    let jobs = testbed.jobs().await;
    assert!(
        jobs.len() == 1 && jobs[0].ends_with("-1-plan"),
        "the Jobs of the previous run are deleted: {jobs:?}"
    );
    testbed.done().await;
}

#[testing::needs(cluster)]
#[tokio::test]
async fn a_finished_trendjob_is_deleted_after_its_time_to_live_and_its_name_can_be_used_again() {
    let testbed = Testbed::new("again").await;
    let expected = testbed.posts(1).await;
    let _operator = testbed.operator();
    testbed.apply("job", json!({})).await;
    let first = testbed.until_condition("job", "Complete").await;
    testbed.patch("job", json!({"spec": {"ttlSecondsAfterFinished": 3}})).await;
    testbed
        .wait("it is gone", async || testbed.trendjobs().get_opt("job").await.unwrap().is_none())
        .await;
    testbed.apply("job", json!({})).await;
    let second = testbed.until_condition("job", "Complete").await;
    assert_ne!(first.uid(), second.uid());
    assert_eq!(digest(&second), expected);
    let result = second.status.as_ref().unwrap().result.clone().unwrap();
    assert_eq!(result.generation, 2, "results stay");
    testbed.done().await;
}

#[testing::needs(cluster)]
#[tokio::test]
async fn a_trendjob_of_another_manager_is_left_alone() {
    let testbed = Testbed::new("managed").await;
    testbed.posts(1).await;
    let _operator = testbed.operator();
    testbed.apply("theirs", json!({"spec": {"managedBy": "example.com/other"}})).await;
    testbed.apply("ours", json!({})).await;
    testbed.until_condition("ours", "Complete").await;
    let theirs = testbed.trendjobs().get("theirs").await.unwrap();
    assert!(theirs.status.is_none());
    assert!(testbed.jobs().await.iter().all(|name| name.starts_with("ours-")));
    testbed.done().await;
}

#[testing::needs(cluster)]
#[tokio::test]
async fn the_result_of_the_later_of_two_runs_of_a_source_is_visible() {
    let testbed = Testbed::new("two").await;
    testbed.posts(8).await;
    let _operator = testbed.operator();
    let source = json!({"spec": {"source": "shared"}});
    testbed.apply("first", source.clone()).await;
    testbed.until_condition("first", "Planned").await;
    testbed.patch("first", json!({"spec": {"suspend": true}})).await;
    testbed
        .until("first", "held", |object| holds(object, "Suspended") || holds(object, "Complete"))
        .await;
    testbed.apply("second", source).await;
    let second = testbed.until_condition("second", "Complete").await;
    testbed.patch("first", json!({"spec": {"suspend": false}})).await;
    let first = testbed.until_condition("first", "Complete").await;
    let reason = condition(&first, "Published").unwrap().reason.clone();
    let generation = second.status.unwrap().result.unwrap().generation;
    // The first may have ended before it was held.
    assert!(reason == "Superseded" || generation == 2, "{reason}, {generation}");
    testbed.done().await;
}

#[testing::needs(cluster)]
#[tokio::test]
async fn results_are_removed_before_the_trendjob_is_deleted() {
    let testbed = Testbed::new("purge").await;
    testbed.posts(1).await;
    let _operator = testbed.operator();
    testbed.apply("job", json!({"spec": {"deletionPolicy": "Delete"}})).await;
    let object = testbed.until_condition("job", "Complete").await;
    assert_eq!(object.finalizers(), ["trendjob.dev/purge"]);
    testbed.trendjobs().delete("job", &DeleteParams::foreground()).await.unwrap();
    testbed
        .wait("it is gone", async || testbed.trendjobs().get_opt("job").await.unwrap().is_none())
        .await;
    let jobs: Vec<Job> = testbed.api().list(&ListParams::default()).await.unwrap().items;
    let purge = jobs.iter().find(|job| job.name_any().ends_with("-purge")).unwrap();
    assert!(purge.metadata.owner_references.is_none());
    let conditions = purge.status.as_ref().unwrap().conditions.as_ref().unwrap();
    assert!(conditions.iter().any(|one| one.type_ == "Complete" && one.status == "True"));
    testbed.done().await;
}

#[testing::needs(cluster)]
#[tokio::test]
async fn a_namespace_with_a_finalizer_on_its_trendjob_can_be_deleted() {
    let testbed = Testbed::new("going").await;
    testbed.posts(1).await;
    // An operator whose rights are not removed with the namespace.
    let _operator = testbed.operator_of_the_cluster();
    testbed.apply("job", json!({"spec": {"deletionPolicy": "Delete"}})).await;
    testbed.until_condition("job", "Complete").await;
    let namespaces: Api<Namespace> = Api::all(testbed.client.clone());
    namespaces.delete(&testbed.namespace, &DeleteParams::background()).await.unwrap();
    testbed
        .wait("the namespace is gone", async || {
            namespaces.get_opt(&testbed.namespace).await.unwrap().is_none()
        })
        .await;
}
