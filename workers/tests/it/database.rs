//! The content of a database after runs: blocks, records and plain documents.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use mongodb::bson::{Document, doc};
use serde_json::Value;
use store::marker::marker;
use store::mongo::plain;
use store::{AttemptId, PublishedResult, SourceName, Stage, generations};
use trends::Kind;

use crate::cluster::{Cluster, SOURCE, Shared};

fn count(cluster: &Cluster, collection: &str) -> u64 {
    cluster.wait(async {
        let store = cluster.mongo().await;
        let found = store.database().collection::<Document>(collection);
        found.count_documents(doc! {}).await.unwrap()
    })
}

fn collections(cluster: &Cluster) -> Vec<String> {
    let mut names = cluster
        .wait(async { cluster.mongo().await.database().list_collection_names().await.unwrap() });
    names.sort();
    names
}

#[testing::needs(mongodb)]
#[test]
fn plain_documents_are_the_highest_ranked_words_of_the_visible_result() {
    let shared = Shared::mongo("plain");
    let mut cluster = Cluster::new(Some(shared), 16, 2, 2);
    cluster.config.spec.sink.mongodb.documents = 1_500;
    for _ in 0..2 {
        cluster.restart();
        cluster.run_through();
        let store = cluster.store();
        let newest = cluster.newest().unwrap();
        cluster.wait(async {
            let published = PublishedResult::open(store, newest).await.unwrap();
            let expected = published.ranked(Kind::Word, 0, 1_500).await.unwrap();
            let mongo = cluster.mongo().await;
            let plain = mongo.database().collection::<Document>("trends-sample");
            for rank in [1, 2, 1_000, 1_001, 1_500] {
                let found = plain.find_one(doc! { "_id": rank }).await.unwrap().unwrap();
                let topic = &expected[usize::try_from(rank - 1).unwrap()];
                assert_eq!(found.get_str("word").unwrap(), topic.term);
                assert_eq!(found.get_i64("count").unwrap(), i64::try_from(topic.count).unwrap());
            }
        });
        assert_eq!(count(&cluster, "trends-sample"), 1_500);
    }
    assert!(!collections(&cluster).iter().any(|name| name.starts_with("trends-sample~")));
}

#[testing::needs(mongodb)]
#[test]
fn records_are_stored_once_each_however_often_their_shard_is_counted() {
    let shared = Shared::mongo("records");
    let mut cluster = Cluster::new(Some(shared), 4, 2, 1);
    cluster.config.spec.sink.mongodb.store_records = true;
    let plan = cluster.plan();
    assert_eq!(plan.shards, 2, "the input is cut");
    cluster.indexed("etl", &plan.hash, 0).start().kill();
    let twins = [0, 0].map(|index| cluster.indexed("etl", &plan.hash, index).start());
    for twin in twins {
        twin.end().done();
    }
    let report = cluster.run_through();
    assert_eq!(count(&cluster, SOURCE), report.records.unwrap().counted);
    let found = cluster.wait(async {
        let records = cluster.mongo().await.database().collection::<Document>(SOURCE);
        records.find_one(doc! { "id": 701 }).await.unwrap().unwrap()
    });
    assert_eq!(found.get_str("text").unwrap(), "wordhab oftendf common number 701");
    assert!(!collections(&cluster).iter().any(|name| name.starts_with("sample~")));
}

