//! Which generation of a source is the newest, looked up at most once a second per source, by one
//! request for all. Owns the opened results; a request uses one of them throughout.

use std::sync::{Arc, Mutex as Lock, MutexGuard, PoisonError};
use std::time::Duration;

use store::{Published, SourceName, Store, StoreError, generations};
use tokio::sync::Mutex;
use tokio::time::Instant;

use crate::known::Known;
use crate::problem::Problem;

/// How long an answer about the newest generation is good for, also that there is none, or that it
/// can't be told.
const FRESH: Duration = Duration::from_secs(1);

/// The newest results.
#[derive(Debug)]
pub(crate) struct Current {
    store: Arc<dyn Store>,
    known: Lock<Known<Newest>>,
    names: Mutex<Option<Looked<Arc<[SourceName]>>>>,
}

/// What is known of one source.
#[derive(Debug, Default)]
struct Newest {
    /// The newest result that could be opened.
    published: Option<Arc<Published>>,
    looked: Option<Looked<()>>,
}

/// What came of asking the store, and when.
#[derive(Debug)]
struct Looked<T> {
    at: Instant,
    found: Result<T, Problem>,
}

impl Current {
    pub(crate) fn new(store: Arc<dyn Store>) -> Self {
        Self { store, known: Lock::default(), names: Mutex::default() }
    }

    /// The newest result of a source, `None` if nothing was published under that name.
    pub(crate) async fn of(&self, source: &str) -> Result<Option<Arc<Published>>, Problem> {
        let Ok(source) = SourceName::new(source) else { return Ok(None) };
        let newest = self.known().of(&source);
        // Whoever comes while another looks waits for its answer.
        let mut newest = newest.lock().await;
        let looked = match newest.looked.take().filter(Looked::is_fresh) {
            Some(looked) => looked,
            None => Looked::now(self.look(&source, &mut newest.published).await),
        };
        let found = looked.found.clone();
        newest.looked = Some(looked);
        found.map(|()| newest.published.clone())
    }

    /// The names of all sources, ascending.
    pub(crate) async fn names(&self) -> Result<Arc<[SourceName]>, Problem> {
        let mut names = self.names.lock().await;
        let looked = match names.take().filter(Looked::is_fresh) {
            Some(looked) => looked,
            None => Looked::now(self.store.sources().await.map(Arc::from).map_err(Problem::from)),
        };
        let found = looked.found.clone();
        *names = Some(looked);
        found
    }

    /// Replaces a result by the newest one.
    async fn look(
        &self,
        source: &SourceName,
        published: &mut Option<Arc<Published>>,
    ) -> Result<(), Problem> {
        match self.newest(source, published.as_ref()).await {
            Ok(newest) => {
                if newest.is_some() {
                    self.known().opened(source);
                }
                *published = newest;
                Ok(())
            }
            // A result stays true when it can't be told whether there is a newer one.
            Err(error) if error.is_retryable() && published.is_some() => {
                tracing::warn!(%source, %error, "serving what is known: the newest can't be looked up");
                Ok(())
            }
            Err(error) => Err(Problem::from(error)),
        }
    }

    async fn newest(
        &self,
        source: &SourceName,
        published: Option<&Arc<Published>>,
    ) -> Result<Option<Arc<Published>>, StoreError> {
        let last = published.map_or(0, |published| published.generation().generation);
        let mut newest = generations::newest(&*self.store, source, last).await?;
        if newest.is_none() && last > 0 {
            // No log loses entries, so this is another store in the same place.
            newest = generations::newest(&*self.store, source, 0).await?;
        }
        let Some(newest) = newest.filter(|newest| !newest.withdrawn) else { return Ok(None) };
        if let Some(published) = published.filter(|known| *known.generation() == newest) {
            return Ok(Some(Arc::clone(published)));
        }
        Published::open(Arc::clone(&self.store), newest).await.map(|opened| Some(Arc::new(opened)))
    }

    fn known(&self) -> MutexGuard<'_, Known<Newest>> {
        // Every change of the map is whole: it is as good after a panic elsewhere as before.
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T> Looked<T> {
    fn now(found: Result<T, Problem>) -> Self {
        Self { at: Instant::now(), found }
    }

    fn is_fresh(&self) -> bool {
        self.at.elapsed() < FRESH
    }
}
