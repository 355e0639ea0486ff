//! The beginning of a run: its record and its start number. Owns the order that lets a purge and a
//! late plan pod see each other; knows nothing of plans and stages.

use serde::{Deserialize, Serialize};

use crate::document::read_document;
use crate::{Insertion, Key, RunId, SourceName, Store, StoreError, envelope, generations};

pub use crate::marks::is_marked;

/// The format of records. Those of earlier releases have no number.
const FORMAT: u32 = 1;

/// The record of a run: inserted before any of its data, removed after all of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RunRecord {
    /// The source that the run publishes under.
    pub source: SourceName,
    /// Its start number. Records of earlier releases lack it: their plans have it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start: Option<u64>,
    /// The time of its beginning, in seconds since the epoch. Records of earlier releases lack
    /// it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub began: Option<u64>,
    /// True if workers run it: then no process holds its lock, in a folder neither.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub workers: bool,
}

/// A run that begins.
#[derive(Debug, Clone, Copy)]
pub struct Beginning<'a> {
    /// The run.
    pub run: &'a RunId,
    /// The source that it publishes under.
    pub source: &'a SourceName,
    /// The time, in seconds since the epoch. A run without it is never taken for an abandoned one.
    pub now: Option<u64>,
    /// True if workers run it, false if a process that holds its lock does.
    pub workers: bool,
}

/// Stores the record of a run, and returns its start number; `None` if the run is retired or
/// purged, so that it must not begin. Another attempt may have stored the record before: then its
/// start number counts.
pub async fn begin(
    store: &dyn Store,
    beginning: &Beginning<'_>,
) -> Result<Option<u64>, StoreError> {
    let Beginning { run, source, now, workers } = *beginning;
    if is_marked(store, run).await? {
        return Ok(None);
    }
    if let Some(start) = read(store, run).await?.and_then(|record| record.start) {
        return Ok(Some(start));
    }
    let start = generations::take_start(store, source, run).await?;
    let record = RunRecord { source: source.clone(), start: Some(start), began: now, workers };
    let key = Key::run(run);
    let present = match store.insert(&key, envelope::seal(&key, FORMAT, &record)?).await? {
        // A purge marks the TrendJob first and then lists the runs. So either it finds the record,
        // or the mark is found here.
        Insertion::Inserted => return Ok((!remove_if_marked(store, run).await?).then_some(start)),
        Insertion::Present(present) => open(&key, &present)?,
    };
    // The run is another attempt's, too: it may even be published by now. Nothing of it is removed.
    Ok((!is_marked(store, run).await?).then_some(present.start.unwrap_or(start)))
}

/// Removes a run if it is retired or purged, and returns true then. Called by the attempt that
/// inserted the record or the plan of a run: the removal of the run may have passed that key before.
pub async fn remove_if_marked(store: &dyn Store, run: &RunId) -> Result<bool, StoreError> {
    let is_marked = is_marked(store, run).await?;
    if is_marked {
        store.remove_run(run).await?;
    }
    Ok(is_marked)
}

/// Removes what an attempt has stored of a run that was removed meanwhile, and returns true then.
/// Called after a marker is inserted: neither a reader nor the removal finds what was stored behind
/// it. A removal takes the plan first. So if the plan is still there, a removal that begins now
/// finds the marker and its blocks.
pub async fn remove_if_removed(store: &dyn Store, run: &RunId) -> Result<bool, StoreError> {
    let is_removed = store.get(&Key::plan(run)).await?.is_none();
    if is_removed {
        store.remove_run(run).await?;
    }
    Ok(is_removed)
}

/// Returns true if a run was published, however long ago.
pub async fn is_published(store: &dyn Store, run: &RunId) -> Result<bool, StoreError> {
    let Some(record) = read(store, run).await? else { return Ok(false) };
    let start = start_number(store, run, &record).await?;
    let newest = generations::newest(store, &record.source, 0).await?;
    let (Some(start), Some(newest)) = (start, newest) else { return Ok(false) };
    Ok(generations::Publications::new(store, &newest).of(run, start).await?.is_some())
}

/// Reads the record of a run, `None` if it has none.
pub async fn read(store: &dyn Store, run: &RunId) -> Result<Option<RunRecord>, StoreError> {
    let key = Key::run(run);
    store.get(&key).await?.map(|record| open(&key, &record)).transpose()
}

fn open(key: &Key, record: &[u8]) -> Result<RunRecord, StoreError> {
    envelope::open(key, record, 0..=FORMAT)
}

/// The part of a plan that holds the start number.
#[derive(Deserialize)]
struct PlanStart {
    start: u64,
}

/// Returns the start number of a run, `None` if it has none yet.
pub(crate) async fn start_number(
    store: &dyn Store,
    run: &RunId,
    record: &RunRecord,
) -> Result<Option<u64>, StoreError> {
    if record.start.is_some() {
        return Ok(record.start);
    }
    let plan: Option<PlanStart> = read_document(store, &Key::plan(run)).await?;
    Ok(plan.map(|plan| plan.start))
}
