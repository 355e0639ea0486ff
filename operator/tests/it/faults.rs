//! Operators, pods and databases that end at any moment. Every run still publishes the digest that
//! one machine publishes, each child is created once, and nothing is left over.

use std::collections::BTreeMap;
use std::time::Duration;

use k8s_openapi::api::core::v1::Pod;
use kube::ResourceExt as _;
use kube::api::{Api, DeleteParams};
use serde_json::json;
use tokio::time::sleep;

use crate::cluster::{Testbed, digest, holds, manifests, variable};

/// A small generator (`SplitMix64`), so that a printed seed repeats the moments.
struct Dice(u64);

impl Dice {
    fn new() -> Self {
        let seed = variable("TRENDJOB_TEST_SEED").and_then(|seed| seed.parse().ok());
        Self::from_seed(seed.unwrap_or_else(|| u64::from(std::process::id())))
    }

    #[expect(clippy::print_stderr, reason = "a failure must be repeatable")]
    fn from_seed(seed: u64) -> Self {
        eprintln!("seed {seed}");
        Self(seed)
    }

    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (mixed ^ (mixed >> 31)) % sides
    }

    /// Sleeps until a random moment.
    async fn moment(&mut self, up_to: u64) {
        sleep(Duration::from_millis(self.roll(up_to))).await;
    }
}

#[testing::needs(cluster)]
#[tokio::test]
async fn an_operator_that_is_killed_at_any_moment_goes_on_after_its_restart() {
    let testbed = Testbed::new("killed").await;
    let expected = testbed.posts(4).await;
    let mut dice = Dice::new();
    let runs = variable("TRENDJOB_TEST_RUNS").and_then(|runs| runs.parse().ok()).unwrap_or(4);
    for run in 0..runs {
        let name = format!("run-{run}");
        let mut operator = testbed.operator();
        testbed.apply(&name, json!({})).await;
        // Each life is longer than the one before, so that a slow machine makes progress, too.
        for lives in 1.. {
            dice.moment(2_400 + 100 * lives).await;
            operator.kill();
            operator = testbed.operator();
            let object = testbed.trendjobs().get(&name).await.unwrap();
            if holds(&object, "Complete") || holds(&object, "Failed") {
                break;
            }
        }
        let object = testbed.until_condition(&name, "Complete").await;
        assert_eq!(digest(&object), expected);
    }
    // Each child was created once: names are never used twice.
    let jobs = testbed.jobs().await;
    assert_eq!(jobs.len(), 4 * runs, "{jobs:?}");
    testbed.done().await;
}

#[testing::needs(cluster)]
#[tokio::test]
async fn two_operators_at_once_create_each_child_once() {
    let testbed = Testbed::new("both").await;
    let expected = testbed.posts(4).await;
    let _first = testbed.operator();
    let _second = testbed.operator();
    for run in 0..3 {
        testbed.apply(&format!("run-{run}"), json!({})).await;
    }
    for run in 0..3 {
        let object = testbed.until_condition(&format!("run-{run}"), "Complete").await;
        assert_eq!(digest(&object), expected);
    }
    assert_eq!(testbed.jobs().await.len(), 12);
    testbed.done().await;
}

#[testing::needs(cluster)]
#[tokio::test]
async fn another_operator_takes_over_when_the_first_stops() {
    let testbed = Testbed::new("takeover").await;
    let expected = testbed.posts(1).await;
    let first = testbed.candidate();
    testbed.apply("before", json!({})).await;
    testbed.until_condition("before", "Complete").await;
    let _second = testbed.candidate();
    assert_eq!(first.stop(), Some(0), "the operator stops cleanly");
    testbed.apply("after", json!({})).await;
    let object = testbed.until_condition("after", "Complete").await;
    assert_eq!(digest(&object), expected);
    testbed.done().await;
}

#[testing::needs(cluster)]
#[tokio::test]
async fn pods_that_are_deleted_at_work_do_not_change_the_result() {
    let testbed = Testbed::new("deleted").await;
    let expected = testbed.posts(8).await;
    let _operator = testbed.operator();
    let mut dice = Dice::new();
    testbed.apply("job", json!({"spec": {"sharding": {"maxShards": 8, "parallelism": 2}}})).await;
    let pods: Api<Pod> = testbed.api();
    let mut deleted: BTreeMap<String, u32> = BTreeMap::new();
    for _ in 0..12 {
        dice.moment(700).await;
        for pod in testbed.pods().await {
            let phase = pod.status.as_ref().and_then(|status| status.phase.clone());
            let stage = pod.labels().get("trendjob.dev/stage").cloned().unwrap_or_default();
            // Each stage loses three pods at most.
            let times = deleted.entry(stage).or_default();
            if matches!(phase.as_deref(), Some("Pending" | "Running")) && *times < 3 {
                *times += 1;
                drop(pods.delete(&pod.name_any(), &DeleteParams::default().grace_period(0)).await);
                break;
            }
        }
    }
    let object = testbed.until_condition("job", "Complete").await;
    assert_eq!(digest(&object), expected);
    testbed.done().await;
}

// On another machine's node the database keeps nothing.
#[testing::needs(cluster, node_is_here)]
#[tokio::test]
async fn a_run_waits_for_a_database_that_restarts() {
    let testbed = Testbed::new("database").await;
    let expected = testbed.posts(8).await;
    let _operator = testbed.operator();
    testbed.apply("job", json!({})).await;
    testbed.until_stage("job", "Etl").await;
    let pods: Api<Pod> = Api::namespaced(testbed.client.clone(), manifests::MONGODB);
    let old = pods.get("mongodb").await.unwrap().uid();
    pods.delete("mongodb", &DeleteParams::default().grace_period(0)).await.unwrap();
    // Another test may start the pod again meanwhile.
    testbed
        .wait("the pod is gone", async || {
            pods.get_opt("mongodb").await.unwrap().is_none_or(|pod| pod.uid() != old)
        })
        .await;
    manifests::start_mongodb_pod(&testbed.client).await;
    let object = testbed.until_condition("job", "Complete").await;
    assert_eq!(digest(&object), expected);
    testbed.done().await;
}
