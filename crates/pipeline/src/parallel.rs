//! Work on all threads. Hands items to threads one by one, and no more items after the first error.

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
    let mut results = into_inner(tasks.results);
    results.sort_by_key(|(at, _)| *at);
    Ok(results.into_iter().map(|(_, result)| result).collect())
}

/// The items that no thread has taken yet, and the results so far with the positions of their
/// items.
pub(crate) struct Tasks<I, T> {
    items: Mutex<Enumerate<vec::IntoIter<I>>>,
    results: Mutex<Vec<(usize, T)>>,
}

impl<I, T> Tasks<I, T> {
    /// Takes items and works on each until no item is left. After an error no thread takes another
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

/// Locks a mutex, also after a panic of another thread that held it: the attempt then fails with
/// `Panicked`, so no half-changed value reaches a result.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Returns the value of a mutex, under the terms of `lock`.
pub(crate) fn into_inner<T>(mutex: Mutex<T>) -> T {
    mutex.into_inner().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;
    use crate::testing::Fixture;

    #[test]
    fn results_come_in_the_order_of_the_items_from_no_more_threads_than_items() {
        let fixture = Fixture::new();
        for (threads, items) in [(1, 5), (4, 100), (8, 3), (2, 0)] {
            let context = fixture.limited("run", threads, 1 << 20);
            let workers = AtomicUsize::new(0);
            let results = in_parallel(&context, (0..items).collect(), |share, tasks| {
                workers.fetch_add(1, Ordering::Relaxed);
                tasks.each(share, |item: usize| Ok(item * 2))
            });
            assert_eq!(results.unwrap(), (0..items).map(|item| item * 2).collect::<Vec<_>>());
            assert_eq!(workers.into_inner(), threads.min(items).max(1));
        }
    }

    #[test]
    fn no_item_is_taken_after_an_error() {
        let fixture = Fixture::new();
        let taken = AtomicUsize::new(0);
        let context = fixture.context("run", "attempt");
        let result = in_parallel(&context, vec![1, 2, 3, 4], |share, tasks| {
            tasks.each(share, |item| {
                taken.fetch_add(1, Ordering::Relaxed);
                if item == 2 { Err(Error::Defect("two")) } else { Ok(()) }
            })
        });
        assert!(matches!(result, Err(Error::Defect("two"))), "{result:?}");
        assert_eq!(taken.into_inner(), 2);
        context.cancel.cancel();
        let stopped = in_parallel(&context, vec![1], |share, tasks| tasks.each(share, |_| Ok(())));
        assert!(matches!(stopped, Err(Error::Cancelled)), "{stopped:?}");
    }

    #[test]
    fn a_panic_of_a_thread_is_an_error() {
        let fixture = Fixture::new();
        let result = in_parallel(&fixture.context("run", "a"), vec![1], |share, tasks| {
            tasks.each(share, |item: i32| -> Result<i32, Error> { panic!("{item}") })
        });
        assert!(matches!(result, Err(Error::Panicked)), "{result:?}");
    }
}
