//! Withdrawing a result before its data is removed. Owns the choice of the result that is visible
//! instead.

use super::{Generation, history, insert, newest};
use crate::{Key, RunId, SourceName, Store, StoreError};

/// The largest number of generations that are searched for another result.
const LOOK_BACK: u64 = 1000;

/// Withdraws the newest result of a source if its run is among those to be removed: inserts an
/// entry that names the newest result that stays, or none. Returns the new entry, if one was
/// inserted.
pub async fn withdraw(
    store: &dyn Store,
    source: &SourceName,
    is_removed: impl Fn(&RunId) -> bool,
    published_at: &str,
) -> Result<Option<Generation>, StoreError> {
    let mut known = 0;
    loop {
        let newest = newest(store, source, known).await?;
        let Some(newest) = newest.filter(|newest| !newest.withdrawn && is_removed(&newest.run))
        else {
            return Ok(None);
        };
        let stays = surviving(store, source, &is_removed).await?;
        let entry = Generation {
            generation: newest.generation + 1,
            highest_start: newest.highest_start,
            published_at: published_at.to_owned(),
            rollback_to: stays.as_ref().map(|stays| stays.generation),
            withdrawn: stays.is_none(),
            ..stays.unwrap_or(newest)
        };
        if insert(store, &entry).await? {
            return Ok(Some(entry));
        }
        known = entry.generation;
    }
}

/// Returns the newest entry whose run stays.
async fn surviving(
    store: &dyn Store,
    source: &SourceName,
    is_removed: impl Fn(&RunId) -> bool,
) -> Result<Option<Generation>, StoreError> {
    for entry in history(store, source, LOOK_BACK).await? {
        let run = &entry.run;
        if !entry.withdrawn
            && !is_removed(run)
            && store.get(&Key::retired(run)).await?.is_none()
            && store.get(&Key::run(run)).await?.is_some()
        {
            return Ok(Some(entry));
        }
    }
    Ok(None)
}
