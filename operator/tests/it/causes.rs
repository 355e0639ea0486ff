//! Mistakes of a user and shortages of a cluster: a condition and an event name each cause within
//! 30 s, and once the cause is fixed the run completes.

use k8s_openapi::api::core::v1::{ConfigMap, ResourceQuota, Secret};
use kube::api::{Api, DeleteParams, Patch, PatchParams};
use serde_json::{Value, json};

use crate::cluster::{Testbed, digest, holds, manifests};

#[testing::needs(cluster)]
#[tokio::test]
async fn a_missing_secret_is_named_and_once_it_exists_the_run_goes_on() {
    let testbed = Testbed::new("secret").await;
    let expected = testbed.posts(1).await;
    let _operator = testbed.operator();
    let mongodb = json!({"uriSecretRef": {"name": "nowhere", "key": "uri"}});
    testbed.apply("job", json!({"spec": {"sink": {"mongodb": mongodb}}})).await;
    let message = testbed.cause("job", &["CreateContainerConfigError"]).await;
    assert!(message.contains("\"nowhere\""), "{message}");
    let object = testbed.trendjobs().get("job").await.unwrap();
    assert!(holds(&object, "Stalled") && !holds(&object, "Reconciling"));
    let uri = manifests::mongodb_uri();
    let secret = json!({"metadata": {"name": "nowhere"}, "stringData": {"uri": uri}});
    testbed.create::<Secret>(&testbed.api(), secret).await;
    let object = testbed.until_condition("job", "Complete").await;
    assert_eq!(digest(&object), expected);
    assert!(!holds(&object, "Stalled"));
    testbed.done().await;
}

#[testing::needs(cluster)]
#[tokio::test]
async fn a_missing_volume_is_named() {
    let testbed = Testbed::new("volume").await;
    let _operator = testbed.operator();
    let map = json!({"configMap": {"name": "missing-map"}});
    testbed.apply("map", json!({"spec": {"input": {"volume": map}}})).await;
    let claim = json!({"configMap": null, "persistentVolumeClaim": {"claimName": "missing-claim"}});
    testbed.apply("claim", json!({"spec": {"input": {"volume": claim}}})).await;
    let message = testbed.cause("claim", &["VolumeUnavailable"]).await;
    assert!(message.contains("missing-claim"), "{message}");
    // A kubelet may report first that it could not look the map up yet.
    testbed.cause_that_names("map", &["FailedMount"], "missing-map").await;
    let expected = {
        let posts = manifests::posts(1);
        let data: Value = posts.iter().map(|(name, text)| (name.clone(), json!(text))).collect();
        let map = json!({"metadata": {"name": "missing-map"}, "data": data});
        testbed.create::<ConfigMap>(&testbed.api(), map).await;
        crate::cluster::expected(&posts)
    };
    let object = testbed.until_condition("map", "Complete").await;
    assert_eq!(digest(&object), expected);
    testbed.done().await;
}

#[testing::needs(cluster)]
#[tokio::test]
async fn an_image_that_can_not_be_pulled_is_named() {
    let testbed = Testbed::new("image").await;
    let expected = testbed.posts(1).await;
    let _operator = testbed.operator_with(&["--image-pull-policy", "Never"]);
    let plan = json!({"image": "docker.io/trendjob/worker:no-such-tag"});
    testbed.apply("job", json!({"spec": {"plan": plan}})).await;
    let reasons = ["ErrImageNeverPull", "ErrImagePull", "ImagePullBackOff"];
    let message = testbed.cause("job", &reasons).await;
    assert!(message.contains("no-such-tag"), "{message}");
    // The pod settings may change while the run is suspended.
    testbed.patch("job", json!({"spec": {"suspend": true}})).await;
    testbed.until_condition("job", "Suspended").await;
    testbed.patch("job", json!({"spec": {"plan": {"image": null}, "suspend": false}})).await;
    let object = testbed.until_condition("job", "Complete").await;
    assert_eq!(digest(&object), expected);
    testbed.done().await;
}

