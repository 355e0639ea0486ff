//! The windows of a run and the number of records in each. Owns these totals, to which scores
//! relate the counts of a term; knows nothing of the formats of event times.

use std::fmt;
use std::sync::Arc;

use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

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

impl WindowTotal {
    /// Adds the records of the same window in another set of records.
    pub fn add(&mut self, other: &Self) {
        self.documents += other.documents;
        self.with_author += other.with_author;
    }
}

/// The totals of every window with a record, by the number of its bucket. Records without a time,
/// and all records of an analysis without windows, are under [`crate::Bucket::WHOLE`]. Adding is
/// associative and commutative, and the default is its identity.
///
/// A run may have a million windows: each takes 24 bytes, and copies share them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct WindowTotals(
    /// Ascending by bucket, each once.
    Arc<Vec<(i64, WindowTotal)>>,
);

impl WindowTotals {
    /// Returns true if there are no totals.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns the number of windows.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Returns the total of the window with this bucket, if it has a record.
    pub fn get(&self, bucket: i64) -> Option<&WindowTotal> {
        let at = self.0.binary_search_by_key(&bucket, |(bucket, _)| *bucket).ok()?;
        self.0.get(at).map(|(_, total)| total)
    }

    /// Returns each bucket with its total, ascending by bucket.
    pub fn iter(&self) -> impl Iterator<Item = &(i64, WindowTotal)> {
        self.0.iter()
    }

    /// Adds the totals of other records.
    pub fn add(&mut self, other: &Self) {
        if self.is_empty() {
            self.0 = Arc::clone(&other.0);
            return;
        }
        let sums = Arc::make_mut(&mut self.0);
        let mut new = Vec::new();
        for (bucket, total) in other.iter() {
            let at = sums.binary_search_by_key(bucket, |(bucket, _)| *bucket);
            match at.ok().and_then(|at| sums.get_mut(at)) {
                Some((_, sum)) => sum.add(total),
                None => new.push((*bucket, *total)),
            }
        }
        merge(sums, new);
    }
}

/// Merges ascending `new` into ascending `sums`, which have no bucket in common, from the end: so
/// totals that come later than all others move none.
fn merge(sums: &mut Vec<(i64, WindowTotal)>, mut new: Vec<(i64, WindowTotal)>) {
    let mut unmoved = sums.len();
    let mut place = unmoved + new.len();
    sums.resize(place, (0, WindowTotal::default()));
    while let Some((bucket, total)) = new.last().copied() {
        place -= 1;
        if unmoved > 0 && sums[unmoved - 1].0 > bucket {
            unmoved -= 1;
            sums[place] = sums[unmoved];
        } else {
            sums[place] = (bucket, total);
            new.pop();
        }
    }
}

/// Adds up the totals of equal buckets, in any order.
impl FromIterator<(i64, WindowTotal)> for WindowTotals {
    fn from_iter<I: IntoIterator<Item = (i64, WindowTotal)>>(totals: I) -> Self {
        let mut all: Vec<_> = totals.into_iter().collect();
        all.sort_unstable_by_key(|(bucket, _)| *bucket);
        all.dedup_by(|(bucket, total), (kept, sum)| {
            let is_equal = bucket == kept;
            if is_equal {
                sum.add(total);
            }
            is_equal
        });
        Self(Arc::new(all))
    }
}

/// Writes a map from the bucket to its total.
impl Serialize for WindowTotals {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.iter().map(|(bucket, total)| (bucket, total)))
    }
}

/// Reads a map from the bucket to its total.
impl<'de> Deserialize<'de> for WindowTotals {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(TotalsVisitor)
    }
}

struct TotalsVisitor;

impl<'de> Visitor<'de> for TotalsVisitor {
    type Value = WindowTotals;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a map from the bucket of a window to its total")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<WindowTotals, A::Error> {
        let mut all: Vec<(i64, WindowTotal)> = Vec::new();
        while let Some(entry) = map.next_entry()? {
            all.push(entry);
        }
        Ok(all.into_iter().collect())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    fn of(totals: &[(i64, u64)]) -> WindowTotals {
        let total = |n: u64| WindowTotal { documents: n, with_author: n / 2 };
        totals.iter().map(|(bucket, n)| (*bucket, total(*n))).collect()
    }

    proptest! {
        #[test]
        fn totals_of_any_buckets_add_up_and_have_the_json_of_a_map(
            lists in prop::collection::vec(
                prop::collection::vec((prop_oneof![-9..9_i64, any::<i64>()], 0..99_u64), 0..20),
                0..6,
            ),
        ) {
            let mut expected: BTreeMap<i64, WindowTotal> = BTreeMap::new();
            let mut sum = WindowTotals::default();
            for list in &lists {
                sum.add(&of(list));
                for (bucket, n) in list {
                    let total = expected.entry(*bucket).or_default();
                    total.documents += n;
                    total.with_author += n / 2;
                }
            }
            let found: Vec<_> = sum.iter().copied().collect();
            prop_assert_eq!(found, expected.clone().into_iter().collect::<Vec<_>>());
            for (bucket, total) in &expected {
                prop_assert_eq!(sum.get(*bucket), Some(total));
            }
            let json = serde_json::to_string(&sum).unwrap();
            prop_assert_eq!(&json, &serde_json::to_string(&expected).unwrap());
            prop_assert_eq!(serde_json::from_str::<WindowTotals>(&json).unwrap(), sum);
        }
    }

    #[test]
    fn a_copy_keeps_its_totals_when_the_other_grows() {
        let first = of(&[(1, 2)]);
        let mut second = first.clone();
        second.add(&of(&[(0, 4), (1, 6)]));
        assert_eq!((first, second), (of(&[(1, 2)]), of(&[(0, 4), (1, 8)])));
    }
}
