//! The marks that are set before a run is removed. Owns the two marks, the retirement of one run
//! and the purge of all runs of a TrendJob, and the questions whether a run may be named by the
//! generation log. A mark is never taken back. Doesn't know who removes the data.

use serde::{Deserialize, Serialize};

use crate::{Insertion, Key, RunId, Stage, Store, StoreError, TrendJobUid, envelope};

/// The format of marks. Those of earlier releases have no number.
const FORMAT: u32 = 1;

/// The mark that a run is retired.
#[derive(Debug, Serialize, Deserialize)]
struct RetirementMark {
    /// The time of the retirement, in seconds since the epoch.
    at: u64,
}

/// The mark that the runs of a TrendJob are purged.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct PurgeMark<'a> {
    /// The time of the purge (RFC 3339).
    purged_at: &'a str,
}

/// The marks of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Marks {
    /// The run has none: it stays.
    None,
    /// The run is retired. It is removed after its grace, unless it is visible then.
    Retired,
    /// The run is purged. It is removed at once, whatever is visible.
    Purged,
}

/// Returns the marks of a run. A purge counts more than a retirement.
pub(crate) async fn marks(store: &dyn Store, run: &RunId) -> Result<Marks, StoreError> {
    if let Some(uid) = run.uid()
        && store.get(&Key::purged(&uid)).await?.is_some()
    {
        return Ok(Marks::Purged);
    }
    let retired = store.get(&Key::retired(run)).await?.is_some();
    Ok(if retired { Marks::Retired } else { Marks::None })
}

/// Returns true if a run is retired or purged.
pub async fn is_marked(store: &dyn Store, run: &RunId) -> Result<bool, StoreError> {
    Ok(marks(store, run).await? != Marks::None)
}

/// Returns true if the removal of a run's data has begun, or does so whatever is visible. No run is
/// removed before it is marked, and its plan goes first, then its markers. So a run without a mark is
/// not gone, and a published one that is retired is gone with its plan. A late plan pod may store the
/// plan again before it finds the mark: then the run is gone with the marker of its result.
pub(crate) async fn is_gone(store: &dyn Store, run: &RunId) -> Result<bool, StoreError> {
    match marks(store, run).await? {
        Marks::None => Ok(false),
        Marks::Retired => Ok(store.get(&Key::plan(run)).await?.is_none()
            || store.get(&Key::marker(run, Stage::Publish, 0)).await?.is_none()),
        Marks::Purged => Ok(true),
    }
}

/// Returns true if a run may be shown again: it has no mark, and a record.
pub(crate) async fn may_be_shown(store: &dyn Store, run: &RunId) -> Result<bool, StoreError> {
    Ok(!is_marked(store, run).await? && store.get(&Key::run(run)).await?.is_some())
}

/// Retires a run. Returns the time of its retirement, and true if this call retired it. Times are
/// in seconds since the epoch.
pub(crate) async fn retire(
    store: &dyn Store,
    run: &RunId,
    now: u64,
) -> Result<(u64, bool), StoreError> {
    let key = Key::retired(run);
    let mark = envelope::seal(&key, FORMAT, &RetirementMark { at: now })?;
    match store.insert(&key, mark).await? {
        Insertion::Inserted => Ok((now, true)),
        Insertion::Present(mark) => {
            let RetirementMark { at } = envelope::open(&key, &mark, 0..=FORMAT)?;
            Ok((at, false))
        }
    }
}

/// Returns the time of the retirement of a run, in seconds since the epoch, `None` if it is not
/// retired.
pub(crate) async fn retired_at(store: &dyn Store, run: &RunId) -> Result<Option<u64>, StoreError> {
    let key = Key::retired(run);
    let Some(mark) = store.get(&key).await? else { return Ok(None) };
    let RetirementMark { at } = envelope::open(&key, &mark, 0..=FORMAT)?;
    Ok(Some(at))
}

/// Marks all runs of a TrendJob as purged, those that have not begun yet included.
pub(crate) async fn mark_purged(
    store: &dyn Store,
    uid: &TrendJobUid,
    purged_at: &str,
) -> Result<(), StoreError> {
    let key = Key::purged(uid);
    store.insert(&key, envelope::seal(&key, FORMAT, &PurgeMark { purged_at })?).await.map(drop)
}
