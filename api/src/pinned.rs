//! Earlier generations, for who pages through one while newer ones are published. Owns which of them
//! stay open, and when one is gone.

use std::sync::Arc;

use quick_cache::sync::Cache;
use store::{Published, Store, StoreError, generations};

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
}

impl Pinned {
    pub(crate) fn new(store: Arc<dyn Store>) -> Self {
        Self { store, open: Cache::new(OPEN) }
    }

    /// The result a cursor points to, the newest one or an earlier one.
    pub(crate) async fn of(
        &self,
        current: &Current,
        cursor: &Cursor,
    ) -> Result<Arc<Published>, Problem> {
        let newest = current.of(cursor.source.as_str()).await?;
        let is_meant = |published: &Arc<Published>| {
            let generation = published.generation();
            (generation.generation, &generation.run) == (cursor.generation, &cursor.run)
        };
        if let Some(newest) = newest.filter(is_meant) {
            return Ok(newest);
        }
        let key = (cursor.source.to_string(), cursor.generation, cursor.run.to_string());
        // Whoever comes while another opens it waits for that.
        self.open.get_or_insert_async(&key, self.opened(cursor)).await
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
