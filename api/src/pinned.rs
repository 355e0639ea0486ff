//! Earlier generations, for who pages through one while newer ones are published. Owns which of them
//! stay open, and when one is gone. What is excluded is left out of them as of the newest.

use std::sync::Arc;

use quick_cache::sync::Cache;
use store::{Published, Store, StoreError, View, exclusions, generations};

use crate::current::Current;
use crate::cursor::Cursor;
use crate::problem::Problem;

/// How many stay open. Each is an index and what was read of it lately.
const OPEN: usize = 16;

/// Results that cursors point to.
#[derive(Debug)]
pub(crate) struct Pinned {
    store: Arc<dyn Store>,
    /// By source, generation and run, as in a cursor.
    open: Cache<(String, u64, String), Arc<Published>>,
    /// The same without what is excluded, of the last version that was asked for.
    views: Cache<(String, u64, String), Arc<View>>,
}

impl Pinned {
    pub(crate) fn new(store: Arc<dyn Store>) -> Self {
        Self { store, open: Cache::new(OPEN), views: Cache::new(OPEN) }
    }

    /// The result a cursor points to, the newest one or an earlier one.
    pub(crate) async fn of(
        &self,
        current: &Current,
        cursor: &Cursor,
    ) -> Result<Arc<View>, Problem> {
        let newest = current.of(cursor.source.as_str()).await?;
        let is_meant = |view: &&Arc<View>| {
            let generation = view.generation();
            (generation.generation, &generation.run) == (cursor.generation, &cursor.run)
        };
        if let Some(newest) = newest.as_ref().filter(is_meant) {
            return Ok(Arc::clone(newest));
        }
        let key = (cursor.source.to_string(), cursor.generation, cursor.run.to_string());
        // Whoever comes while another opens it waits for that.
        let published = self.open.get_or_insert_async(&key, self.opened(cursor)).await?;
        let excluded = match newest {
            Some(newest) => Arc::clone(newest.exclusions()),
            // There is no result any more that is the newest.
            None => exclusions::current(&*self.store, &cursor.source, &Arc::default()).await?,
        };
        let same = |view: &Arc<View>| view.exclusions() == &excluded;
        if let Some(view) = self.views.get(&key).filter(same) {
            return Ok(view);
        }
        let view = Arc::new(View::new(published, excluded)?);
        self.views.insert(key, Arc::clone(&view));
        Ok(view)
    }

    async fn opened(&self, cursor: &Cursor) -> Result<Arc<Published>, Problem> {
        let entry = generations::at(&*self.store, &cursor.source, cursor.generation).await?;
        let meant = entry.filter(|entry| entry.run == cursor.run && !entry.withdrawn);
        let entry = meant.ok_or_else(|| gone(cursor))?;
        match Published::open(Arc::clone(&self.store), entry).await {
            Ok(opened) => Ok(Arc::new(opened)),
            Err(StoreError::Missing { .. }) => Err(gone(cursor)),
            Err(error) => Err(Problem::from(error)),
        }
    }
}

/// That what a cursor points to is no longer kept.
pub(crate) fn gone(cursor: &Cursor) -> Problem {
    let Cursor { source, generation, .. } = cursor;
    Problem::gone(format!(
        "generation {generation} of {source:?} is no longer kept: begin again without a cursor"
    ))
}
