//! Clean-up in a cluster, where many processes share a store and none knows which others still
//! work. Owns the rule that a run is removed only if the log proves it useless, or it has had no
//! result for a long time, and only after its grace.
//!
//! An unpublished run can be published until a later run is published. From then on nothing reads
//! what its pods still write.

use super::verdict::Rules;
use super::{CleanUp, CleanupReport, Retention, report};
use crate::{SourceName, Store, StoreError};

/// Retires the useless runs of a source, and removes runs whose grace is over. Of other sources,
/// only removes runs without a result that began at least `ABANDONED_AFTER` ago, and late data of
/// removed runs. `now` is in seconds since the epoch.
pub async fn clean_up_source(
    store: &dyn Store,
    source: &SourceName,
    retention: Retention,
    now: u64,
) -> Result<CleanupReport, StoreError> {
    let rules = Rules::of_a_run(retention, now);
    let clean_up = CleanUp { store, locks: None, rules, scope: Some(source), is_dry: false };
    Ok(report(&clean_up.run().await?))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::generations::{self, Publication, PublicationStatus};
    use crate::retention::{ABANDONED_AFTER, purge};
    use crate::runs::{self, Beginning};
    use crate::{AttemptId, BlockKey, Key, ObjectStore, RunId, Stage, TrendJobUid};

    const KEEP: Retention = Retention { runs: 2, grace: 600 };

    fn source() -> SourceName {
        SourceName::new("s").unwrap()
    }

    fn run(name: &str) -> RunId {
        RunId::new(name).unwrap()
    }

    fn uid(name: &str) -> TrendJobUid {
        TrendJobUid::new(name).unwrap()
    }

    async fn store() -> ObjectStore {
        ObjectStore::in_memory().await.unwrap()
    }

    /// Records and plans a run.
    async fn plan(store: &dyn Store, source: &SourceName, name: &str) -> u64 {
        let beginning = Beginning { run: &run(name), source, now: Some(0), workers: true };
        let start = runs::begin(store, &beginning).await.unwrap().expect("it has no mark");
        let plan = json!({ "format": 1, "value": { "inline": { "start": start, "more": [1] } } });
        let plan = plan.to_string();
        store.insert(&Key::plan(&run(name)), plan.into()).await.unwrap();
        start
    }

    async fn publish(store: &dyn Store, name: &str, start: u64) -> PublicationStatus {
        let publication = Publication {
            source: &source(),
            run: &run(name),
            start,
            published_at: "",
            incomplete: false,
        };
        generations::publish(store, &publication).await.unwrap()
    }

    async fn kept(store: &dyn Store) -> Vec<String> {
        store.runs().await.unwrap().into_iter().map(String::from).collect()
    }

    #[tokio::test]
    async fn a_superseded_run_is_removed_after_its_grace_and_a_later_one_stays() {
        let store = store().await;
        plan(&store, &source(), "failed").await;
        let start = plan(&store, &source(), "good").await;
        plan(&store, &source(), "later").await;
        plan(&store, &SourceName::new("other").unwrap(), "elsewhere").await;
        store.insert(&Key::run(&run("unplanned")), r#"{"source":"s"}"#.into()).await.unwrap();
        let clean = async |now| clean_up_source(&store, &source(), KEEP, now).await.unwrap();
        assert_eq!(clean(0).await, CleanupReport::default(), "nothing is published yet");
        publish(&store, "good", start).await;
        assert_eq!(clean(1000).await, CleanupReport { retired: 1, ..CleanupReport::default() });
        assert_eq!(clean(1599).await, CleanupReport::default());
        assert!(kept(&store).await.contains(&"failed".to_owned()));
        assert_eq!(clean(1600).await, CleanupReport { removed: 1, ..CleanupReport::default() });
        assert_eq!(kept(&store).await, ["elsewhere", "good", "later", "unplanned"]);
    }

    #[tokio::test]
    async fn published_runs_beyond_the_retention_are_removed_but_never_the_visible_one() {
        let store = store().await;
        for name in ["one", "two", "three", "four"] {
            let start = plan(&store, &source(), name).await;
            publish(&store, name, start).await;
        }
        generations::rollback(&store, &source(), 1, "").await.unwrap();
        for now in [0, 600] {
            clean_up_source(&store, &source(), KEEP, now).await.unwrap();
        }
        assert_eq!(kept(&store).await, ["four", "one", "three"]);
    }

    #[tokio::test]
    async fn a_purge_shows_the_newest_result_that_stays_and_then_none() {
        let store = store().await;
        for name in ["a-0", "b-0", "b-1"] {
            let start = plan(&store, &source(), name).await;
            publish(&store, name, start).await;
        }
        assert_eq!(purge(&store, &source(), &uid("b"), "", async {}).await.unwrap(), 2);
        let newest = generations::newest(&store, &source(), 0).await.unwrap().unwrap();
        assert_eq!(
            (newest.generation, newest.run.as_str(), newest.rollback_to),
            (4, "a-0", Some(1))
        );
        assert!(!newest.withdrawn && newest.highest_start == 3);
        assert_eq!(purge(&store, &source(), &uid("a"), "", async {}).await.unwrap(), 1);
        let newest = generations::newest(&store, &source(), 0).await.unwrap().unwrap();
        assert!(newest.withdrawn);
        assert_eq!(
            purge(&store, &source(), &uid("a"), "", async {}).await.unwrap(),
            0,
            "a purge can be repeated"
        );
        assert_eq!(kept(&store).await, [""; 0]);
        // The source can be published again.
        let start = plan(&store, &source(), "c-0").await;
        assert!(
            matches!(publish(&store, "c-0", start).await, PublicationStatus::Published(entry) if entry.generation == 6)
        );
        assert!(store.remove_blocks(&run("c-0"), Stage::Etl).await.is_ok());
    }

    fn late_block(name: &str) -> BlockKey {
        let attempt = AttemptId::new("late").unwrap();
        BlockKey { run: run(name), stage: Stage::Etl, index: 0, attempt, name: "x".into() }
    }

    #[tokio::test]
    async fn blocks_that_a_late_pod_stored_after_the_removal_of_its_run_are_removed() {
        let store = store().await;
        let start = plan(&store, &source(), "a-0").await;
        publish(&store, "a-0", start).await;
        purge(&store, &source(), &uid("a"), "", async {}).await.unwrap();
        // The pod dies before its marker, so it never notices the removal.
        store.put_block(&late_block("a-0"), "x".into()).await.unwrap();
        let report = clean_up_source(&store, &source(), KEEP, 0).await.unwrap();
        assert_eq!(report, CleanupReport { removed: 1, ..CleanupReport::default() });
        assert_eq!(kept(&store).await, [""; 0]);
    }

    #[tokio::test]
    async fn a_run_of_a_purged_trendjob_never_begins() {
        let store = store().await;
        purge(&store, &source(), &uid("a"), "", async {}).await.unwrap();
        let (run, source) = (run("a-0"), source());
        let beginning = Beginning { run: &run, source: &source, now: Some(0), workers: true };
        assert_eq!(runs::begin(&store, &beginning).await.unwrap(), None);
        assert_eq!(kept(&store).await, [""; 0]);
        let start = store.get(&Key::start(&source, 1)).await.unwrap();
        assert_eq!(start, None, "its start number is not taken");
    }

    #[tokio::test]
    async fn a_run_that_died_before_its_plan_is_removed_once_a_later_one_is_published() {
        let store = store().await;
        let (dead, source) = (run("dead"), source());
        let beginning = Beginning { run: &dead, source: &source, now: Some(0), workers: true };
        runs::begin(&store, &beginning).await.unwrap().expect("it begins");
        let start = plan(&store, &source, "good").await;
        publish(&store, "good", start).await;
        for now in [0, 600] {
            clean_up_source(&store, &source, KEEP, now).await.unwrap();
        }
        assert_eq!(kept(&store).await, ["good"]);
    }

    #[tokio::test]
    async fn a_run_that_was_visible_within_the_grace_stays() {
        let store = store().await;
        let at = trends::time::rfc3339;
        for name in ["a", "b", "c"] {
            let start = plan(&store, &source(), name).await;
            publish(&store, name, start).await;
        }
        // A clean-up retires `a` while a rollback to it is under way.
        generations::rollback(&store, &source(), 1, &at(1000)).await.unwrap();
        crate::marks::retire(&store, &run("a"), 1000).await.unwrap();
        // Later the next run hides it.
        let start = plan(&store, &source(), "d").await;
        let publication = Publication {
            source: &source(),
            run: &run("d"),
            start,
            published_at: &at(5000),
            incomplete: false,
        };
        generations::publish(&store, &publication).await.unwrap();
        for (now, is_kept) in [(5000, true), (5599, true), (5600, false)] {
            clean_up_source(&store, &source(), KEEP, now).await.unwrap();
            assert_eq!(kept(&store).await.contains(&"a".to_owned()), is_kept, "at {now}");
        }
    }

    #[tokio::test]
    async fn partials_of_a_published_run_whose_publisher_died_are_removed() {
        let store = store().await;
        let start = plan(&store, &source(), "a").await;
        store.put_block(&late_block("a"), "x".into()).await.unwrap();
        publish(&store, "a", start).await;
        clean_up_source(&store, &source(), KEEP, 0).await.unwrap();
        assert!(store.get_block(&late_block("a")).await.is_err());
        assert_eq!(kept(&store).await, ["a"]);
    }

    #[tokio::test]
    async fn a_run_of_a_source_that_never_publishes_is_removed_when_it_is_old() {
        let store = store().await;
        let other = SourceName::new("other").unwrap();
        plan(&store, &other, "failed").await;
        for now in [0, ABANDONED_AFTER - 1] {
            clean_up_source(&store, &source(), KEEP, now).await.unwrap();
        }
        assert_eq!(kept(&store).await, ["failed"]);
        for now in [ABANDONED_AFTER, ABANDONED_AFTER + KEEP.grace] {
            clean_up_source(&store, &source(), KEEP, now).await.unwrap();
        }
        assert_eq!(kept(&store).await, [""; 0]);
    }
}
