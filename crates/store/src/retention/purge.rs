//! The removal of all runs of a deleted TrendJob. Owns the order that lets a purge, a publisher, a
//! rollback and a second purge see each other.

use crate::generations::withdraw_gone;
use crate::marks::{mark_purged, retire};
use crate::{SourceName, Store, StoreError, TrendJobUid};

/// Removes all runs of a TrendJob, and returns their number. If one of them published the visible
/// result of the source, that result is withdrawn first. Then `readers` is awaited: the time in which
/// readers end what they read, and notice the withdrawal. Runs that have not begun yet never begin.
/// Repeatable.
pub async fn purge(
    store: &dyn Store,
    source: &SourceName,
    uid: &TrendJobUid,
    published_at: &str,
    readers: impl Future<Output = ()>,
) -> Result<u64, StoreError> {
    mark_purged(store, uid, published_at).await?;
    withdraw_gone(store, source, published_at).await?;
    let runs = store.runs().await?;
    let purged: Vec<_> = runs.iter().filter(|run| run.uid().as_ref() == Some(uid)).collect();
    if !purged.is_empty() {
        readers.await;
    }
    for run in &purged {
        // Programs of 0.1.0 look at this mark alone.
        retire(store, run, 0).await?;
        store.remove_run(run).await?;
    }
    // Another process may have named a run between its first and its second look, and died.
    withdraw_gone(store, source, published_at).await?;
    Ok(purged.len() as u64)
}
