//! Whole runs on a real cluster: what is published is what one machine publishes.

use k8s_openapi::api::batch::v1::Job;
use kube::api::{DeleteParams, ListParams};
use serde_json::json;

use crate::cluster::{Testbed, condition, digest, holds};

#[tokio::test]
async fn a_small_trendjob_is_one_pod_and_publishes_what_one_machine_does() {
    let Some(testbed) = Testbed::new("small").await else { return };
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

#[tokio::test]
async fn a_large_trendjob_goes_through_all_stages_and_publishes_what_one_machine_does() {
    let Some(testbed) = Testbed::new("large").await else { return };
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
    let jobs: Vec<Job> = testbed.api().list(&ListParams::default()).await.unwrap().items;
    assert_eq!(jobs.len(), 4);
    for job in &jobs {
        let owners = job.metadata.owner_references.as_ref().unwrap();
        assert!(owners.len() == 1 && owners[0].uid == *object.metadata.uid.as_ref().unwrap());
    }
    // Deleted as kubectl does it, it leaves nothing.
    testbed.trendjobs().delete("large", &DeleteParams::background()).await.unwrap();
    testbed
        .wait("nothing is left", async || {
            testbed.jobs().await.is_empty() && testbed.pods().await.is_empty()
        })
        .await;
    testbed.done().await;
}
