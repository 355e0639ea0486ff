//! The totals of the windows of a shard while its threads count. Owns their sum over all threads and
//! the bound of each thread's own totals; the plan's analysis owns the limit of a run.

use std::collections::BTreeMap;
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
    sum: Mutex<BTreeMap<i64, WindowTotal>>,
    windows: AtomicUsize,
}

impl SharedWindows {
    /// Memory, in bytes.
    pub(super) fn bytes(&self) -> usize {
        self.windows.load(Ordering::Relaxed) * BYTES
    }

    pub(super) fn finish(self) -> WindowTotals {
        into_inner(self.sum).into_iter().collect()
    }
}

/// The totals of one thread.
#[derive(Debug)]
pub(super) struct ThreadWindows<'a> {
    own: BTreeMap<i64, WindowTotal>,
    shared: &'a SharedWindows,
}

impl<'a> ThreadWindows<'a> {
    pub(super) fn new(shared: &'a SharedWindows) -> Self {
        Self { own: BTreeMap::new(), shared }
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
        let WindowTotal { documents, with_author } = self.own.entry(bucket).or_default();
        *documents += 1;
        *with_author += u64::from(has_author);
        if self.own.len() > OWN { self.share(analysis) } else { Ok(()) }
    }

    /// Adds these totals to the sum.
    #[cold]
    pub(super) fn share(&mut self, analysis: &Analysis) -> Result<(), Error> {
        let own = std::mem::take(&mut self.own);
        let mut sum = lock(&self.shared.sum);
        for (bucket, total) in own {
            sum.entry(bucket).or_default().add(&total);
        }
        self.shared.windows.store(sum.len(), Ordering::Relaxed);
        analysis.check_windows(sum.len())
    }
}
