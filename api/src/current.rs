//! Which generation of a source is the newest, looked up at most once a second per source. Owns the
//! opened results; a request uses one of them throughout.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use store::{Published, SourceName, Store, StoreError, generations};
use tokio::sync::Mutex;
use tokio::time::Instant;

/// How long an answer about the newest generation is good for.
const FRESH: Duration = Duration::from_secs(1);

/// Opened results are kept for at most so many sources; more are opened again when asked for.
const SOURCES: usize = 256;

/// The newest results.
#[derive(Debug)]
pub(crate) struct Current {
    store: Arc<dyn Store>,
    sources: RwLock<HashMap<SourceName, Arc<Mutex<Known>>>>,
}

#[derive(Debug)]
struct Known {
    published: Arc<Published>,
    probed: Instant,
}

impl Current {
    pub(crate) fn new(store: Arc<dyn Store>) -> Self {
        Self { store, sources: RwLock::default() }
    }

    /// The newest result of a source, `None` if nothing was published under that name.
    pub(crate) async fn of(&self, source: &str) -> Result<Option<Arc<Published>>, StoreError> {
        let Ok(source) = SourceName::new(source) else { return Ok(None) };
        let known = self.read(&source);
        let Some(known) = known else { return self.first(source).await };
        // Whoever comes while another probes waits for its answer.
        let mut known = known.lock().await;
        if known.probed.elapsed() >= FRESH {
            let last = known.published.generation().generation;
            if let Some(newest) = generations::newest(&*self.store, &source, last).await?
                && newest.generation > last
            {
                known.published = Arc::new(Published::open(self.store.clone(), newest).await?);
            }
            known.probed = Instant::now();
        }
        Ok(Some(Arc::clone(&known.published)))
    }

    /// The names of all sources, ascending.
    pub(crate) async fn names(&self) -> Result<Vec<SourceName>, StoreError> {
        self.store.sources().await
    }

    async fn first(&self, source: SourceName) -> Result<Option<Arc<Published>>, StoreError> {
        let Some(newest) = generations::newest(&*self.store, &source, 0).await? else {
            return Ok(None);
        };
        let published = Arc::new(Published::open(self.store.clone(), newest).await?);
        let known = Known { published: Arc::clone(&published), probed: Instant::now() };
        let mut sources = self.sources.write().unwrap_or_else(PoisonError::into_inner);
        if sources.len() >= SOURCES {
            sources.clear();
        }
        sources.insert(source, Arc::new(Mutex::new(known)));
        Ok(Some(published))
    }

    fn read(&self, source: &SourceName) -> Option<Arc<Mutex<Known>>> {
        self.sources.read().unwrap_or_else(PoisonError::into_inner).get(source).cloned()
    }
}
