//! The totals of a run per bucket, over all terms. Owns which buckets are closed, which buckets
//! form the reference of a window and which measure is scored; knows nothing of terms.

use std::num::NonZeroU32;

use super::Measure;
use crate::Bucket;
use crate::window::WindowTotals;

/// A window with fewer buckets in its reference has no burst score.
pub const MIN_HISTORY: usize = 6;

/// A reference reaches back 7 days ...
const REFERENCE_SECONDS: u32 = 7 * 24 * 3600;
/// ... and at least 24 windows.
const REFERENCE_WINDOWS: u32 = 24;
/// A bucket is plausible as the newest one only if it has at least 1/100 of the documents of a
/// mean bucket of its reference.
const PLAUSIBLE: u128 = 100;

/// The totals of a whole run, over all shards.
///
/// A bucket without a document is *empty*: it is not a window, and not part of a reference. A
/// bucket is *closed* if it ends at or before the newest event time, that is, if it lies before the
/// newest bucket. A single record may carry a date far ahead, so the newest bucket is the last
/// plausible one: at least [`MIN_HISTORY`] buckets of its reference are not empty, and it has at
/// least 1% of the documents of a mean bucket among those. If no bucket is plausible, no window has
/// a burst score, and the newest bucket is the last that is not empty. [`Totals::ahead`] counts the
/// documents in later buckets.
///
/// A *position* is the index of a bucket in the ascending list of buckets that are not empty.
#[derive(Debug, Clone)]
pub struct Totals {
    window: NonZeroU32,
    /// The buckets that are not empty, ascending.
    buckets: Vec<i64>,
    /// By position: the number of documents in all earlier buckets. The last element, one past
    /// the last position, is the number of all documents.
    documents_before: Vec<u128>,
    /// By position: the position at which the reference begins.
    reference_starts: Vec<u32>,
    /// Number of closed buckets; they are the first ones.
    closed: usize,
    measure: Measure,
}

impl Totals {
    /// Makes the totals of a run with windows of `window` seconds (300 to 604,800); `None` without
    /// windows.
    pub fn of(window: Option<u64>, totals: &WindowTotals) -> Option<Self> {
        let window = NonZeroU32::new(u32::try_from(window?).ok()?)?;
        Some(Self::new(window, totals))
    }

    /// Makes the totals of a run with windows of `window` seconds. Records without a time are in
    /// [`Bucket::WHOLE`]; they belong to no window and are skipped.
    pub(super) fn new(window: NonZeroU32, totals: &WindowTotals) -> Self {
        // The vectors have their length from the beginning: a run may have a million windows.
        let mut buckets = Vec::with_capacity(totals.len());
        let mut documents_before = Vec::with_capacity(totals.len() + 1);
        documents_before.push(0);
        let (mut documents, mut with_author) = (0_u128, 0_u128);
        for (bucket, total) in totals.iter() {
            if *bucket != Bucket::WHOLE.0 && total.documents > 0 {
                documents += u128::from(total.documents);
                with_author += u128::from(total.with_author);
                buckets.push(*bucket);
                documents_before.push(documents);
            }
        }
        let has_authors = documents > 0 && with_author * 2 >= documents;
        let measure = if has_authors { Measure::Authors } else { Measure::Documents };
        let mut totals = Self {
            window,
            buckets,
            documents_before,
            reference_starts: Vec::new(),
            closed: 0,
            measure,
        };
        let from = |bucket: &i64| bucket.saturating_sub(totals.reference_windows());
        let start = |bucket| totals.buckets.partition_point(|other| *other < from(bucket)) as u32;
        totals.reference_starts = totals.buckets.iter().map(start).collect();
        totals.closed = totals.newest().unwrap_or(0);
        totals
    }

    /// Returns authors if at least half of the records have one, else documents. The measure is
    /// the same for every window and term of a run.
    pub fn measure(&self) -> Measure {
        self.measure
    }

    /// Returns the length of a window in seconds.
    pub fn window(&self) -> NonZeroU32 {
        self.window
    }

    /// Returns the windows: the closed buckets that are not empty, ascending.
    pub fn closed(&self) -> &[i64] {
        &self.buckets[..self.closed]
    }

    /// Returns true if the reference of `bucket`, which may be empty, is too short for a burst
    /// score: fewer than [`MIN_HISTORY`] of the reference's buckets are not empty.
    pub fn lacks_history_before(&self, bucket: i64) -> bool {
        let from = bucket.saturating_sub(self.reference_windows());
        self.position_from(bucket) - self.position_from(from) < MIN_HISTORY
    }

    /// Returns the number of windows that a reference spans, empty ones included.
    pub fn reference_windows(&self) -> i64 {
        i64::from(REFERENCE_SECONDS.div_ceil(self.window.get()).max(REFERENCE_WINDOWS))
    }

    /// Returns the number of documents after the newest bucket. No score counts them.
    pub fn ahead(&self) -> u128 {
        let all = self.documents_before[self.buckets.len()];
        all - self.documents_before[(self.closed + 1).min(self.buckets.len())]
    }

    /// Returns the position of a closed bucket.
    pub(super) fn position(&self, bucket: i64) -> Option<usize> {
        self.closed().binary_search(&bucket).ok()
    }

    /// Returns the position of the first bucket that is not before `bucket`.
    pub(super) fn position_from(&self, bucket: i64) -> usize {
        self.buckets.partition_point(|other| *other < bucket)
    }

    pub(super) fn bucket(&self, position: usize) -> i64 {
        self.buckets[position]
    }

    pub(super) fn documents(&self, position: usize) -> u128 {
        self.documents_before[position + 1] - self.documents_before[position]
    }

    /// Returns the position at which the reference of a window begins. The reference ends right
    /// before the window.
    pub(super) fn reference_start(&self, position: usize) -> usize {
        self.reference_starts[position] as usize
    }

    /// Returns the number of buckets in the reference of a window.
    pub(super) fn reference_buckets(&self, position: usize) -> usize {
        position - self.reference_start(position)
    }

    /// Returns the number of documents at the positions from `start` to before `end`.
    pub(super) fn documents_between(&self, start: usize, end: usize) -> u128 {
        self.documents_before[end] - self.documents_before[start]
    }

    /// Returns the position of the bucket that contains the newest event time.
    fn newest(&self) -> Option<usize> {
        let plausible = |position: &usize| {
            let buckets = self.reference_buckets(*position);
            let documents = self.documents_between(self.reference_start(*position), *position);
            let share = self.documents(*position) * PLAUSIBLE * buckets as u128;
            buckets >= MIN_HISTORY && share >= documents
        };
        let positions = 0..self.buckets.len();
        positions.clone().rev().find(plausible).or_else(|| positions.last())
    }
}