#[testing::needs(mongodb)]
#[test]
fn a_result_stays_published_if_its_plain_documents_and_records_can_not_be_written() {
    let shared = Shared::mongo("uncopied");
    let mut cluster = Cluster::new(Some(shared), 4, 1, 1);
    cluster.config.spec.sink.mongodb.store_records = true;
    // The wanted number of plain documents can't be stored: it is another source's by this index.
    let wanted =
        || async { cluster.mongo().await.database().collection::<Document>("trendjob.plain") };
    cluster.wait(async {
        let index = mongodb::options::IndexOptions::builder().unique(true).build();
        let index = mongodb::IndexModel::builder().keys(doc! { "limit": 1 }).options(index);
        wanted().await.create_index(index.build()).await.unwrap();
        let other = doc! { "_id": "another", "limit": 10_000_i64 };
        wanted().await.insert_one(other).await.unwrap();
    });
    let report = cluster.run_through();
    assert_eq!(report.result.unwrap().digest, cluster.expected());
    assert!(report.warning.contains("plain documents are not written"), "{}", report.warning);
    assert!(report.warning.contains("trendjob.plain"), "{}", report.warning);
    assert_eq!(count(&cluster, SOURCE), report.records.unwrap().counted, "records are shown");
    let partials = cluster.wait(async {
        let store = cluster.mongo().await;
        let blocks = store.database().collection::<Document>("trendjob.blocks");
        blocks.count_documents(doc! { "stage": "etl" }).await.unwrap()
    });
    assert_eq!(partials, 0, "the clean-up was reached");
    assert!(!collections(&cluster).contains(&"trends-sample".to_owned()));
    // The next run has no such fault, and writes the documents.
    cluster.wait(async { wanted().await.drop().await.unwrap() });
    cluster.restart();
    assert_eq!(cluster.run_through().warning, "");
    assert_eq!(first_plain(&cluster).1, 2);
}

/// Returns the number of blocks that a report refers to: every reference has a checksum.
fn references(report: &Value) -> u64 {
    match report {
        Value::Object(members) if members.contains_key("checksum") => 1,
        Value::Object(members) => members.values().map(references).sum(),
        Value::Array(values) => values.iter().map(references).sum(),
        _ => 0,
    }
}

#[testing::needs(mongodb)]
#[test]
fn nothing_is_left_over_after_runs_that_were_published_failed_superseded_or_purged() {
    let shared = Shared::mongo("leftovers");
    let mut cluster = Cluster::new(Some(shared), 16, 2, 2);
    // Superseded: planned and half counted, then a later run is published.
    let superseded = cluster.plan();
    cluster.indexed("etl", &superseded.hash, 0).run().done();
    // Failed: too many lines are malformed.
    cluster.restart();
    let whole = std::fs::read(cluster.data().join("000.ndjson")).unwrap();
    std::fs::write(cluster.data().join("000.ndjson"), "{bad\n".repeat(3_000)).unwrap();
    let failed = cluster.plan();
    for index in 0..2 {
        cluster.indexed("etl", &failed.hash, index).run().done();
    }
    cluster.indexed("aggregate", &failed.hash, 0).run().failed(42, "TooManyMalformed");
    std::fs::write(cluster.data().join("000.ndjson"), whole).unwrap();
    // Another TrendJob publishes the source and is deleted.
    let other = Cluster::sharing(&cluster);
    other.run_through();
    other.purge(&[]).run().done();
    let store = cluster.store();
    let mut published = 0;
    // Publishes until the grace of the first three runs, one second, is over and they are removed.
    loop {
        cluster.restart();
        cluster.run_through();
        published += 1;
        let runs = cluster.wait(store.runs()).unwrap();
        let gone = (0..3).all(|restart| {
            !runs.iter().any(|run| run.as_str().ends_with(&format!("555555555555-{restart}")))
        });
        if gone {
            break;
        }
    }
    let runs = cluster.wait(store.runs()).unwrap();
    let of = |count: usize| count as u64;
    assert_eq!(count(&cluster, "trendjob.runs"), of(runs.len()));
    assert_eq!(count(&cluster, "trendjob.plans"), of(runs.len()));
    // Per run: 2 shards, 2 partitions, 1 publish.
    assert_eq!(count(&cluster, "trendjob.markers"), of(runs.len()) * 5);
    let mut referred = 0;
    for run in &runs {
        for (stage, index) in [(Stage::Aggregate, 0), (Stage::Aggregate, 1), (Stage::Publish, 0)] {
            let found = cluster.wait(marker::<Value>(&*store, run, stage, index)).unwrap().unwrap();
            // The publish stage refers to the partitions' terms, which their own reports count.
            let report = found.report;
            let own = if stage == Stage::Publish { &report["rankings"] } else { &report };
            referred += references(own);
        }
    }
    assert_eq!(count(&cluster, "trendjob.blocks"), referred, "of {runs:?}");
    // The logs stay, and the marks of removed runs: of each that was superseded, failed, purged or
    // beyond two, and one of the purged TrendJob.
    assert_eq!(count(&cluster, "trendjob.starts"), 3 + published);
    assert_eq!(count(&cluster, "trendjob.generations"), 2 + published);
    assert_eq!(count(&cluster, "trendjob.retired"), 3 + published - 2);
    assert_eq!(count(&cluster, "trendjob.purged"), 1);
    assert_eq!(count(&cluster, "trendjob.store"), 1);
    let expected = [
        "trendjob.blocks",
        "trendjob.generations",
        "trendjob.markers",
        "trendjob.plain",
        "trendjob.plans",
        "trendjob.purged",
        "trendjob.retired",
        "trendjob.runs",
        "trendjob.starts",
        "trendjob.store",
        "trends-sample",
    ];
    assert_eq!(collections(&cluster), expected);
}

