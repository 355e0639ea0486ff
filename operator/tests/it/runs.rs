//! Whole runs on a real cluster. Each publishes the digest that one machine publishes.

use std::io::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use flate2::Compression;
use flate2::write::GzEncoder;
use k8s_openapi::api::batch::v1::Job;
use k8s_openapi::api::core::v1::{ConfigMap, PersistentVolume, PersistentVolumeClaim};
use kube::ResourceExt as _;
use kube::api::{Api, DeleteParams, ListParams};
use serde_json::{Value, json};

use crate::cluster::{self, Testbed, condition, digest, holds, manifests};

#[testing::needs(cluster)]
#[tokio::test]
async fn a_small_trendjob_is_one_pod_and_publishes_the_digest_of_one_machine() {
    let testbed = Testbed::new("small").await;
    let expected = testbed.posts(2).await;
    let _operator = testbed.operator();
    let sharding = json!({"chunkSize": "64Mi", "partitions": 8});
    testbed.apply("small", json!({"spec": {"sharding": sharding}})).await;
    let object = testbed.until_condition("small", "Complete").await;
    assert_eq!(digest(&object), expected);
    assert_eq!(testbed.jobs().await.len(), 1);
    let status = object.status.unwrap();
    let records = status.records.unwrap();
    assert_eq!((records.read, records.malformed), (2 * 603, 6));
    assert_eq!(records.read, records.counted + records.empty + records.malformed);
    assert_eq!(status.shards.unwrap().summary, "1/1");
    testbed.done().await;
}

#[testing::needs(cluster)]
#[tokio::test]
async fn a_large_trendjob_goes_through_all_stages_and_publishes_the_digest_of_one_machine() {
    let testbed = Testbed::new("large").await;
    let expected = testbed.posts(8).await;
    let _operator = testbed.operator();
    testbed.apply("large", json!({})).await;
    let object = testbed.until_condition("large", "Complete").await;
    assert_eq!(digest(&object), expected);
    for kind in ["Ready", "Planned", "ShardsComplete", "Published", "Complete"] {
        assert!(holds(&object, kind), "{kind}");
    }
    for kind in ["Reconciling", "Stalled", "Suspended", "Failed"] {
        assert!(condition(&object, kind).is_some() && !holds(&object, kind), "{kind}");
    }
    let status = object.status.as_ref().unwrap();
    assert_eq!(status.observed_generation, object.metadata.generation);
    assert_eq!(status.shards.as_ref().unwrap().summary, "4/4");
    assert!(serde_json::to_string(status).unwrap().len() < 32 << 10);
    assert_eq!(
        testbed.row("large").await,
        "NAME=large STAGE=Complete SHARDS=4/4 FAILED=0 COMPLETE=True SUSPENDED=false"
    );
    let reasons = ["RunStarted", "Planned", "ShardsComplete", "Published"];
    let events = testbed.until_recorded("large", &reasons).await;
    for reason in reasons {
        let mut recorded = events.iter().filter(|event| event.reason.as_deref() == Some(reason));
        assert!(recorded.next().is_some_and(|event| event.series.is_none()), "{reason}");
        assert_eq!(recorded.count(), 0, "{reason}");
    }
    let jobs: Vec<Job> = testbed.api().list(&ListParams::default()).await.unwrap().items;
    assert_eq!(jobs.len(), 4);
    for job in &jobs {
        let owners = job.metadata.owner_references.as_ref().unwrap();
        assert!(owners.len() == 1 && owners[0].uid == *object.metadata.uid.as_ref().unwrap());
    }
    // The deletion, as kubectl requests it, leaves nothing.
    testbed.trendjobs().delete("large", &DeleteParams::background()).await.unwrap();
    testbed
        .wait("nothing is left", async || {
            testbed.jobs().await.is_empty() && testbed.pods().await.is_empty()
        })
        .await;
    testbed.done().await;
}

