//! Clean-up where many processes share a store and none can tell who still works: in a cluster. Owns
//! the rule that only what the log proves useless goes, and only after its grace.
//!
//! A run that never published may still do so while no later one has. Once a later one has, it can't
//! any more, whatever its pods still do; and what they still write finds no reader.

use serde::Deserialize;

use super::{Cleaned, LOOK_BACK, Retention, beyond, retire};
use crate::document::read_document;
use crate::generations::{self, history};
use crate::{Key, RunId, SourceName, Store, StoreError};

/// Retires the runs of a source that can't be wanted any more, and removes those that were retired
/// long enough ago. `now` is in seconds since the epoch.
pub async fn clean_up_source(
    store: &dyn Store,
    source: &SourceName,
    retention: Retention,
    now: u64,
) -> Result<Cleaned, StoreError> {
    let mut cleaned = Cleaned::default();
    let log = history(store, source, LOOK_BACK.max(retention.runs as u64)).await?;
    let Some(highest) = log.first().map(|newest| newest.highest_start) else { return Ok(cleaned) };
    let beyond = beyond(&log, retention.runs);
    for run in store.runs().await? {
        let named = log.iter().any(|entry| entry.run == run);
        let goes = if named {
            beyond.contains(&run)
        } else {
            is_of(store, &run, source).await? && is_lower(store, &run, highest).await?
        };
        if goes && retire(store, source, &run, retention, now, &mut cleaned).await? {
            store.remove_run(&run).await?;
            cleaned.removed += 1;
        }
    }
    Ok(cleaned)
}

/// Removes all runs whose names begin with `prefix`, and says how many. What is visible of the source
/// is withdrawn first, if it is one of them.
pub async fn purge(
    store: &dyn Store,
    source: &SourceName,
    prefix: &str,
    published_at: &str,
) -> Result<u64, StoreError> {
    let goes = |run: &RunId| run.as_str().starts_with(prefix);
    generations::withdraw(store, source, goes, published_at).await?;
    let mut removed = 0;
    for run in store.runs().await?.iter().filter(|run| goes(run)) {
        // Whoever thinks of going back to it finds that it is going.
        let value = serde_json::json!({ "at": 0 }).to_string();
        store.insert(&Key::retired(run), value.into()).await?;
        // A rollback may have come between; it can't any more.
        generations::withdraw(store, source, goes, published_at).await?;
        store.remove_run(run).await?;
        removed += 1;
    }
    Ok(removed)
}

#[derive(Deserialize)]
struct Begun {
    source: SourceName,
}

/// Whether a run was begun for a source.
async fn is_of(store: &dyn Store, run: &RunId, source: &SourceName) -> Result<bool, StoreError> {
    let key = Key::run(run);
    let Some(record) = store.get(&key).await? else { return Ok(false) };
    let begun: Begun = serde_json::from_slice(&record)
        .map_err(|error| StoreError::Damaged { key: key.to_string(), what: error.to_string() })?;
    Ok(begun.source == *source)
}

/// What clean-up needs to know of a plan.
#[derive(serde::Serialize, Deserialize)]
struct Planned {
    start: u64,
}

/// Whether a run has a lower start number than one that is published. One without a plan may yet get
/// a higher one.
async fn is_lower(store: &dyn Store, run: &RunId, highest: u64) -> Result<bool, StoreError> {
    let planned: Option<Planned> = read_document(store, &Key::plan(run)).await?;
    Ok(planned.is_some_and(|planned| planned.start < highest))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::generations::Outcome;
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

    /// Begins and plans a run.
    async fn plan(store: &dyn Store, source: &SourceName, name: &str) -> u64 {
        let record = serde_json::json!({ "source": source }).to_string();
        store.insert(&Key::run(&run(name)), record.into()).await.unwrap();
        let start = generations::begin(store, source, &run(name)).await.unwrap();
        let plan = json!({ "format": 1, "value": { "inline": { "start": start, "more": [1] } } });
        let plan = plan.to_string();
        store.insert(&Key::plan(&run(name)), plan.into()).await.unwrap();
        start
    }

    async fn publish(store: &dyn Store, name: &str, start: u64) -> Outcome {
        generations::publish(store, &source(), &run(name), start, "", false).await.unwrap()
    }

    async fn kept(store: &dyn Store) -> Vec<String> {
        store.runs().await.unwrap().into_iter().map(String::from).collect()
    }

    #[tokio::test]
    async fn a_run_that_a_later_one_overtook_goes_after_its_grace_and_a_later_one_stays() {
        let store = store().await;
        plan(&store, &source(), "failed").await;
        let start = plan(&store, &source(), "good").await;
        plan(&store, &source(), "later").await;
        plan(&store, &SourceName::new("other").unwrap(), "elsewhere").await;
        store.insert(&Key::run(&run("unplanned")), r#"{"source":"s"}"#.into()).await.unwrap();
        let clean = async |now| clean_up_source(&store, &source(), KEEP, now).await.unwrap();
        assert_eq!(clean(0).await, Cleaned::default(), "nothing is published yet");
        publish(&store, "good", start).await;
        assert_eq!(clean(1000).await, Cleaned { retired: 1, ..Cleaned::default() });
        assert_eq!(clean(1599).await, Cleaned::default());
        assert!(kept(&store).await.contains(&"failed".to_owned()));
        assert_eq!(clean(1600).await, Cleaned { removed: 1, ..Cleaned::default() });
        assert_eq!(kept(&store).await, ["elsewhere", "good", "later", "unplanned"]);
    }

    #[tokio::test]
    async fn published_runs_beyond_the_retention_go_but_never_the_visible_one() {
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
    async fn purging_shows_the_newest_result_that_stays_and_then_none() {
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
        assert_eq!(purge(&store, &source(), "a-", "").await.unwrap(), 0, "repeatable");
        assert_eq!(kept(&store).await, [""; 0]);
        // The source goes on from there.
        let start = plan(&store, &source(), "c-0").await;
        assert!(
            matches!(publish(&store, "c-0", start).await, Outcome::Published(entry) if entry.generation == 6)
        );
        assert!(store.remove_blocks(&run("c-0"), Stage::Etl).await.is_ok());
    }
}
