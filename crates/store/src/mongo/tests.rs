//! The store against a real server: the one that `MONGODB_URI` names.

use std::sync::Arc;

use super::*;
use crate::conformance::conformance;

mod bad_times;
// The worker's tests use it too, other parts of it.
#[expect(dead_code, reason = "shared with tests of another crate")]
mod server;

/// What to do where there is no server.
pub(super) const SKIPPED: &str = "skipped: MONGODB_URI is not set; it names the server these tests use, as mongodb://127.0.0.1:27017";

#[expect(clippy::print_stderr, reason = "who runs the tests is told what they left out")]
pub(super) fn options(database: &str) -> Option<MongoOptions> {
    let Some(uri) = std::env::var_os("MONGODB_URI") else {
        eprintln!("{SKIPPED}");
        return None;
    };
    Some(MongoOptions {
        uri: MongoUri::new(&uri.to_string_lossy()),
        database: format!("test-{database}-{}", std::process::id()),
        ca_file: None,
        access: Access::Write,
        patience: Duration::from_secs(60),
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_does_what_every_store_must() {
    let Some(options) = options("conformance") else { return };
    let open = async || {
        let store: Arc<dyn Store> = Arc::new(MongoStore::open(&options).await.unwrap());
        store
    };
    conformance(open).await;
    MongoStore::open(&options).await.unwrap().database.drop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_of_a_newer_format_is_left_alone() {
    let Some(options) = options("newer") else { return };
    let store = MongoStore::open(&options).await.unwrap();
    let formats = store.database.collection::<Document>("trendjob.store");
    let newer = doc! { "_id": "format", "format": FORMAT + 1 };
    formats.replace_one(doc! { "_id": "format" }, newer).await.unwrap();
    for access in [Access::Read, Access::Write] {
        let error =
            MongoStore::open(&MongoOptions { access, ..options.clone() }).await.unwrap_err();
        assert!(matches!(error, StoreError::Newer { found: 2, known: 1, .. }), "{error}");
    }
    store.database.drop().await.unwrap();
}
