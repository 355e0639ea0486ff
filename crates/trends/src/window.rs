//! The windows of a run: how many records fell into each. Owns the totals that scores compare with;
//! knows nothing of how an event time is read.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// Seconds of a calendar day, leap seconds apart.
pub const DAY_SECONDS: u32 = 24 * 3600;

/// The number of the calendar day (UTC) from the epoch that a bucket of `window` seconds begins in.
pub fn calendar_day(bucket: i64, window: i64) -> i64 {
    bucket.saturating_mul(window).div_euclid(i64::from(DAY_SECONDS))
}

/// The records of one window.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct WindowTotal {
    /// Records whose text was counted.
    pub documents: u64,
    /// Records among them with an author.
    pub with_author: u64,
}

/// The totals of every window that has a record, by the number of its bucket; those of records without a
/// time, or of all where there are no windows, under [`crate::Bucket::WHOLE`]. Adding is associative
/// and commutative, and the default is its identity.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct WindowTotals(pub BTreeMap<i64, WindowTotal>);

impl WindowTotals {
    /// Whether no record was counted by window.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Adds the totals of other records.
    pub fn add(&mut self, other: &Self) {
        for (bucket, total) in &other.0 {
            let sum = self.0.entry(*bucket).or_default();
            sum.documents += total.documents;
            sum.with_author += total.with_author;
        }
    }
}