#[testing::needs(cluster)]
#[tokio::test]
async fn a_namespace_that_refuses_the_pods_is_named() {
    let testbed = Testbed::new("refused").await;
    let expected = testbed.posts(1).await;
    let _operator = testbed.operator();
    let root = json!({"podSecurityContext": {"runAsUser": 0}});
    testbed.apply("job", json!({"spec": {"plan": root}})).await;
    let message = testbed.cause("job", &["FailedCreate"]).await;
    assert!(message.contains("PodSecurity"), "{message}");
    testbed.patch("job", json!({"spec": {"suspend": true}})).await;
    let plan = json!({"podSecurityContext": null});
    testbed.patch("job", json!({"spec": {"plan": plan, "suspend": false}})).await;
    let object = testbed.until_condition("job", "Complete").await;
    assert_eq!(digest(&object), expected);
    testbed.done().await;
}

/// Creates a quota, and waits until its status shows that the API server enforces it.
async fn quota(testbed: &Testbed, name: &str, hard: Value) -> Api<ResourceQuota> {
    let quotas: Api<ResourceQuota> = testbed.api();
    let quota = json!({"metadata": {"name": name}, "spec": {"hard": hard}});
    testbed.create::<ResourceQuota>(&quotas, quota).await;
    testbed
        .wait("the quota is enforced", async || {
            let status = quotas.get(name).await.unwrap().status;
            status.is_some_and(|status| status.hard.is_some() && status.used.is_some())
        })
        .await;
    quotas
}

#[testing::needs(cluster)]
#[tokio::test]
async fn an_exhausted_quota_is_named_and_once_it_is_raised_the_run_goes_on() {
    let testbed = Testbed::new("quota").await;
    let expected = testbed.posts(1).await;
    let quotas = quota(&testbed, "none", json!({"pods": "0"})).await;
    let _operator = testbed.operator();
    testbed.apply("job", json!({})).await;
    let message = testbed.cause("job", &["FailedCreate"]).await;
    assert!(message.contains("exceeded quota: none"), "{message}");
    let raised = json!({"spec": {"hard": {"pods": "50"}}});
    quotas.patch("none", &PatchParams::default(), &Patch::Merge(raised)).await.unwrap();
    let object = testbed.until_condition("job", "Complete").await;
    assert_eq!(digest(&object), expected);
    testbed.done().await;
}

#[testing::needs(cluster)]
#[tokio::test]
async fn a_refused_job_is_named_and_once_it_is_fixed_the_run_goes_on() {
    let testbed = Testbed::new("refused").await;
    let expected = testbed.posts(1).await;
    let _operator = testbed.operator();
    let memory = |limit: &str| json!({"plan": {"resources": {"limits": {"memory": limit}}}});
    testbed.apply("job", json!({"spec": memory("1GB")})).await;
    let message = testbed.cause("job", &["FailedCreate"]).await;
    assert!(message.contains("quantities must match"), "{message}");
    let object = testbed.trendjobs().get("job").await.unwrap();
    assert!(holds(&object, "Stalled") && !holds(&object, "Reconciling"));
    testbed.patch("job", json!({"spec": {"suspend": true}})).await;
    testbed.patch("job", json!({"spec": memory("1G")})).await;
    testbed.patch("job", json!({"spec": {"suspend": false}})).await;
    let object = testbed.until_condition("job", "Complete").await;
    assert_eq!(digest(&object), expected);
    // Once a quota on Jobs is raised, the run goes on without a change of the TrendJob.
    let quotas = quota(&testbed, "one", json!({"count/jobs.batch": "1"})).await;
    testbed.apply("other", json!({})).await;
    let message = testbed.cause("other", &["FailedCreate"]).await;
    assert!(message.contains("exceeded quota: one"), "{message}");
    testbed.trendjobs().delete("job", &DeleteParams::background()).await.unwrap();
    let raised = json!({"spec": {"hard": {"count/jobs.batch": "9"}}});
    quotas.patch("one", &PatchParams::default(), &Patch::Merge(raised)).await.unwrap();
    let object = testbed.until_condition("other", "Complete").await;
    assert_eq!(digest(&object), expected);
    testbed.done().await;
}

#[testing::needs(cluster)]
#[tokio::test]
async fn a_status_with_impossible_numbers_is_refused() {
    let testbed = Testbed::new("numbers").await;
    testbed.apply("job", json!({"spec": {"suspend": true}})).await;
    for status in [
        json!({"restarts": 4_294_967_296_u64}),
        json!({"restarts": -1}),
        json!({"lastFailure": {"exitCode": 2_147_483_648_u32}}),
        json!({"shards": {"total": 1.5}}),
    ] {
        let patch = Patch::Merge(json!({ "status": status }));
        let patched =
            testbed.trendjobs().patch_status("job", &PatchParams::default(), &patch).await;
        let error = patched.expect_err(&status.to_string()).to_string();
        assert!(error.contains("status."), "{error}");
    }
    testbed.done().await;
}

