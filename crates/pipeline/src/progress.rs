//! The progress of a run, as counters that any thread may read at any time.

use std::sync::atomic::{AtomicU64, Ordering};

use trends::record::Malformed;

/// The progress of a run.
#[derive(Debug, Default)]
pub struct Progress {
    /// Bytes of input in the plan, 0 until it is known.
    pub bytes_total: AtomicU64,
    /// Bytes of input that were counted.
    pub bytes: AtomicU64,
    /// Lines that were judged.
    pub records: AtomicU64,
    /// Malformed lines among them, in the order of `Malformed::ALL`.
    malformed: [AtomicU64; Malformed::ALL.len()],
    /// Records that were counted but could not be stored, if records are stored.
    pub not_stored: AtomicU64,
    /// Sorted runs that were spilled to disk.
    pub spilled: AtomicU64,
    /// Blocks that were stored.
    pub blocks: AtomicU64,
    /// Blocks among them that no marker will ever name, because another attempt was first.
    pub garbage: AtomicU64,
    /// Partitions to aggregate, 0 until the etl stage is over.
    pub partitions_total: AtomicU64,
    /// Partitions that were aggregated.
    pub partitions: AtomicU64,
}

impl Progress {
    /// Malformed lines so far, by the name of the reason.
    pub fn malformed_by_reason(&self) -> impl Iterator<Item = (&'static str, u64)> {
        let counts = self.malformed.iter().map(|count| count.load(Ordering::Relaxed));
        Malformed::ALL.iter().map(|reason| reason.name()).zip(counts)
    }

    /// Counts a malformed line.
    pub(crate) fn malformed(&self, reason: Malformed) {
        Self::add(&self.malformed[reason as usize], 1);
    }

    pub(crate) fn add(counter: &AtomicU64, amount: u64) {
        counter.fetch_add(amount, Ordering::Relaxed);
    }
}