/// Reads every millisecond while another TrendJob publishes the same source.
fn polled(shared: Option<Shared>) {
    let cluster = Cluster::new(shared, 16, 2, 2);
    cluster.run_through();
    let store = cluster.store();
    let source = SourceName::new(SOURCE).unwrap();
    let read = || {
        cluster.wait(async {
            let newest = generations::newest(&*store, &source, 0).await.unwrap().unwrap();
            let generation = newest.generation;
            let published = PublishedResult::open(store.clone(), newest).await.unwrap();
            let topics = published.ranked(Kind::Word, 0, 5).await.unwrap();
            (generation, published.contents().digest.clone(), topics)
        })
    };
    let first = read();
    let again = Cluster::sharing(&cluster);
    std::fs::write(again.data().join("new.ndjson"), "{\"text\":\"unheard\"}\n".repeat(90_000))
        .unwrap();
    let (reading, done) = (AtomicBool::new(false), AtomicBool::new(false));
    thread::scope(|scope| {
        scope.spawn(|| {
            while !reading.load(Ordering::SeqCst) {
                thread::yield_now();
            }
            again.run_through();
            done.store(true, Ordering::SeqCst);
        });
        while !done.load(Ordering::SeqCst) {
            // Set before the first read: a read that fails must not leave the other thread waiting.
            reading.store(true, Ordering::SeqCst);
            let now = read();
            if now.0 == 1 {
                assert_eq!(now, first);
            } else {
                assert_eq!((now.0, now.2[0].term.as_str()), (2, "unheard"));
            }
            thread::park_timeout(Duration::from_millis(1));
        }
    });
    assert_eq!(read().0, 2);
}

#[test]
fn a_reader_of_a_folder_sees_the_old_result_or_the_new_one() {
    polled(None);
}

#[testing::needs(mongodb)]
#[test]
fn a_reader_of_mongodb_sees_the_old_result_or_the_new_one() {
    polled(Some(Shared::mongo("polled")));
}

/// Returns the word and the generation of the first plain document.
fn first_plain(cluster: &Cluster) -> (String, i64) {
    cluster.wait(async {
        let database = cluster.mongo().await;
        let documents = database.database().collection::<Document>("trends-sample");
        let first = documents.find_one(doc! { "_id": 1 }).await.unwrap().unwrap();
        (first.get_str("word").unwrap().to_owned(), first.get_i64("generation").unwrap())
    })
}

