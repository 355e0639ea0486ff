//! Score pods: they make the same scores as the publish pod does.

use std::fmt::Write as _;
use std::fs;

use store::marker::{Marker, marker};
use store::{RunId, Stage};
use trends::result::ResultContents;
use trends::{Profile, Score};

use crate::cluster::Cluster;

/// Two days of posts by many authors, in which one word becomes frequent.
fn posts() -> String {
    let mut text = String::new();
    for hour in 0..48 {
        for number in 0..60 {
            let day = hour / 24 + 1;
            let topic = if hour == 46 && number % 2 == 0 { "earthquake" } else { "weather" };
            writeln!(
                text,
                r#"{{"text":"{topic} report again","created_at":"2026-03-{day:02}T{:02}:{number:02}:00Z","user":{{"id":{number}}},"id":{}}}"#,
                hour % 24,
                hour * 100 + number
            )
            .unwrap();
        }
    }
    text
}

/// A run of four partitions, the first `count` of them merged, and the hash of its plan.
fn merged(count: u32) -> (Cluster, String) {
    let mut cluster = Cluster::new(None, 0, 3, 4);
    for file in 0..3 {
        fs::write(cluster.data().join(format!("{file}.ndjson")), posts()).unwrap();
    }
    let analysis = &mut cluster.config.spec.analysis;
    analysis.profile = Profile::Social;
    analysis.window = Some("1h".parse().unwrap());
    analysis.scores = vec![Score::Burst, Score::Popular];
    let plan = cluster.plan();
    assert!(plan.shards > 1, "the run has several pods");
    for index in 0..plan.shards {
        cluster.indexed("etl", &plan.hash, index).run().done();
    }
    for index in 0..count {
        cluster.indexed("aggregate", &plan.hash, index).run().done();
    }
    (cluster, plan.hash)
}

fn publish(cluster: &Cluster, plan: &str) -> ResultContents {
    cluster.pod("publish", &["--plan-hash", plan]).run().done();
    let run = RunId::new(&cluster.config.run()).unwrap();
    let found = cluster.wait(marker(&*cluster.store(), &run, Stage::Publish, 0)).unwrap();
    let found: Marker<ResultContents> = found.unwrap();
    found.report
}

/// Returns the attempt that scored each partition.
fn scored_by(cluster: &Cluster) -> Vec<Option<String>> {
    let run = RunId::new(&cluster.config.run()).unwrap();
    let store = cluster.store();
    let attempt = |index| {
        let found = cluster.wait(marker::<serde_json::Value>(&*store, &run, Stage::Score, index));
        found.unwrap().map(|marker| marker.attempt.to_string())
    };
    (0..4).map(attempt).collect()
}

#[test]
fn score_pods_make_the_scores_that_the_publish_pod_would_make() {
    let (by_publishing, plan) = merged(4);
    let expected = publish(&by_publishing, &plan);
    assert!(!expected.score_digest.is_empty() && !expected.scored.is_empty());

    let (apart, plan) = merged(4);
    assert_eq!(scored_by(&apart), [None, None, None, None]);
    for index in 0..4 {
        apart.indexed("score", &plan, index).run().done();
        // A second attempt finds the marker and is done.
        apart.indexed("score", &plan, index).run().done();
    }
    let scored = scored_by(&apart);
    assert!(scored.iter().all(Option::is_some));
    let published = publish(&apart, &plan);
    assert_eq!(scored_by(&apart), scored);
    assert_eq!(published.digest, expected.digest);
    assert_eq!(published.score_digest, expected.score_digest);
}

#[test]
fn the_publish_pod_scores_the_partitions_that_no_pod_has_scored() {
    let (cluster, plan) = merged(4);
    cluster.indexed("score", &plan, 2).run().done();
    let scored = scored_by(&cluster);
    publish(&cluster, &plan);
    let all = scored_by(&cluster);
    assert!(all.iter().all(Option::is_some));
    assert_eq!(all[2], scored[2]);
}

#[test]
fn a_partition_is_scored_only_when_all_are_merged() {
    let (cluster, plan) = merged(3);
    let early = cluster.indexed("score", &plan, 0).run();
    assert!(!early.status.success(), "{}", early.log);
    assert_eq!(scored_by(&cluster), [None, None, None, None]);
}
