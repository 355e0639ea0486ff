//! The generations that cursors point to. They stay open, so that the next page comes from the
//! generation of the previous page even if newer ones have been published. Owns the limit of open
//! generations, and the answer when one is gone. Terms that are excluded now are not shown.

use std::sync::Arc;

use quick_cache::sync::Cache;
use store::{PublishedResult, Store, StoreError, View, exclusions, generations};

use crate::cursor::Cursor;
use crate::newest_results::NewestResults;
use crate::problem::Problem;

/// The most generations that stay open. Each holds its contents and recently read blocks.
const MAX_OPEN: usize = 16;

/// Source, generation and run, as in a cursor.
type PinnedKey = (String, u64, String);

/// The results that cursors point to.
#[derive(Debug)]
pub(crate) struct PinnedViews {
    store: Arc<dyn Store>,
    open: Cache<PinnedKey, Arc<PublishedResult>>,
    /// The open results without the terms that were excluded when each was last used.
    views: Cache<PinnedKey, Arc<View>>,
}

impl PinnedViews {
    pub(crate) fn new(store: Arc<dyn Store>) -> Self {
        Self { store, open: Cache::new(MAX_OPEN), views: Cache::new(MAX_OPEN) }
    }

    /// Returns the result that a cursor points to: the newest one or an earlier one.
    pub(crate) async fn of(
        &self,
        newest: &NewestResults,
        cursor: &Cursor,
    ) -> Result<Arc<View>, Problem> {
        let newest = newest.of(cursor.source.as_str()).await?;
        let is_meant = |view: &&Arc<View>| {
            let generation = view.generation();
            (generation.generation, &generation.run) == (cursor.generation, &cursor.run)
        };
        if let Some(newest) = newest.as_ref().filter(is_meant) {
            return Ok(Arc::clone(newest));
        }
        let key = (cursor.source.to_string(), cursor.generation, cursor.run.to_string());
        // Concurrent requests for one generation wait for the first to open it.
        let published = self.open.get_or_insert_async(&key, self.open(cursor)).await?;
        let excluded = match newest {
            Some(newest) => Arc::clone(newest.exclusions()),
            // The newest result was withdrawn, so no cached view holds the exclusions.
            None => exclusions::current(&*self.store, &cursor.source, &Arc::default()).await?,
        };
        let is_current = |view: &Arc<View>| view.exclusions() == &excluded;
        if let Some(view) = self.views.get(&key).filter(is_current) {
            return Ok(view);
        }
        let view = Arc::new(View::new(published, excluded)?);
        self.views.insert(key, Arc::clone(&view));
        Ok(view)
    }

    async fn open(&self, cursor: &Cursor) -> Result<Arc<PublishedResult>, Problem> {
        let entry = generations::at(&*self.store, &cursor.source, cursor.generation).await?;
        let meant = entry.filter(|entry| entry.run == cursor.run && !entry.withdrawn);
        let entry = meant.ok_or_else(|| gone(cursor))?;
        match PublishedResult::open(Arc::clone(&self.store), entry).await {
            Ok(opened) => Ok(Arc::new(opened)),
            Err(StoreError::Missing { .. }) => Err(gone(cursor)),
            Err(error) => Err(Problem::from(error)),
        }
    }
}

/// The problem for a cursor into a generation that is no longer kept.
pub(crate) fn gone(cursor: &Cursor) -> Problem {
    let Cursor { source, generation, .. } = cursor;
    Problem::gone(format!(
        "generation {generation} of {source} is no longer kept: begin again without a cursor"
    ))
}
