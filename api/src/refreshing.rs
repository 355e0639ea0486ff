//! A value that is looked up again once it is a second old, by one look-up for all requests, or at
//! once if a request has found it useless. Owns the time of a look-up and the choice of the requests
//! that wait for it; knows nothing of the value.

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
    /// The time at which a value was last dropped as useless.
    dropped: Option<Instant>,
    /// The number of values that were dropped. A look-up that began before one was dropped may have
    /// found the same value, so its outcome does not count.
    drops: u64,
}

/// A look-up under way. The sender of its channel is dropped when it ends, however it ends.
#[derive(Debug, Clone)]
struct LookUp {
    since: Instant,
    end: watch::Receiver<()>,
}

impl<T> Default for RefreshingCell<T> {
    fn default() -> Self {
        let (found, at, under_way, dropped) = (None, None, None, None);
        Self(Mutex::new(CellState { found, at, under_way, dropped, drops: 0 }))
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
        L: Fn(Option<T>) -> F,
        F: Future<Output = Result<T, Problem>> + Send + 'static,
    {
        loop {
            let (LookUp { since, mut end }, last, drops) = {
                let mut state = self.0.lock();
                if let Some(found) = state.fresh() {
                    return found;
                }
                let last = state.found.as_ref().and_then(|found| found.as_ref().ok()).cloned();
                let under_way =
                    state.under_way.take().filter(|look_up| look_up.end.has_changed().is_ok());
                let under_way =
                    under_way.unwrap_or_else(|| self.begin(state.drops, look_up(last.clone())));
                state.under_way = Some(under_way.clone());
                (under_way, last.filter(usable), state.drops)
            };
            // Nothing is ever sent: `changed` returns when the sender is dropped.
            if let Some(last) = last {
                if timeout_at(since + GRACE, end.changed()).await.is_err() {
                    return Ok(last);
                }
            } else {
                drop(end.changed().await);
            }
            let state = self.0.lock();
            if let Some(found) = state.found.clone() {
                return found;
            }
            if state.drops == drops {
                return Err(Problem::overloaded("the look-up failed"));
            }
        }
    }

    /// Drops the value if it `is_useless`: the next request looks it up anew. Does so at most once a
    /// second, so that a damaged result isn't opened by every request.
    pub(crate) fn drop_if(&self, is_useless: impl Fn(&T) -> bool) {
        let mut state = self.0.lock();
        let is_found =
            state.found.as_ref().is_some_and(|found| found.as_ref().is_ok_and(is_useless));
        if is_found && state.dropped.is_none_or(|dropped| dropped.elapsed() >= FRESH) {
            let (dropped, drops) = (Some(Instant::now()), state.drops + 1);
            *state = CellState { found: None, at: None, under_way: None, dropped, drops };
        }
    }

    /// Begins a look-up. `drops` is the number of values that were dropped before.
    fn begin(
        self: &Arc<Self>,
        drops: u64,
        look_up: impl Future<Output = Result<T, Problem>> + Send + 'static,
    ) -> LookUp {
        let (sender, end) = watch::channel(());
        let this = Arc::clone(self);
        // A task of its own: it goes on when the requests that wait for it are gone.
        tokio::spawn(async move {
            let found = look_up.await;
            let mut state = this.0.lock();
            if state.drops == drops {
                state.found = Some(found);
                state.at = Some(Instant::now());
                state.under_way = None;
            }
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
