//! Clean-up in a cluster, where many processes share a store and none knows which others still
//! work. Owns the rule that a run is removed only if the log proves it useless, and only after its
//! grace.
//!
//! An unpublished run can be published until a later run is published. From then on nothing reads
//! what its pods still write.

use serde::Deserialize;

use super::{CleanupReport, LOOK_BACK, Retention, Retirement, beyond};
use crate::document::{self, read_document};
use crate::generations::{self, history};
use crate::{Key, RunId, SourceName, Store, StoreError};

/// Retires the useless runs of a source, and removes runs whose grace is over. `now` is in seconds
/// since the epoch.
pub async fn clean_up_source(
    store: &dyn Store,
    source: &SourceName,
    retention: Retention,
    now: u64,
) -> Result<CleanupReport, StoreError> {
    let mut report = CleanupReport::default();
    let log = history(store, source, LOOK_BACK.max(retention.runs as u64)).await?;
    let Some(highest) = log.first().map(|newest| newest.highest_start) else { return Ok(report) };
    let beyond = beyond(&log, retention.runs);
    let retirement = Retirement { store, source, grace: retention.grace, now };
    for run in store.runs().await? {
        let is_published = log.iter().any(|entry| entry.run == run);
        let is_useless = if is_published {
            beyond.contains(&run)
        } else {
            is_of(store, &run, source).await? && is_lower(store, &run, highest).await?
        };
        if is_useless && retirement.retire(&run, &mut report).await? {
            store.remove_run(&run).await?;
            report.removed += 1;
        }
    }
    Ok(report)
}

/// Removes all runs whose names begin with `prefix`, and returns their number. If one of these runs
/// published the visible result of the source, that result is withdrawn first.
pub async fn purge(
    store: &dyn Store,
    source: &SourceName,
    prefix: &str,
    published_at: &str,
) -> Result<u64, StoreError> {
    let is_removed = |run: &RunId| run.as_str().starts_with(prefix);
    generations::withdraw(store, source, is_removed, published_at).await?;
    let mut removed = 0;
    for run in store.runs().await?.iter().filter(|run| is_removed(run)) {
        // From here on a rollback to the run is refused.
        let value = serde_json::json!({ "at": 0 }).to_string();
        store.insert(&Key::retired(run), value.into()).await?;
        // A rollback may have come before the retirement.
        generations::withdraw(store, source, is_removed, published_at).await?;
        store.remove_run(run).await?;
        removed += 1;
    }
    Ok(removed)
}

/// The part of the record of a run that clean-up reads.
#[derive(Deserialize)]
struct RunRecord {
    source: SourceName,
}

/// Returns true if a run belongs to a source.
async fn is_of(store: &dyn Store, run: &RunId, source: &SourceName) -> Result<bool, StoreError> {
    let key = Key::run(run);
    let Some(bytes) = store.get(&key).await? else { return Ok(false) };
    let record: RunRecord = document::parse(&key, &bytes)?;
    Ok(record.source == *source)
}

/// The part of a plan that clean-up reads.
#[derive(Deserialize)]
struct PlanStart {
    start: u64,
}

/// Returns true if the start number of a run is lower than `highest`, the highest published one. A
/// run without a plan may still get a higher start number.
async fn is_lower(store: &dyn Store, run: &RunId, highest: u64) -> Result<bool, StoreError> {
    let plan: Option<PlanStart> = read_document(store, &Key::plan(run)).await?;
    Ok(plan.is_some_and(|plan| plan.start < highest))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::generations::{Publication, PublicationStatus};
    use crate::{ObjectStore, Stage};

    const KEEP: Retention = Retention { runs: 2, grace: 600 };

    fn source() -> SourceName {
        SourceName::new("s").unwrap()
    }

    fn run(name: &str) -> RunId {
        RunId::new(name).unwrap()
    }

    async fn store() -> ObjectStore {
        ObjectStore::in_memory().await.unwrap()
    }

    /// Records and plans a run.
    async fn plan(store: &dyn Store, source: &SourceName, name: &str) -> u64 {
        let record = serde_json::json!({ "source": source }).to_string();
        store.insert(&Key::run(&run(name)), record.into()).await.unwrap();
        let start = generations::take_start(store, source, &run(name)).await.unwrap();
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
        assert_eq!(purge(&store, &source(), "b-", "").await.unwrap(), 2);
        let newest = generations::newest(&store, &source(), 0).await.unwrap().unwrap();
        assert_eq!(
            (newest.generation, newest.run.as_str(), newest.rollback_to),
            (4, "a-0", Some(1))
        );
        assert!(!newest.withdrawn && newest.highest_start == 3);
        assert_eq!(purge(&store, &source(), "a-", "").await.unwrap(), 1);
        let newest = generations::newest(&store, &source(), 0).await.unwrap().unwrap();
        assert!(newest.withdrawn);
        assert_eq!(purge(&store, &source(), "a-", "").await.unwrap(), 0, "a purge can be repeated");
        assert_eq!(kept(&store).await, [""; 0]);
        // The source can be published again.
        let start = plan(&store, &source(), "c-0").await;
        assert!(
            matches!(publish(&store, "c-0", start).await, PublicationStatus::Published(entry) if entry.generation == 6)
        );
        assert!(store.remove_blocks(&run("c-0"), Stage::Etl).await.is_ok());
    }
}
