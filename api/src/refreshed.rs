//! A value that is looked up again when it is a second old, once for all who ask. Owns when that is
//! and who waits for it; knows nothing of what is looked up.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{Instant, timeout_at};

use crate::problem::Problem;

/// How long what was found is good for, also that there is nothing, or that it can't be told.
const FRESH: Duration = Duration::from_secs(1);

/// How long a look-up is waited for by whoever can be served what is known: longer than it takes in
/// good times, shorter than a caller's patience in bad ones.
const GRACE: Duration = Duration::from_millis(250);

/// A value and when it was looked up.
#[derive(Debug)]
pub(crate) struct Refreshed<T>(Mutex<State<T>>);

#[derive(Debug)]
struct State<T> {
    found: Option<Result<T, Problem>>,
    at: Option<Instant>,
    looking: Option<Looking>,
}

/// A look-up under way. The other end of the channel goes away when it is over, however it ended.
#[derive(Debug, Clone)]
struct Looking {
    since: Instant,
    over: watch::Receiver<()>,
}

impl<T> Default for Refreshed<T> {
    fn default() -> Self {
        Self(Mutex::new(State { found: None, at: None, looking: None }))
    }
}

impl<T: Clone + Send + 'static> Refreshed<T> {
    /// The value, looked up by `look` from what was found before if that is too old. Where that is
    /// `usable`, a look-up that takes its time is not waited for.
    pub(crate) async fn get<L, F>(
        self: &Arc<Self>,
        usable: fn(&T) -> bool,
        look: L,
    ) -> Result<T, Problem>
    where
        L: FnOnce(Option<T>) -> F,
        F: Future<Output = Result<T, Problem>> + Send + 'static,
    {
        let (Looking { since, mut over }, known) = {
            let mut state = self.state();
            if let Some(found) = state.fresh() {
                return found;
            }
            let known = state.found.as_ref().and_then(|found| found.as_ref().ok()).cloned();
            let under_way =
                state.looking.take().filter(|looking| looking.over.has_changed().is_ok());
            let looking = under_way.unwrap_or_else(|| self.begin(look(known.clone())));
            state.looking = Some(looking.clone());
            (looking, known.filter(usable))
        };
        // Nothing is ever sent: only the end is waited for, and it says itself what was found.
        if let Some(known) = known {
            if timeout_at(since + GRACE, over.changed()).await.is_err() {
                return Ok(known);
            }
        } else {
            drop(over.changed().await);
        }
        let found = self.state().found.clone();
        found.unwrap_or_else(|| Err(Problem::overloaded("looking it up failed")))
    }

    fn begin(
        self: &Arc<Self>,
        look: impl Future<Output = Result<T, Problem>> + Send + 'static,
    ) -> Looking {
        let (ending, over) = watch::channel(());
        let this = Arc::clone(self);
        // A task of its own: it goes on when those who wait for it have gone.
        tokio::spawn(async move {
            let found = look.await;
            let mut state = this.state();
            state.found = Some(found);
            state.at = Some(Instant::now());
            state.looking = None;
            drop(state);
            drop(ending);
        });
        Looking { since: Instant::now(), over }
    }

    fn state(&self) -> MutexGuard<'_, State<T>> {
        // Every change is whole: it is as good after a panic elsewhere as before.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T: Clone> State<T> {
    fn fresh(&self) -> Option<Result<T, Problem>> {
        self.at.filter(|at| at.elapsed() < FRESH).and_then(|_| self.found.clone())
    }
}
