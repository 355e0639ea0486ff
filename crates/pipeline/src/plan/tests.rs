//! Plan pods whose TrendJob is purged before they begin, while they begin, and while they store
//! their plan; and plans of builds that find other words.

use std::sync::Mutex;

use store::retention::purge;
use store::{RunId, SourceName, Store, TrendJobUid};

use super::*;
use crate::parallel::lock;
use crate::testing::{Fixture, Watch, WatchedStore, post};

const RUN: &str = "uid-0";

/// Purges the TrendJob of the run at the moment a key is inserted.
#[derive(Debug)]
struct PurgedMeanwhile {
    at: Key,
    /// The keys that were inserted, in order.
    inserted: Mutex<Vec<Key>>,
}

#[async_trait::async_trait]
impl Watch for PurgedMeanwhile {
    async fn inserting(&self, store: &dyn Store, key: &Key) {
        lock(&self.inserted).push(key.clone());
        if *key == self.at {
            purge_trendjob(store).await;
        }
    }
}

async fn purge_trendjob(store: &dyn Store) {
    let (source, uid) = (SourceName::new("sample").unwrap(), TrendJobUid::new("uid").unwrap());
    purge(store, &source, &uid, "2026-01-01T00:00:00Z", async {}).await.unwrap();
}

/// Plans the run, whose TrendJob is purged when `key` of the run is inserted. Returns the keys that
/// were inserted: the plan pod must end as removed, and leave nothing.
fn purged_at(key: fn(&RunId) -> Key) -> Vec<Key> {
    let fixture = Fixture::new();
    fixture.file("in", post("love"));
    let context = fixture.context(RUN, "attempt");
    let watch = PurgedMeanwhile { at: key(&context.run), inserted: Mutex::default() };
    let (context, store) = WatchedStore::over(context, watch);
    let error = plan(&context, &fixture.spec()).unwrap_err();
    assert!(matches!(&error, Error::Removed { run } if run == RUN), "{error}");
    assert_eq!(context.wait(store.runs()).unwrap(), []);
    assert_eq!(context.wait(store.get(&Key::plan(&context.run))).unwrap(), None);
    lock(&store.watch.inserted).clone()
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

#[test]
fn only_plans_of_social_name_a_segmentation_and_the_stop_words_of_records() {
    let fixture = Fixture::new();
    fixture.file("in", post("love"));
    let json = |run: &str, spec: &Spec| serde_json::to_value(&*fixture.plan(run, spec)).unwrap();
    let seed = json("seed", &fixture.spec());
    assert_eq!((seed.get("segmentation"), seed.get("analysis")), (None, None));
    let analysis = Analysis { profile: Profile::Social, ..Analysis::default() };
    let social = json("social", &Spec { analysis, ..fixture.spec() });
    assert_eq!(social["segmentation"], trends::social::segmentation());
    assert_eq!(social["analysis"].get("ownStopWords"), None);
}

#[test]
fn a_plan_of_a_build_that_finds_other_words_is_refused_with_the_remedy() {
    let fixture = Fixture::new();
    fixture.file("in", post("love"));
    let analysis = Analysis { profile: Profile::Social, ..Analysis::default() };
    let made = document(
        &Spec { analysis, ..fixture.spec() },
        &fixture.context("run", "attempt").remote,
        &Cancel::default(),
    )
    .unwrap();
    let ours = trends::social::segmentation();
    for (run, planned, named) in [
        ("other", Some("words-1+uax29-9.9.9".to_owned()), "words-1+uax29-9.9.9"),
        ("none", None, "rules without a name"),
    ] {
        let context = fixture.context(run, "attempt");
        let plan = PlanDocument { segmentation: planned, ..made.clone() };
        let (key, attempt) = (Key::plan(&context.run), context.attempt_key(Stage::Plan, 0));
        let inserted = insert_document(&*context.store, &key, &attempt, plan);
        context.wait(inserted).unwrap();
        let error = stored(&context, None).unwrap_err();
        assert_eq!((error.reason(), error.is_permanent()), ("PlanMismatch", true));
        let message = error.to_string();
        for part in [named, &ours, "same image", run] {
            assert!(message.contains(part), "{part} is not in {message}");
        }
    }
}
