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

    /// Replaces a result by a newer one, if there is one.
    async fn look(
        &self,
        source: &SourceName,
        published: &mut Option<Arc<Published>>,
    ) -> Result<(), Problem> {
        match self.newer(source, published.as_deref()).await {
            Ok(None) => Ok(()),
            Ok(Some(newer)) => {
                *published = Some(Arc::new(newer));
                self.known().opened(source);
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

    async fn newer(
        &self,
        source: &SourceName,
        published: Option<&Published>,
    ) -> Result<Option<Published>, StoreError> {
        let last = published.map_or(0, |published| published.generation().generation);
        match generations::newest(&*self.store, source, last).await? {
            Some(newest) if newest.generation > last => {
                Published::open(Arc::clone(&self.store), newest).await.map(Some)
            }
            _ => Ok(None),
        }
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
