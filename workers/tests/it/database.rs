//! What a database holds after runs, counted, and what is kept beside the results.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use mongodb::bson::{Document, doc};
use store::{Published, SourceName, generations};
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

#[test]
fn plain_documents_are_the_highest_ranked_words_of_what_is_visible() {
    let Some(shared) = Shared::mongo("plain") else { return };
    let mut cluster = Cluster::new(Some(shared), 16, 2, 2);
    cluster.config.spec.sink.mongodb.documents = 1_500;
    for _ in 0..2 {
        cluster.restart();
        cluster.run_through();
        let store = cluster.store();
        let newest = cluster.newest().unwrap();
        cluster.wait(async {
            let published = Published::open(store, newest).await.unwrap();
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

#[test]
fn records_are_kept_once_each_however_often_their_shard_was_counted() {
    let Some(shared) = Shared::mongo("records") else { return };
    let mut cluster = Cluster::new(Some(shared), 4, 2, 1);
    cluster.config.spec.sink.mongodb.store_records = true;
    let plan = cluster.plan();
    if plan.shards > 1 {
        cluster.indexed("etl", &plan.hash, 0).start().kill();
        let twins = [0, 0].map(|index| cluster.indexed("etl", &plan.hash, index).start());
        for twin in twins {
            twin.end().done();
        }
    }
    let told = cluster.run_through();
    assert_eq!(count(&cluster, SOURCE), told.records.unwrap().counted);
    let found = cluster.wait(async {
        let records = cluster.mongo().await.database().collection::<Document>(SOURCE);
        records.find_one(doc! { "id": 701 }).await.unwrap().unwrap()
    });
    assert_eq!(found.get_str("text").unwrap(), "wordhab oftendf common number 701");
    assert!(!collections(&cluster).iter().any(|name| name.starts_with("sample~")));
}

#[test]
fn after_runs_that_published_failed_were_superseded_or_purged_nothing_is_left_over() {
    let Some(shared) = Shared::mongo("leftovers") else { return };
    let mut cluster = Cluster::new(Some(shared), 16, 2, 2);
    // Overtaken: planned and half counted, then a later run publishes.
    let overtaken = cluster.plan();
    cluster.indexed("etl", &overtaken.hash, 0).run().done();
    for _ in 0..4 {
        cluster.restart();
        cluster.run_through();
    }
    // Retired ones go with the first clean-up after their grace, which here is a second.
    let until = std::time::Duration::from_millis(1_100);
    thread::park_timeout(until);
    cluster.restart();
    cluster.run_through();
    let runs = cluster.wait(cluster.store().runs()).unwrap();
    // The two that are kept, and the one that this publishing retired.
    assert_eq!(runs.len(), 3, "{runs:?}");
    assert_eq!(count(&cluster, "trendjob.plans"), 3);
    // Per run: 2 shards, 2 partitions, 1 publish.
    assert_eq!(count(&cluster, "trendjob.markers"), 3 * 5);
    let blocks = cluster.wait(async {
        let store = cluster.mongo().await;
        let blocks = store.database().collection::<Document>("trendjob.blocks");
        blocks.count_documents(doc! { "stage": "etl" }).await.unwrap()
    });
    assert_eq!(blocks, 0, "partials of published runs are gone");
}

#[test]
fn a_reader_sees_the_old_result_or_the_new_one_and_nothing_else() {
    let cluster = Cluster::new(None, 16, 2, 2);
    cluster.run_through();
    let store = cluster.store();
    let source = SourceName::new(SOURCE).unwrap();
    let read = || {
        cluster.wait(async {
            let newest = generations::newest(&*store, &source, 0).await.unwrap().unwrap();
            let generation = newest.generation;
            let published = Published::open(store.clone(), newest).await.unwrap();
            let topics = published.ranked(Kind::Word, 0, 5).await.unwrap();
            (generation, published.digest().to_owned(), topics)
        })
    };
    let first = read();
    let again = Cluster::sharing(&cluster);
    std::fs::write(again.data().join("new.ndjson"), "{\"text\":\"unheard\"}\n".repeat(90_000))
        .unwrap();
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            again.run_through();
            done.store(true, Ordering::SeqCst);
        });
        let mut seen = 0;
        while !done.load(Ordering::SeqCst) {
            let now = read();
            if now.0 == 1 {
                assert_eq!(now, first);
            } else {
                assert_eq!((now.0, now.2[0].term.as_str()), (2, "unheard"));
            }
            seen += 1;
            thread::park_timeout(std::time::Duration::from_millis(1));
        }
        assert!(seen > 10);
    });
    assert_eq!(read().0, 2);
}
