//! The totals of a run per bucket: how much was said at all. Owns which buckets are closed, what
//! the reference of a window is and which measure is scored; knows nothing of terms.

use std::collections::BTreeMap;
use std::num::NonZeroU32;

use super::Measure;
use crate::Bucket;

/// With fewer buckets in its reference a window has no burst score.
pub const MIN_HISTORY: usize = 6;

/// The reference reaches back so many seconds, 7 days ...
const REFERENCE_SECONDS: u32 = 7 * 24 * 3600;
/// ... and at least so many windows.
const REFERENCE_WINDOWS: u32 = 24;
/// A bucket with less than one in so many of the documents of a mean bucket of its reference
/// doesn't say that time has moved on to it.
const PLAUSIBLE: u128 = 100;

/// What a run read in one bucket. Adding is by bucket and in any order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BucketTotal {
    /// The number of the bucket, from the epoch in units of the window.
    pub bucket: i64,
    /// Records counted.
    pub documents: u64,
    /// Those of them that have an author.
    pub with_author: u64,
}

/// The totals of a whole run, over all shards.
///
/// A bucket without a document is *empty*: it is no window, and no part of a reference. A bucket
/// is *closed* if it ends at or before the newest event time, that is, if it lies before the
/// newest bucket. A single record may carry a date far ahead, so the newest bucket is the last
/// one that is plausible: at least [`MIN_HISTORY`] buckets of its reference are not empty, and it
/// has at least 1% of the documents of a mean one of those. If there is none, no window has a
/// burst score anyway and the newest bucket is the last that is not empty. Documents in later
/// buckets are told by [`Totals::ahead`].
#[derive(Debug, Clone)]
pub struct Totals {
    window: NonZeroU32,
    /// Those that are not empty, ascending.
    buckets: Vec<i64>,
    /// Documents in all buckets before each, and in all.
    before: Vec<u128>,
    /// Where the reference of each begins.
    references: Vec<usize>,
    /// So many of the first buckets are closed.
    closed: usize,
    measure: Measure,
}

impl Totals {
    /// The totals of a run whose windows have `window` seconds (300 to 604,800). Records without
    /// a time, in [`Bucket::WHOLE`], are in no window and left out.
    pub fn new(window: NonZeroU32, totals: impl IntoIterator<Item = BucketTotal>) -> Self {
        let mut sums: BTreeMap<i64, u128> = BTreeMap::new();
        let (mut documents, mut with_author) = (0_u128, 0_u128);
        for total in totals {
            if total.bucket != Bucket::WHOLE.0 && total.documents > 0 {
                *sums.entry(total.bucket).or_default() += u128::from(total.documents);
                documents += u128::from(total.documents);
                with_author += u128::from(total.with_author);
            }
        }
        let mut before = vec![0];
        before.extend(sums.values().scan(0, |sum, documents| {
            *sum += documents;
            Some(*sum)
        }));
        let enough = documents > 0 && with_author * 2 >= documents;
        let measure = if enough { Measure::Authors } else { Measure::Documents };
        let buckets: Vec<_> = sums.into_keys().collect();
        let mut totals =
            Self { window, buckets, before, references: Vec::new(), closed: 0, measure };
        let from = |bucket: &i64| bucket.saturating_sub(totals.reference_windows());
        let start = |bucket| totals.buckets.partition_point(|other| *other < from(bucket));
        totals.references = totals.buckets.iter().map(start).collect();
        totals.closed = totals.newest().unwrap_or(0);
        totals
    }

    /// Authors if at least half of the records have one, else documents: one measure for every
    /// window and term of a run.
    pub fn measure(&self) -> Measure {
        self.measure
    }

    /// The seconds of a window.
    pub fn window(&self) -> NonZeroU32 {
        self.window
    }

    /// The windows: the closed buckets that are not empty, ascending.
    pub fn closed(&self) -> &[i64] {
        &self.buckets[..self.closed]
    }

    /// Whether the reference of a bucket, whatever was said in it, is too short for a burst score:
    /// fewer than [`MIN_HISTORY`] of its buckets are not empty.
    pub fn is_short_before(&self, bucket: i64) -> bool {
        let from = bucket.saturating_sub(self.reference_windows());
        let place = |bucket| self.buckets.partition_point(|other| *other < bucket);
        place(bucket) - place(from) < MIN_HISTORY
    }

    /// The windows a reference spans, empty ones included.
    pub fn reference_windows(&self) -> i64 {
        i64::from(REFERENCE_SECONDS.div_ceil(self.window.get()).max(REFERENCE_WINDOWS))
    }

    /// Documents in buckets after the newest one, which no score counts in.
    pub fn ahead(&self) -> u128 {
        let all = self.before[self.buckets.len()];
        all - self.before[(self.closed + 1).min(self.buckets.len())]
    }

    /// The place of a closed bucket among the windows.
    pub(super) fn place(&self, bucket: i64) -> Option<usize> {
        self.closed().binary_search(&bucket).ok()
    }

    pub(super) fn bucket(&self, place: usize) -> i64 {
        self.buckets[place]
    }

    pub(super) fn documents(&self, place: usize) -> u128 {
        self.before[place + 1] - self.before[place]
    }

    /// Where the reference of a window begins; it ends before the window.
    pub(super) fn reference(&self, place: usize) -> usize {
        self.references[place]
    }

    /// How many buckets the reference of a window has.
    pub(super) fn history(&self, place: usize) -> usize {
        place - self.references[place]
    }

    /// The documents of the places from `start` to before `end`.
    pub(super) fn documents_between(&self, start: usize, end: usize) -> u128 {
        self.before[end] - self.before[start]
    }

    /// The place of the bucket that the newest event time lies in.
    fn newest(&self) -> Option<usize> {
        let plausible = |place: &usize| {
            let history = self.history(*place);
            let documents = self.documents_between(self.references[*place], *place);
            let share = self.documents(*place) * PLAUSIBLE * history as u128;
            history >= MIN_HISTORY && share >= documents
        };
        let places = 0..self.buckets.len();
        places.clone().rev().find(plausible).or_else(|| places.last())
    }
}
