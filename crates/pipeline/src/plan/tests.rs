//! Plan pods whose TrendJob is purged before they begin, while they begin, and while they store
//! their plan.

use std::sync::{Arc, Mutex};

use bytes::Bytes;
use store::retention::purge;
use store::{
    BlockKey, Insertion, Listing, Part, RunId, SourceName, Store, StoreError, TrendJobUid,
};

use super::*;
use crate::parallel::lock;
use crate::testing::{Fixture, post};

const RUN: &str = "uid-0";

/// A store in which the TrendJob of the run is purged at the moment a key is inserted.
#[derive(Debug)]
struct PurgedMeanwhile {
    inner: Arc<dyn Store>,
    at: Key,
    /// The keys that were inserted, in order.
    inserted: Mutex<Vec<Key>>,
}

async fn purge_trendjob(store: &dyn Store) {
    let (source, uid) = (SourceName::new("sample").unwrap(), TrendJobUid::new("uid").unwrap());
    purge(store, &source, &uid, "2026-01-01T00:00:00Z", async {}).await.unwrap();
}

#[async_trait::async_trait]
impl Store for PurgedMeanwhile {
    async fn insert(&self, key: &Key, value: Bytes) -> Result<Insertion, StoreError> {
        if *key == self.at {
            purge_trendjob(&*self.inner).await;
        }
        lock(&self.inserted).push(key.clone());
        self.inner.insert(key, value).await
    }

    async fn get(&self, key: &Key) -> Result<Option<Bytes>, StoreError> {
        self.inner.get(key).await
    }

    async fn runs(&self) -> Result<Vec<RunId>, StoreError> {
        self.inner.runs().await
    }

    async fn sources(&self) -> Result<Vec<SourceName>, StoreError> {
        self.inner.sources().await
    }

    async fn put_block(&self, key: &BlockKey, bytes: Bytes) -> Result<(), StoreError> {
        self.inner.put_block(key, bytes).await
    }

    async fn get_block(&self, key: &BlockKey) -> Result<Bytes, StoreError> {
        self.inner.get_block(key).await
    }

    fn list(&self, part: Part) -> Listing<'_> {
        self.inner.list(part)
    }

    async fn remove_blocks(&self, run: &RunId, stage: Stage) -> Result<(), StoreError> {
        self.inner.remove_blocks(run, stage).await
    }

    async fn remove_run(&self, run: &RunId) -> Result<(), StoreError> {
        self.inner.remove_run(run).await
    }
}

/// Plans the run, whose TrendJob is purged when `key` of the run is inserted. Returns the keys that
/// were inserted: the plan pod must end as removed, and leave nothing.
fn purged_at(key: fn(&RunId) -> Key) -> Vec<Key> {
    let fixture = Fixture::new();
    fixture.file("in", post("love"));
    let context = fixture.context(RUN, "attempt");
    let (inner, at) = (Arc::clone(&context.store), key(&context.run));
    let store = Arc::new(PurgedMeanwhile { inner, at, inserted: Mutex::default() });
    let context = Context { store: Arc::<PurgedMeanwhile>::clone(&store), ..context };
    let error = plan(&context, &fixture.spec()).unwrap_err();
    assert!(matches!(&error, Error::Removed { run } if run == RUN), "{error}");
    assert_eq!(context.wait(store.runs()).unwrap(), []);
    assert_eq!(context.wait(store.get(&Key::plan(&context.run))).unwrap(), None);
    lock(&store.inserted).clone()
}

#[test]
fn a_late_plan_pod_of_a_purged_trendjob_does_not_look_at_its_input() {
    let fixture = Fixture::new();
    let context = fixture.context(RUN, "attempt");
    context.wait(purge_trendjob(&*context.store));
    // The input can't be listed: looking at it is another error.
    let error = plan(&context, &fixture.spec()).unwrap_err();
    assert!(matches!(&error, Error::Removed { run } if run == RUN), "{error}");
}

#[test]
fn a_run_that_is_purged_while_it_begins_gets_no_plan() {
    let inserted = purged_at(Key::run);
    let plan = Key::plan(&RunId::new(RUN).unwrap());
    assert!(!inserted.is_empty() && !inserted.contains(&plan), "{inserted:?}");
}

#[test]
fn a_plan_that_is_stored_while_its_run_is_purged_is_removed() {
    let inserted = purged_at(Key::plan);
    assert_eq!(inserted.last(), Some(&Key::plan(&RunId::new(RUN).unwrap())));
}
