//! The windows of a run and the number of records in each. Owns these totals, to which scores
//! relate the counts of a term; knows nothing of the formats of event times.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// Seconds of a calendar day, without leap seconds.
pub const DAY_SECONDS: u32 = 24 * 3600;

/// The calendar day (UTC, in days from the epoch) in which a bucket of `window` seconds begins.
pub fn calendar_day(bucket: i64, window: i64) -> i64 {
    bucket.saturating_mul(window).div_euclid(i64::from(DAY_SECONDS))
}

/// The records of one window.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct WindowTotal {
    /// Records whose text was counted.
    pub documents: u64,
    /// The records among them with an author.
    pub with_author: u64,
}

/// The totals of every window with a record, by the number of its bucket. Records without a time,
/// and all records of an analysis without windows, are under [`crate::Bucket::WHOLE`]. Adding is
/// associative and commutative, and the default is its identity.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct WindowTotals(pub BTreeMap<i64, WindowTotal>);

impl WindowTotals {
    /// Returns true if there are no totals.
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