#[testing::needs(mongodb)]
#[test]
fn plain_documents_agree_with_the_visible_result_after_late_and_killed_publishers() {
    let shared = Shared::mongo("followed");
    let mut cluster = Cluster::new(Some(shared), 16, 1, 1);
    let old = cluster.run_through();
    let hash = cluster.plan().hash;
    cluster.restart();
    std::fs::write(cluster.data().join("new.ndjson"), "{\"text\":\"unheard\"}\n".repeat(90_000))
        .unwrap();
    let plan = cluster.plan();
    cluster.indexed("etl", &plan.hash, 0).run().done();
    cluster.indexed("aggregate", &plan.hash, 0).run().done();
    // Publishers are killed at different moments.
    for moment in 0..12 {
        let running = cluster.pod("publish", &["--plan-hash", &plan.hash]).start();
        thread::park_timeout(Duration::from_millis(moment * 15));
        running.kill();
    }
    cluster.pod("publish", &["--plan-hash", &plan.hash]).run().done();
    assert_eq!(first_plain(&cluster), ("unheard".to_owned(), 2));
    assert_eq!(count(&cluster, "trends-sample"), 10_000, "the limit: there are more words");
    // The state that the publisher of the first run leaves if it swaps its documents in last and
    // is killed.
    cluster.wait(async {
        let database = cluster.mongo().await;
        let documents = database.database().collection::<Document>("trends-sample");
        let stale = doc! { "_id": 1_i64, "word": "stale", "count": 1_i64, "generation": 1_i64 };
        documents.replace_one(doc! { "_id": 1 }, stale).await.unwrap();
    });
    cluster.config.restart = 0;
    let late = cluster.pod("publish", &["--plan-hash", &hash]).run().done();
    assert_eq!(late.outcome, trendjob::ExitStatus::Superseded);
    assert_eq!(old.outcome, trendjob::ExitStatus::Done);
    assert_eq!(first_plain(&cluster), ("unheard".to_owned(), 2));
    // A rollback replaces the documents, too.
    let source = SourceName::new(SOURCE).unwrap();
    let word = cluster.wait(async {
        let mongo = cluster.mongo().await;
        let back = generations::rollback(&mongo, &source, 1, "").await.unwrap();
        let attempt = AttemptId::new("back").unwrap();
        plain::update_plain_documents(&mongo, &source, &attempt).await.unwrap();
        let shown = PublishedResult::open(std::sync::Arc::new(mongo), back).await.unwrap();
        shown.ranked(Kind::Word, 0, 1).await.unwrap().remove(0).term
    });
    assert_eq!(first_plain(&cluster), (word, 3));
    // The next publisher removes the collections that killed publishers left.
    cluster.config.restart = 2;
    cluster.run_through();
    assert!(!collections(&cluster).iter().any(|name| name.starts_with("trends-sample~")));
}

#[testing::needs(mongodb)]
#[test]
fn records_that_no_document_can_hold_are_not_stored_and_the_run_goes_on() {
    let shared = Shared::mongo("unholdable");
    let mut cluster = Cluster::new(Some(shared), 0, 1, 1);
    cluster.config.spec.sink.mongodb.store_records = true;
    let fine = "{\"text\":\"ordinary words\"}\n".repeat(3_000);
    let long = format!("{{\"text\":\"ordinary\",\"pad\":\"{}\"}}", "x".repeat(8 << 20));
    let deep = format!("{{\"text\":\"ordinary\",\"a\":{}{}}}", "[".repeat(110), "]".repeat(110));
    let odd = [&long, &deep, r#"{"text":"ordinary","a\u0000b":1}"#];
    let text = format!("{fine}{}\n{fine}", odd.join("\n"));
    std::fs::write(cluster.data().join("odd.ndjson"), text).unwrap();
    // Some servers take these names, others refuse them.
    let names = "{\"text\":\"ordinary\",\"$a\":1,\"b.c\":{\"$d\":2}}\n";
    std::fs::write(cluster.data().join("names.ndjson"), format!("{fine}{names}{fine}")).unwrap();
    let report = cluster.run_through();
    assert_eq!(report.records.unwrap().counted, 12_004);
    let kept = count(&cluster, SOURCE);
    assert!(kept == 12_000 || kept == 12_001, "{kept}");
}

#[testing::needs(mongodb)]
#[test]
fn records_survive_a_slow_pod_that_stores_some_again_and_go_with_a_purge() {
    let shared = Shared::mongo("again");
    let mut cluster = Cluster::new(Some(shared), 4, 1, 1);
    cluster.config.spec.sink.mongodb.store_records = true;
    let counted = cluster.run_through().records.unwrap().counted;
    let beside = format!("{SOURCE}~{}", cluster.config.run());
    cluster.wait(async {
        let database = cluster.mongo().await;
        let late = database.database().collection::<Document>(&beside);
        late.insert_one(doc! { "_id": "000000-000000-000000000000000" }).await.unwrap();
    });
    let hash = cluster.plan().hash;
    cluster.pod("publish", &["--plan-hash", &hash]).run().done();
    assert_eq!(count(&cluster, SOURCE), counted);
    assert!(!collections(&cluster).contains(&beside));
    cluster.purge(&["--store-records"]).run().done();
    let left = collections(&cluster);
    assert!(!left.iter().any(|name| name == SOURCE || name == "trends-sample"), "{left:?}");
}