#[testing::needs(cluster)]
#[tokio::test]
async fn the_result_lacks_shards_that_failed_for_good_if_allowed() {
    let testbed = Testbed::new("gaps").await;
    let posts = manifests::posts(7);
    let data: Value = posts.iter().map(|(name, text)| (name.clone(), json!(text))).collect();
    let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
    packed.write_all(posts[0].1.as_bytes()).unwrap();
    let packed = packed.finish().unwrap();
    // Cut in the middle: no retry can read it.
    let binary = json!({"posts-99.ndjson.gz": STANDARD.encode(&packed[..packed.len() / 2])});
    let map = json!({"metadata": {"name": "posts"}, "data": data, "binaryData": binary});
    testbed.create::<ConfigMap>(&testbed.api(), map).await;
    let _operator = testbed.operator();
    let spec = json!({
        "input": {"uris": ["file:///data/*.ndjson*"]},
        "failurePolicy": {"maxFailedShards": 1},
    });
    testbed.apply("job", json!({ "spec": spec })).await;
    let object = testbed.until_condition("job", "Complete").await;
    let status = object.status.as_ref().unwrap();
    assert!(status.result.as_ref().unwrap().incomplete);
    let shards = status.shards.as_ref().unwrap();
    assert_eq!((shards.failed, shards.summary.as_str()), (1, "3/4"));
    assert_eq!(condition(&object, "Published").unwrap().reason, "Incomplete");
    testbed.until_recorded("job", &["Gaps"]).await;
    testbed.done().await;
}

// The node sees the file of this test.
#[testing::needs(cluster, node_is_here)]
#[tokio::test]
async fn a_file_on_a_volume_gives_the_digest_of_one_machine() {
    let testbed = Testbed::new("claim").await;
    let folder = testbed.folder.path().join("posts");
    std::fs::create_dir(&folder).unwrap();
    let text: String = manifests::posts(40).into_iter().map(|(_, text)| text).collect();
    std::fs::write(folder.join("posts.ndjson"), text).unwrap();
    for path in [testbed.folder.path(), &folder] {
        std::fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(0o755))
            .unwrap();
    }
    let folder = folder.display().to_string();
    let expected = {
        let folder = folder.clone();
        std::thread::spawn(move || cluster::digest_of(&folder)).join().unwrap()
    };
    let spec = json!({
        "accessModes": ["ReadWriteOnce"], "storageClassName": "", "volumeName": testbed.namespace,
        "resources": {"requests": {"storage": "1Gi"}},
    });
    let claim = json!({"metadata": {"name": "tweets"}, "spec": spec});
    testbed.create::<PersistentVolumeClaim>(&testbed.api(), claim).await;
    let volumes: Api<PersistentVolume> = Api::all(testbed.client.clone());
    let volume = json!({
        "metadata": {"name": testbed.namespace},
        "spec": {
            "accessModes": ["ReadWriteOnce"], "storageClassName": "", "capacity": {"storage": "1Gi"},
            "hostPath": {"path": folder},
        },
    });
    testbed.create::<PersistentVolume>(&volumes, volume).await;
    let _operator = testbed.operator();
    let volume = json!({"configMap": null, "persistentVolumeClaim": {"claimName": "tweets"}});
    let sharding = json!({"chunkSize": "100Ki", "maxShards": 6, "parallelism": 3, "partitions": 3});
    let spec = json!({"input": {"volume": volume}, "sharding": sharding});
    testbed.apply("job", json!({ "spec": spec })).await;
    testbed.until_stage("job", "Etl").await;
    testbed.patch("job", json!({"spec": {"sharding": {"parallelism": 1}}})).await;
    let object = testbed.until_condition("job", "Complete").await;
    assert_eq!(digest(&object), expected);
    let jobs: Vec<Job> = testbed.api().list(&ListParams::default()).await.unwrap().items;
    let etl = jobs.iter().find(|job| job.name_any().ends_with("-etl")).unwrap();
    let pods = etl.spec.as_ref().unwrap().template.spec.as_ref().unwrap();
    assert!(pods.topology_spread_constraints.is_none(), "the claim is for one node");
    drop(volumes.delete(&testbed.namespace, &DeleteParams::default()).await);
    testbed.done().await;
}

// Pods see the server of this test.
#[testing::needs(cluster, node_is_here)]
#[tokio::test]
async fn objects_on_a_server_give_the_digest_of_one_machine() {
    let testbed = Testbed::new("http").await;
    let posts = manifests::posts(4);
    let expected = cluster::expected(&posts);
    let address = cluster::serve(&testbed, posts).await;
    let _operator = testbed.operator();
    let uris: Vec<String> =
        (0..4).map(|file| format!("http://{address}/posts-0{file}.ndjson")).collect();
    let input = json!({"uris": uris, "volume": null});
    testbed.apply("job", json!({"spec": {"input": input}})).await;
    let object = testbed.until_condition("job", "Complete").await;
    assert_eq!(digest(&object), expected);
    testbed.done().await;
}
