//! Work on all threads. Owns which thread does what, and that the first error ends the rest.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;

use crate::{Context, Error};

/// Does `count` pieces of work, as many at once as there are threads, each with its share of them.
pub(crate) fn in_parallel<T: Send>(
    context: &Context,
    count: usize,
    work: impl Fn(&Context, u32) -> Result<T, Error> + Sync,
) -> Result<Vec<T>, Error> {
    let workers = context.limits.threads.min(count).max(1);
    let share = context.share(workers);
    let next = AtomicUsize::new(0);
    let done = Mutex::new(Vec::with_capacity(count));
    let worker = || {
        loop {
            let at = next.fetch_add(1, Ordering::Relaxed);
            if at >= count {
                return Ok(());
            }
            share.cancel.check()?;
            // Shards and partitions are numbered with 32 bits.
            let result =
                work(&share, at as u32).inspect_err(|_| next.store(count, Ordering::Relaxed))?;
            done.lock().unwrap_or_else(PoisonError::into_inner).push((at, result));
        }
    };
    thread::scope(|scope| {
        let workers: Vec<_> = (0..workers).map(|_| scope.spawn(worker)).collect();
        let ends: Vec<Result<(), Error>> =
            workers.into_iter().map(|end| end.join().map_err(|_| Error::Panicked)?).collect();
        ends.into_iter().collect::<Result<(), Error>>()
    })?;
    let mut done = done.into_inner().unwrap_or_else(PoisonError::into_inner);
    done.sort_by_key(|(at, _)| *at);
    Ok(done.into_iter().map(|(_, result)| result).collect())
}
