//! Withdrawing a result whose data is removed. Owns the choice of the result that is visible
//! instead.

use std::collections::HashMap;

use futures::{StreamExt as _, TryStreamExt as _};

use super::{AT_ONCE, Generation, end, insert, newest, read};
use crate::marks::{is_gone, may_be_shown};
use crate::{RunId, SourceName, Store, StoreError};

/// Withdraws the newest result of a source while its run is gone: inserts an entry that names the
/// newest result that stays, or none. Returns the last entry that it inserted, if any.
///
/// Every removal ends with this call, and every purge begins with it. A process that dies between
/// its insert and its second look leaves an entry that this call of another process takes back.
pub async fn withdraw_gone(
    store: &dyn Store,
    source: &SourceName,
    published_at: &str,
) -> Result<Option<Generation>, StoreError> {
    withdraw(store, source, None, published_at).await
}

/// Takes back an entry of this process if it is the newest one and its run may not be shown.
pub(super) async fn take_back(
    store: &dyn Store,
    entry: &Generation,
    published_at: &str,
) -> Result<(), StoreError> {
    withdraw(store, &entry.source, Some(entry.generation), published_at).await.map(drop)
}

/// `own` is an entry of this process. It goes if its run has any mark: the removal of a retired run
/// may have read the log just before the entry was inserted. An entry of another process goes only
/// if its run is gone, because that process looks itself.
async fn withdraw(
    store: &dyn Store,
    source: &SourceName,
    mut own: Option<u64>,
    published_at: &str,
) -> Result<Option<Generation>, StoreError> {
    let (mut inserted, mut known) = (None, 0);
    loop {
        let found = newest(store, source, known).await?;
        let Some(newest) = found.filter(|newest| !newest.withdrawn) else { return Ok(inserted) };
        let goes = if own == Some(newest.generation) {
            !may_be_shown(store, &newest.run).await?
        } else {
            is_gone(store, &newest.run).await?
        };
        if !goes {
            return Ok(inserted);
        }
        let end = end(store, source, newest.generation).await?;
        if end.is_some_and(|end| end.generation > newest.generation) {
            known = newest.generation;
            continue;
        }
        let stays = surviving(store, &newest).await?;
        let entry = Generation {
            generation: newest.generation + 1,
            highest_start: newest.highest_start,
            published_at: published_at.to_owned(),
            rollback_to: stays.as_ref().map(|stays| stays.generation),
            withdrawn: stays.is_none(),
            ..stays.unwrap_or(newest)
        };
        known = entry.generation;
        if insert(store, &entry).await? {
            own = Some(entry.generation);
            inserted = Some(entry);
        }
    }
}

/// Returns the newest entry before `newest` whose run may be shown, `None` if there is none.
pub(super) async fn surviving(
    store: &dyn Store,
    newest: &Generation,
) -> Result<Option<Generation>, StoreError> {
    let numbers = (1..newest.generation).rev();
    let entries = numbers.map(|n| read(store, &newest.source, n, newest.generation));
    let mut entries = futures::stream::iter(entries).buffered(AT_ONCE);
    let mut judged: HashMap<RunId, bool> = HashMap::new();
    while let Some(entry) = entries.try_next().await? {
        if entry.withdrawn {
            continue;
        }
        let stays = match judged.get(&entry.run) {
            Some(stays) => *stays,
            None => may_be_shown(store, &entry.run).await?,
        };
        if stays {
            return Ok(Some(entry));
        }
        judged.insert(entry.run, stays);
    }
    Ok(None)
}
