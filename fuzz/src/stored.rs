//! Documents and log entries. A value is stored as its bytes are, so the readers see what a broken
//! disk or another program left.

use std::sync::Arc;

use store::document::{AttemptKey, insert_document, read_document};
use store::marker::Marker;
use store::{AttemptId, Key, ObjectStore, RunId, SourceName, Stage, Store, check, runs};
use tokio::runtime::{Builder, Runtime};
use trends::exclusions::{Action, Change, Subject};
use trends::result::ResultContents;

fn runtime() -> Runtime {
    Builder::new_current_thread().build().expect("a runtime")
}

async fn store() -> Arc<dyn Store> {
    Arc::new(ObjectStore::in_memory().await.expect("a store in memory"))
}

fn run() -> RunId {
    RunId::new("run").expect("a valid name")
}

fn source() -> SourceName {
    SourceName::new("sample").expect("a valid name")
}

/// Any bytes are refused as a plan, marker or record, and so is a marker with any changed byte.
pub fn document(data: &[u8]) {
    runtime().block_on(async {
        let keys = [Key::run(&run()), Key::plan(&run()), Key::marker(&run(), Stage::Publish, 0)];
        let store = self::store().await;
        for key in &keys {
            store.insert(key, data.to_vec().into()).await.expect("memory");
            drop(check::check_value(&*store, key).await);
        }
        drop(runs::read(&*store, &run()).await);
        drop(read_document::<Marker<ResultContents>>(&*store, &keys[2]).await);
        let Some((&[high, low, change], text)) = data.split_first_chunk::<3>() else { return };
        let text = String::from_utf8_lossy(text).into_owned();
        let attempt = AttemptId::new("attempt").expect("a valid name");
        let attempt = AttemptKey { run: run(), stage: Stage::Etl, index: 0, attempt };
        let key = Key::marker(&run(), Stage::Etl, 0);
        insert_document(&*store, &key, &attempt, text.clone()).await.expect("memory");
        let found: Option<String> = read_document(&*store, &key).await.expect("it is whole");
        assert_eq!(found, Some(text));
        let at = usize::from(high) << 8 | usize::from(low);
        changed(&*store, &key, at, change).await;
    });
}

/// Any bytes are refused as an entry, and so is an entry with any changed byte.
pub fn log(data: &[u8]) {
    runtime().block_on(async {
        let store = self::store().await;
        for key in [
            Key::start(&source(), 1),
            Key::generation(&source(), 1),
            Key::exclusion(&source(), 1),
            Key::retired(&run()),
        ] {
            store.insert(&key, data.to_vec().into()).await.expect("memory");
            drop(check::check_value(&*store, &key).await);
        }
        let Some((&[high, low, change], text)) = data.split_first_chunk::<3>() else { return };
        let store = self::store().await;
        let term = String::from_utf8_lossy(text).into_owned();
        let subjects = vec![Subject::Term { term, kind: None }];
        let excluded = Change { action: Action::Exclude, subjects, reason: None };
        if store::exclusions::append(&*store, &source(), &excluded, "now").await.is_ok() {
            let at = usize::from(high) << 8 | usize::from(low);
            changed(&*store, &Key::exclusion(&source(), 1), at, change).await;
        }
    });
}

/// Changes a byte of the value under a key, which is then refused.
async fn changed(store: &dyn Store, key: &Key, at: usize, change: u8) {
    let mut bytes = store.get(key).await.expect("memory").expect("stored").to_vec();
    let at = at % bytes.len();
    // One bit: two could turn a checked value into one of an earlier release.
    bytes[at] ^= 1 << (change % 8);
    let other = self::store().await;
    other.insert(key, bytes.into()).await.expect("memory");
    let found = check::check_value(&*other, key).await;
    assert!(found.is_err(), "{key}, bit {} of byte {at}: {found:?}", change % 8);
}
