//! The bytes that a process holds outside the budget for counting tables: output of decoders, long
//! lines, blocks of lines between threads, long records, blocks that are being stored. Owns the bound of each, over
//! all threads and all stages that run at once.
//!
//! A thread takes room before it holds the bytes, and waits while others hold too many. A thread
//! that waits for a room holds nothing of that room, and no holder waits for a room that is listed
//! before its own in [`Rooms`]. So every holder goes on, and no wait lasts for ever.

use std::sync::Arc;

use tokio::runtime::Handle;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// The bytes that one permit stands for.
const UNIT: usize = 1 << 10;

/// A bound on bytes that several threads hold.
#[derive(Debug)]
pub(crate) struct Room {
    permits: Arc<Semaphore>,
    units: usize,
    /// The bytes that all callers together have taken.
    #[cfg(test)]
    taken: std::sync::atomic::AtomicUsize,
}

/// Bytes that a holder may hold. Dropping it makes room for others.
#[derive(Debug, Default)]
pub(crate) struct Held(Option<OwnedSemaphorePermit>);

impl Room {
    /// A room of so many bytes, at least 1 KiB.
    pub(crate) fn new(bytes: usize) -> Self {
        let units = units(bytes);
        let permits = Arc::new(Semaphore::new(units));
        Self {
            permits,
            units,
            #[cfg(test)]
            taken: std::sync::atomic::AtomicUsize::new(0),
        }
    }

    /// Takes room, in the order of the callers. A caller that asks for more than the whole room
    /// gets all of it: then it is the only holder.
    pub(crate) async fn take(&self, bytes: usize) -> Held {
        let units = u32::try_from(units(bytes).min(self.units)).unwrap_or(u32::MAX);
        #[cfg(test)]
        self.taken.fetch_add(units as usize * UNIT, std::sync::atomic::Ordering::Relaxed);
        // The semaphore is never closed.
        Held(Arc::clone(&self.permits).acquire_many_owned(units).await.ok())
    }

    /// Returns the bytes that all callers together have taken, given back or not.
    #[cfg(test)]
    pub(crate) fn taken(&self) -> usize {
        self.taken.load(std::sync::atomic::Ordering::Relaxed)
    }

    /// Takes room from a thread that may block.
    pub(crate) fn wait(&self, runtime: &Handle, bytes: usize) -> Held {
        runtime.block_on(self.take(bytes))
    }
}

impl Held {
    /// Gives all bytes back but so many.
    pub(crate) fn shrink(&mut self, bytes: usize) {
        if let Some(permit) = &mut self.0
            && let Some(excess) = permit.num_permits().checked_sub(units(bytes))
        {
            drop(permit.split(excess));
        }
    }
}

fn units(bytes: usize) -> usize {
    bytes.div_ceil(UNIT).max(1)
}

/// The bounds of what the threads of a process hold besides the budget for counting tables, in the
/// order in which one thread may wait for several. All contexts of a process share them.
#[derive(Debug)]
pub struct Rooms {
    /// What zstd decoders keep of their output, from the header of the first frame to the end of the
    /// object.
    pub(crate) decoders: Room,
    /// Blocks of lines from a stream, from the thread that reads it to the end of their judging.
    pub(crate) streams: Room,
    /// Lines of files above 1 MiB.
    pub(crate) lines: Room,
    /// Rows that long records may add to counting tables that are nearly full.
    pub(crate) records: Room,
    /// Markers of shards with many windows, while they are written.
    pub(crate) markers: Room,
    /// Terms in many windows, while they are scored.
    pub(crate) series: Room,
    /// Blocks that are being stored.
    pub(crate) writes: Room,
}

impl Rooms {
    /// The rooms beside a budget of so many bytes. Only that of decoders grows with it: a large
    /// machine reads many files side by side that were compressed well, at 8 MiB each.
    pub(crate) fn new(budget: usize) -> Self {
        Self {
            decoders: Room::new((budget / 8).max(48 << 20)),
            streams: Room::new(24 << 20),
            lines: Room::new(24 << 20),
            records: Room::new(48 << 20),
            markers: Room::new(48 << 20),
            series: Room::new(48 << 20),
            writes: Room::new(16 << 20),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use tokio::runtime::Runtime;

    use super::*;

    #[test]
    fn the_holders_never_hold_more_than_the_room() {
        let runtime = Runtime::new().unwrap();
        let room = Room::new(10 << 10);
        let (held, most) = (AtomicUsize::new(0), AtomicUsize::new(0));
        std::thread::scope(|scope| {
            for thread in 1..=8 {
                let (runtime, room, held, most) = (runtime.handle(), &room, &held, &most);
                scope.spawn(move || {
                    for _ in 0..200 {
                        // The largest wish is above the whole room.
                        let bytes = (thread * 2) << 10;
                        let counted = bytes.min(10 << 10);
                        let mut mine = room.wait(runtime, bytes);
                        let now = held.fetch_add(counted, Ordering::SeqCst) + counted;
                        most.fetch_max(now, Ordering::SeqCst);
                        held.fetch_sub(counted - (1 << 10), Ordering::SeqCst);
                        mine.shrink(1 << 10);
                        held.fetch_sub(1 << 10, Ordering::SeqCst);
                        drop(mine);
                    }
                });
            }
        });
        assert!(most.into_inner() <= 10 << 10);
        assert_eq!(room.permits.available_permits(), 10);
    }
}