#[testing::needs(cluster)]
#[tokio::test]
async fn missing_input_fails_the_run_and_a_restart_with_the_input_succeeds() {
    let testbed = Testbed::new("missing").await;
    let posts = manifests::posts(2);
    let data = json!({"other.txt": "nothing"});
    let map = json!({"metadata": {"name": "posts"}, "data": data});
    testbed.create::<ConfigMap>(&testbed.api(), map).await;
    let _operator = testbed.operator();
    testbed.apply("job", json!({})).await;
    let message = testbed.cause("job", &["InvalidInput"]).await;
    assert!(message.contains("no file matches"), "{message}");
    let object = testbed.until("job", "Failed", |object| holds(object, "Failed")).await;
    let failure = object.status.unwrap().last_failure.unwrap();
    assert_eq!((failure.stage.as_str(), failure.exit_code), ("plan", Some(42)));
    let data: Value = posts.iter().map(|(name, text)| (name.clone(), json!(text))).collect();
    let maps: Api<ConfigMap> = testbed.api();
    maps.patch("posts", &PatchParams::default(), &Patch::Merge(json!({ "data": data })))
        .await
        .unwrap();
    let annotations = json!({"trendjob.dev/restart": "1"});
    testbed.patch("job", json!({"metadata": {"annotations": annotations}})).await;
    let object = testbed.until("job", "Complete", |object| holds(object, "Complete")).await;
    assert_eq!(digest(&object), crate::cluster::expected(&posts));
    assert_eq!(object.status.unwrap().restarts, Some(1));
    testbed.done().await;
}

#[testing::needs(cluster)]
#[tokio::test]
async fn too_many_malformed_lines_fail_the_run_and_the_first_is_named() {
    let testbed = Testbed::new("malformed").await;
    let text = "{\"text\":\"fine words\"}\n{\"text\": cut\n".repeat(3_000);
    let data = json!({"a.ndjson": text, "b.ndjson": text});
    let map = json!({"metadata": {"name": "posts"}, "data": data});
    testbed.create::<ConfigMap>(&testbed.api(), map).await;
    let _operator = testbed.operator();
    testbed.apply("job", json!({})).await;
    // Malformed lines are added up when all shards are counted.
    testbed
        .until("job", "counted", |object| {
            holds(object, "ShardsComplete") || holds(object, "Failed")
        })
        .await;
    let message = testbed.cause("job", &["TooManyMalformed"]).await;
    assert!(message.contains("a.ndjson at byte 22"), "{message}");
    testbed.until("job", "Failed", |object| holds(object, "Failed")).await;
    let fixed = text.replace("{\"text\": cut\n", "");
    let maps: Api<ConfigMap> = testbed.api();
    let data = json!({"data": {"a.ndjson": fixed, "b.ndjson": fixed}});
    maps.patch("posts", &PatchParams::default(), &Patch::Merge(data)).await.unwrap();
    let restart = json!({"metadata": {"annotations": {"trendjob.dev/restart": "1"}}});
    testbed.patch("job", restart).await;
    let object = testbed.until("job", "Complete", |object| holds(object, "Complete")).await;
    let records = object.status.unwrap().records.unwrap();
    assert_eq!((records.counted, records.malformed), (6_000, 0));
    testbed.done().await;
}

#[testing::needs(cluster)]
#[tokio::test]
async fn a_pod_killed_for_its_memory_is_named() {
    let testbed = Testbed::new("oom").await;
    let spec = testbed.too_large_a_line().await;
    let _operator = testbed.operator();
    testbed.apply("job", json!({ "spec": spec })).await;
    testbed.until_stage("job", "Etl").await;
    let message = testbed.cause("job", &["OOMKilled"]).await;
    assert!(message.contains("spec.etl.resources.limits.memory"), "{message}");
    testbed.patch("job", json!({"spec": {"suspend": true}})).await;
    let memory = json!({"memory": "400Mi"});
    let etl = json!({"resources": {"requests": memory, "limits": memory}});
    testbed.patch("job", json!({"spec": {"etl": etl, "suspend": false}})).await;
    testbed.until_condition("job", "Complete").await;
    testbed.done().await;
}
