//! The totals of the windows of a shard while its threads count. Owns their sum over all threads and
//! the bound of each thread's own totals; the plan's analysis owns the limit of a run.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use trends::window::{WindowTotal, WindowTotals};

use crate::Error;
use crate::parallel::{into_inner, lock};
use crate::plan::Analysis;

/// The windows that a thread adds up on its own before it adds them to the sum.
const OWN: usize = 4_096;

/// The memory of a window in a map, in bytes.
const BYTES: usize = 48;

/// The sum over all threads of a shard.
#[derive(Debug, Default)]
pub(super) struct SharedWindows {
    sum: Mutex<WindowTotals>,
    windows: AtomicUsize,
}

impl SharedWindows {
    /// Memory, in bytes.
    pub(super) fn bytes(&self) -> usize {
        self.windows.load(Ordering::Relaxed) * BYTES
    }

    pub(super) fn finish(self) -> WindowTotals {
        into_inner(self.sum)
    }
}

/// The totals of one thread.
#[derive(Debug)]
pub(super) struct ThreadWindows<'a> {
    own: WindowTotals,
    shared: &'a SharedWindows,
}

impl<'a> ThreadWindows<'a> {
    pub(super) fn new(shared: &'a SharedWindows) -> Self {
        Self { own: WindowTotals::default(), shared }
    }

    /// Memory of the sum over all threads, in bytes.
    pub(super) fn shared_bytes(&self) -> usize {
        self.shared.bytes()
    }

    /// Adds a record to a window.
    ///
    /// # Errors
    /// `Input` if the records of the shard fall into more windows than a run may have.
    #[inline]
    pub(super) fn add(
        &mut self,
        analysis: &Analysis,
        bucket: i64,
        has_author: bool,
    ) -> Result<(), Error> {
        let WindowTotal { documents, with_author } = self.own.0.entry(bucket).or_default();
        *documents += 1;
        *with_author += u64::from(has_author);
        if self.own.0.len() > OWN { self.share(analysis) } else { Ok(()) }
    }

    /// Adds these totals to the sum.
    #[cold]
    pub(super) fn share(&mut self, analysis: &Analysis) -> Result<(), Error> {
        let own = std::mem::take(&mut self.own);
        let mut sum = lock(&self.shared.sum);
        sum.add(&own);
        self.shared.windows.store(sum.0.len(), Ordering::Relaxed);
        analysis.check_windows(&sum)
    }
}
