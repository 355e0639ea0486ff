//! A value that is looked up again once it is a second old, by one look-up for all requests. Owns
//! the time of a look-up and the choice of the requests that wait for it; knows nothing of the
//! value.

use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::sync::watch;
use tokio::time::{Instant, timeout_at};

use crate::problem::Problem;

/// The age up to which the outcome of a look-up is used, failures and absence included.
const FRESH: Duration = Duration::from_secs(1);

/// The longest wait for a look-up while an older value can be served: longer than a look-up of a
/// healthy store, shorter than a caller's patience.
const GRACE: Duration = Duration::from_millis(250);

/// A value and the time of its look-up.
#[derive(Debug)]
pub(crate) struct RefreshingCell<T>(Mutex<CellState<T>>);

#[derive(Debug)]
struct CellState<T> {
    found: Option<Result<T, Problem>>,
    at: Option<Instant>,
    under_way: Option<LookUp>,
}

/// A look-up under way. The sender of its channel is dropped when it ends, however it ends.
#[derive(Debug, Clone)]
struct LookUp {
    since: Instant,
    end: watch::Receiver<()>,
}

impl<T> Default for RefreshingCell<T> {
    fn default() -> Self {
        Self(Mutex::new(CellState { found: None, at: None, under_way: None }))
    }
}

impl<T: Clone + Send + 'static> RefreshingCell<T> {
    /// Returns the value. If it is too old, `look_up` makes a new one from it; if that takes long
    /// and the old value is `usable`, the old value is returned.
    pub(crate) async fn get<L, F>(
        self: &Arc<Self>,
        usable: fn(&T) -> bool,
        look_up: L,
    ) -> Result<T, Problem>
    where
        L: FnOnce(Option<T>) -> F,
        F: Future<Output = Result<T, Problem>> + Send + 'static,
    {
        let (LookUp { since, mut end }, last) = {
            let mut state = self.0.lock();
            if let Some(found) = state.fresh() {
                return found;
            }
            let last = state.found.as_ref().and_then(|found| found.as_ref().ok()).cloned();
            let under_way =
                state.under_way.take().filter(|look_up| look_up.end.has_changed().is_ok());
            let under_way = under_way.unwrap_or_else(|| self.begin(look_up(last.clone())));
            state.under_way = Some(under_way.clone());
            (under_way, last.filter(usable))
        };
        // Nothing is ever sent: `changed` returns when the sender is dropped.
        if let Some(last) = last {
            if timeout_at(since + GRACE, end.changed()).await.is_err() {
                return Ok(last);
            }
        } else {
            drop(end.changed().await);
        }
        let found = self.0.lock().found.clone();
        found.unwrap_or_else(|| Err(Problem::overloaded("the look-up failed")))
    }

    fn begin(
        self: &Arc<Self>,
        look_up: impl Future<Output = Result<T, Problem>> + Send + 'static,
    ) -> LookUp {
        let (sender, end) = watch::channel(());
        let this = Arc::clone(self);
        // A task of its own: it goes on when the requests that wait for it are gone.
        tokio::spawn(async move {
            let found = look_up.await;
            let mut state = this.0.lock();
            state.found = Some(found);
            state.at = Some(Instant::now());
            state.under_way = None;
            drop(state);
            drop(sender);
        });
        LookUp { since: Instant::now(), end }
    }
}

impl<T: Clone> CellState<T> {
    fn fresh(&self) -> Option<Result<T, Problem>> {
        self.at.filter(|at| at.elapsed() < FRESH).and_then(|_| self.found.clone())
    }
}
