//! Work on all threads. Owns which thread takes which piece, and that the first error ends the
//! rest.

use std::iter::Enumerate;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::vec;

use crate::{Context, Error};

/// Works on `items` with as many threads as the context has, but no more than there are items, and
/// returns the results in the order of the items. Each thread calls `worker` once, with its share
/// of the limits.
pub(crate) fn in_parallel<I: Send, T: Send>(
    context: &Context,
    items: Vec<I>,
    worker: impl Fn(&Context, &Tasks<I, T>) -> Result<(), Error> + Sync,
) -> Result<Vec<T>, Error> {
    let threads = context.limits.threads.min(items.len()).max(1);
    let share = context.share(threads);
    let results = Mutex::new(Vec::with_capacity(items.len()));
    let tasks = Tasks { items: Mutex::new(items.into_iter().enumerate()), results };
    thread::scope(|scope| {
        let threads: Vec<_> =
            (0..threads).map(|_| scope.spawn(|| worker(&share, &tasks))).collect();
        let ends: Vec<Result<(), Error>> =
            threads.into_iter().map(|end| end.join().map_err(|_| Error::Panicked)?).collect();
        ends.into_iter().collect::<Result<(), Error>>()
    })?;
    let mut results = tasks.results.into_inner().unwrap_or_else(PoisonError::into_inner);
    results.sort_by_key(|(at, _)| *at);
    Ok(results.into_iter().map(|(_, result)| result).collect())
}

/// The items that no thread has taken yet, and the results so far, by the place of their items.
pub(crate) struct Tasks<I, T> {
    items: Mutex<Enumerate<vec::IntoIter<I>>>,
    results: Mutex<Vec<(usize, T)>>,
}

impl<I, T> Tasks<I, T> {
    /// Takes items and works on each, until none is left. After an error no thread takes another
    /// item.
    pub(crate) fn each(
        &self,
        context: &Context,
        mut work: impl FnMut(I) -> Result<T, Error>,
    ) -> Result<(), Error> {
        loop {
            let Some((at, item)) = lock(&self.items).next() else { return Ok(()) };
            let done = context.cancel.check().and_then(|()| work(item));
            let done = done.inspect_err(|_| lock(&self.items).by_ref().for_each(drop))?;
            lock(&self.results).push((at, done));
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
