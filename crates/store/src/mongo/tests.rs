//! The store against a real server: the one that `MONGODB_URI` names.

use std::sync::Arc;

use super::*;
use crate::conformance::conformance;

mod bad_times;
mod secantus;
// The worker's tests include this file, too, and use other parts of it.
#[expect(dead_code, reason = "shared with tests of another crate")]
mod server;

/// A database of one test on the server that `MONGODB_URI` names.
pub(super) fn options(database: &str) -> MongoOptions {
    let uri = std::env::var_os("MONGODB_URI").expect("MONGODB_URI names the server of this test");
    MongoOptions {
        uri: MongoUri::new(&uri.to_string_lossy()),
        database: format!("test-{database}-{}", std::process::id()),
        ca_file: None,
        opening: Opening::CreateIndexes,
        patience: Duration::from_mins(1),
    }
}

#[testing::needs(mongodb)]
#[tokio::test(flavor = "multi_thread")]
async fn a_database_passes_the_conformance_suite() {
    let options = options("conformance");
    let open = async || {
        let store: Arc<dyn Store> = Arc::new(MongoStore::open(&options).await.unwrap());
        store
    };
    conformance(open).await;
    MongoStore::open(&options).await.unwrap().database.drop().await.unwrap();
}

#[testing::needs(mongodb)]
#[tokio::test(flavor = "multi_thread")]
async fn a_database_of_a_newer_format_is_not_touched() {
    let options = options("newer");
    let store = MongoStore::open(&options).await.unwrap();
    let formats = store.database.collection::<Document>("trendjob.store");
    let newer = doc! { "_id": "format", "format": FORMAT + 1 };
    formats.replace_one(doc! { "_id": "format" }, newer).await.unwrap();
    for opening in [Opening::CheckFormat, Opening::CreateIndexes] {
        let error =
            MongoStore::open(&MongoOptions { opening, ..options.clone() }).await.unwrap_err();
        assert!(matches!(error, StoreError::Newer { found: 2, known: 1, .. }), "{error}");
    }
    store.database.drop().await.unwrap();
}

#[test]
fn every_key_has_its_collection_and_id() {
    let run = RunId::new("a-1").unwrap();
    let source = SourceName::new("s").unwrap();
    let number = "00000000000000000007";
    for (key, collection, id, of_run, n) in [
        (Key::run(&run), "trendjob.runs", "a-1".to_owned(), true, None),
        (Key::plan(&run), "trendjob.plans", "a-1".to_owned(), true, None),
        (
            Key::marker(&run, Stage::Etl, 7),
            "trendjob.markers",
            format!("a-1/etl/{number}"),
            true,
            None,
        ),
        (Key::start(&source, 7), "trendjob.starts", format!("s/{number}"), false, Some(7)),
        (
            Key::generation(&source, 7),
            "trendjob.generations",
            format!("s/{number}"),
            false,
            Some(7),
        ),
        (Key::exclusion(&source, 7), "trendjob.exclusions", format!("s/{number}"), false, Some(7)),
        (Key::retired(&run), "trendjob.retired", "a-1".to_owned(), false, None),
    ] {
        let address = Address::of(&key);
        assert_eq!((&*address.collection, &address.id, address.n), (collection, &id, n), "{key}");
        assert_eq!(address.run.is_some(), of_run, "{key}");
    }
}
