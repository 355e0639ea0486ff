//! What is shown of a source: its newest generation without what is excluded. Owns the opened results;
//! a request uses one of them throughout, so that no answer is a mixture.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use store::{SourceName, Store, View};

use crate::known::Known;
use crate::problem::Problem;
use crate::refreshed::Refreshed;

/// The newest result of a source, `None` if there is none.
type Newest = Option<Arc<View>>;

/// The newest results.
#[derive(Debug)]
pub(crate) struct Current {
    store: Arc<dyn Store>,
    known: Arc<Mutex<Known<Refreshed<Newest>>>>,
    names: Arc<Refreshed<Arc<[SourceName]>>>,
}

impl Current {
    pub(crate) fn new(store: Arc<dyn Store>) -> Self {
        Self { store, known: Arc::default(), names: Arc::default() }
    }

    /// The newest result of a source, `None` if nothing was published under that name.
    pub(crate) async fn of(&self, source: &str) -> Result<Newest, Problem> {
        let Ok(source) = SourceName::new(source) else { return Ok(None) };
        let newest = lock(&self.known).of(&source);
        let look = |last: Option<Newest>| {
            look(Arc::clone(&self.store), Arc::clone(&self.known), source, last.flatten())
        };
        newest.get(Option::is_some, look).await
    }

    /// The names of all sources, ascending.
    pub(crate) async fn names(&self) -> Result<Arc<[SourceName]>, Problem> {
        let store = Arc::clone(&self.store);
        let look = |last: Option<Arc<[SourceName]>>| async move {
            match (store.sources().await, last) {
                (Ok(names), _) => Ok(Arc::from(names)),
                (Err(error), Some(last)) if error.is_retryable() => {
                    tracing::warn!(%error, "listing what is known: the sources can't be looked up");
                    Ok(last)
                }
                (Err(error), _) => Err(Problem::from(error)),
            }
        };
        self.names.get(|_| true, look).await
    }
}

/// Every change of the map is whole: it is as good after a panic elsewhere as before.
fn lock<T>(known: &Mutex<T>) -> MutexGuard<'_, T> {
    known.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Looks for a newer result than the last one, and for newer exclusions.
async fn look(
    store: Arc<dyn Store>,
    known: Arc<Mutex<Known<Refreshed<Newest>>>>,
    source: SourceName,
    last: Newest,
) -> Result<Newest, Problem> {
    match View::newest(&store, &source, last.as_ref()).await {
        Ok(newest) => {
            if newest.is_some() {
                lock(&known).opened(&source);
            }
            Ok(newest)
        }
        // A result stays true when it can't be told whether there is a newer one. Nothing is shown whose
        // exclusions were never read.
        Err(error) if error.is_retryable() && last.is_some() => {
            tracing::warn!(%source, %error, "serving what is known: the newest can't be looked up");
            Ok(last)
        }
        Err(error) => Err(Problem::from(error)),
    }
}
