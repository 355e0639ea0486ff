//! Publishing a run: one entry that names it. Owns the order of runs by their start numbers, and
//! the rule that a retired or purged run is never published.

use super::publications::Publications;
use super::withdraw::take_back;
use super::{Generation, Publication, PublicationStatus, end, insert};
use crate::marks::{is_gone, is_marked};
use crate::{Key, RunId, Store, StoreError};

/// Inserts the next generation for a run, unless it is published already or superseded.
///
/// # Errors
/// `Refused` if the run is retired or purged: a generation must name a run that stays. `LostEntry` if
/// the entry would not be the newest one.
pub async fn publish(
    store: &dyn Store,
    publishing: &Publication<'_>,
) -> Result<PublicationStatus, StoreError> {
    let Publication { source, run, start, published_at, incomplete } = *publishing;
    let mut known = 0;
    loop {
        let newest = end(store, source, known).await?;
        let (last, highest) = newest.as_ref().map_or((0, 0), |n| (n.generation, n.highest_start));
        if let Some(newest) = newest {
            if highest > start {
                return Ok(PublicationStatus::Superseded(newest));
            }
            if highest == start {
                return published_already(store, publishing, &newest).await;
            }
        }
        let entry = Generation {
            generation: last + 1,
            source: source.clone(),
            run: run.clone(),
            start,
            highest_start: start,
            published_at: published_at.to_owned(),
            incomplete,
            rollback_to: None,
            withdrawn: false,
        };
        if is_marked(store, run).await? {
            return Err(refused(run));
        }
        if insert(store, &entry).await? {
            // A removal marks the run first and then reads the log. So either it finds this entry,
            // or this look finds the mark.
            if is_marked(store, run).await? {
                take_back(store, &entry, published_at).await?;
                return Err(refused(run));
            }
            return Ok(PublicationStatus::Published(entry));
        }
        known = entry.generation;
    }
}

/// Returns the entry of a run whose start number is the highest one. An earlier attempt inserted
/// it, and may have died before it looked at the marks again.
async fn published_already(
    store: &dyn Store,
    publishing: &Publication<'_>,
    newest: &Generation,
) -> Result<PublicationStatus, StoreError> {
    let Publication { source, run, start, published_at, .. } = *publishing;
    let Some(entry) = Publications::new(store, newest).of(run, start).await? else {
        // A start number belongs to one run: this one is another run's.
        return Err(StoreError::Conflict { key: Key::start(source, start).to_string() });
    };
    if is_gone(store, run).await? {
        take_back(store, &entry, published_at).await?;
        return Err(refused(run));
    }
    Ok(PublicationStatus::Published(entry))
}

fn refused(run: &RunId) -> StoreError {
    StoreError::Refused(format!(
        "run {run} can't be published: it was purged or retired, and its data is about to be removed"
    ))
}
