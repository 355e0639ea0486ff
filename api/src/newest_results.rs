//! The newest result of each source, without excluded terms. Owns the opened results. A
//! request uses one of them throughout, so that no answer mixes two generations.

use std::sync::Arc;

use parking_lot::Mutex;
use store::{SourceName, Store, View};

use crate::problem::Problem;
use crate::refreshing::RefreshingCell;
use crate::source_cache::SourceCache;

/// The newest result of a source; `None` if the source has no result.
type NewestView = Option<Arc<View>>;

type Results = Arc<Mutex<SourceCache<RefreshingCell<NewestView>>>>;

/// The newest results.
#[derive(Debug)]
pub(crate) struct NewestResults {
    store: Arc<dyn Store>,
    results: Results,
    names: Arc<RefreshingCell<Arc<[SourceName]>>>,
}

impl NewestResults {
    pub(crate) fn new(store: Arc<dyn Store>) -> Self {
        Self { store, results: Arc::default(), names: Arc::default() }
    }

    /// The newest result of a source, `None` if nothing is published under that name.
    pub(crate) async fn of(&self, source: &str) -> Result<NewestView, Problem> {
        let Ok(source) = SourceName::new(source) else { return Ok(None) };
        let newest = self.results.lock().of(&source);
        let look_up = |last: Option<NewestView>| {
            let (store, results) = (Arc::clone(&self.store), Arc::clone(&self.results));
            look_up(store, results, source.clone(), last.flatten())
        };
        newest.get(Option::is_some, look_up).await
    }

    /// The newest result of a source, looked up anew if it is still the view in which something is
    /// missing.
    pub(crate) async fn instead_of(&self, incomplete: &Arc<View>) -> Result<NewestView, Problem> {
        let source = &incomplete.generation().source;
        let newest = self.results.lock().of(source);
        newest.drop_if(|view| view.as_ref().is_some_and(|view| Arc::ptr_eq(view, incomplete)));
        self.of(source.as_str()).await
    }

    /// The names of all sources, ascending.
    pub(crate) async fn names(&self) -> Result<Arc<[SourceName]>, Problem> {
        let look_up = |last: Option<Arc<[SourceName]>>| {
            let store = Arc::clone(&self.store);
            async move {
                match (store.sources().await, last) {
                    (Ok(names), _) => Ok(Arc::from(names)),
                    (Err(error), Some(last)) if error.is_retryable() => {
                        tracing::warn!(%error, "listing the sources known so far: the store can't be read");
                        Ok(last)
                    }
                    (Err(error), _) => Err(Problem::from(error)),
                }
            }
        };
        self.names.get(|_| true, look_up).await
    }
}

/// Looks up a newer result than the last one, and newer exclusions.
async fn look_up(
    store: Arc<dyn Store>,
    results: Results,
    source: SourceName,
    last: NewestView,
) -> Result<NewestView, Problem> {
    match View::newest(&store, &source, last.as_ref()).await {
        Ok(newest) => {
            if newest.is_some() {
                results.lock().opened(&source);
            }
            Ok(newest)
        }
        // A published result never changes, so the last one can be shown while the store is
        // unreachable. A result whose exclusions were never read is not shown.
        Err(error) if error.is_retryable() && last.is_some() => {
            tracing::warn!(%source, %error, "serving the last known result: the newest can't be looked up");
            Ok(last)
        }
        Err(error) => Err(Problem::from(error)),
    }
}
