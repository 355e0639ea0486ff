//! The reference of a window: which earlier buckets it is compared with. Owns the choice between
//! the trailing buckets and those of the same time of the week or day; knows nothing of what is
//! computed from them.

use super::ReferenceChoice;
use super::burst::Reference;
use super::dispersion::{DEFAULT_DISPERSION, Point, prior};
use super::totals::{MIN_HISTORY, Totals};

const WEEK_SECONDS: u32 = 7 * 24 * 3600;
const DAY_SECONDS: u32 = 24 * 3600;
/// The most periods that a seasonal reference reaches back.
const PERIODS: i64 = 8;
/// A seasonal reference with fewer buckets is not used.
const MIN_PERIODS: usize = 3;

/// A term and its run, from which the reference of a window is chosen.
#[derive(Clone, Copy)]
pub(super) struct History<'a> {
    pub(super) totals: &'a Totals,
    pub(super) choice: ReferenceChoice,
    /// The dispersion pooled over the terms of the kind.
    pub(super) pooled: f64,
    /// The points of the term in all buckets of any reference of the window, ascending.
    pub(super) points: &'a [Point],
    /// The first of them in the trailing reference; the last one is the last of `points`.
    pub(super) trailing: usize,
    /// The measure over the trailing reference.
    pub(super) sum: u128,
}

/// A reference with its place in time.
pub(super) struct Chosen<'a> {
    pub(super) reference: Reference<'a>,
    /// The earliest bucket, which may be empty.
    pub(super) from: i64,
    /// The time between its buckets in seconds if it is seasonal.
    pub(super) period: Option<u32>,
}

/// Returns true if the trailing reference of the window at a position is long enough for a burst.
pub(super) fn has_history(totals: &Totals, position: usize) -> bool {
    totals.reference_buckets(position) >= MIN_HISTORY
}

/// Chooses the reference of the window at a position; `None` without enough history. `picked` is a
/// buffer for the points of a seasonal reference.
pub(super) fn choose<'a>(
    history: &History<'a>,
    position: usize,
    picked: &'a mut Vec<Point>,
) -> Option<Chosen<'a>> {
    let totals = history.totals;
    if !has_history(totals, position) {
        return None;
    }
    if history.choice == ReferenceChoice::Seasonal {
        for period in [WEEK_SECONDS, DAY_SECONDS] {
            let Some(season) = Season::new(totals, position, period) else { continue };
            picked.clear();
            picked.extend(season.positions().filter_map(|at| {
                let found = history.points.binary_search_by_key(&at, |point| point.position);
                found.ok().map(|index| history.points[index])
            }));
            return Some(season.reference(picked));
        }
    }
    let start = totals.reference_start(position);
    let buckets = totals.reference_buckets(position);
    Some(Chosen {
        reference: Reference {
            points: &history.points[history.trailing..],
            sum: history.sum,
            documents: totals.documents_between(start, position),
            buckets,
            prior: prior(history.pooled, history.sum, buckets),
        },
        from: totals.bucket(position).saturating_sub(totals.reference_windows()),
        period: None,
    })
}

/// Returns the first position that a later window's reference may need.
pub(super) fn needed_from(totals: &Totals, choice: ReferenceChoice, position: usize) -> usize {
    let trailing = totals.reference_start(position);
    match choice {
        ReferenceChoice::Trailing => trailing,
        ReferenceChoice::Seasonal => {
            let windows = PERIODS * i64::from(WEEK_SECONDS / totals.window().get());
            let from = totals.bucket(position).saturating_sub(windows);
            trailing.min(totals.position_from(from))
        }
    }
}

/// The buckets at the same time of earlier periods that are not empty, at least 3.
struct Season<'a> {
    totals: &'a Totals,
    bucket: i64,
    period: u32,
    /// Number of windows in a period.
    windows: i64,
    buckets: usize,
}

impl<'a> Season<'a> {
    /// Returns the season of the window at a position, `None` if it has too few buckets or a period
    /// isn't several windows long.
    fn new(totals: &'a Totals, position: usize, period: u32) -> Option<Self> {
        let window = totals.window().get();
        let windows = i64::from(period / window);
        if !period.is_multiple_of(window) || windows < 2 {
            return None;
        }
        let bucket = totals.bucket(position);
        let mut season = Self { totals, bucket, period, windows, buckets: 0 };
        season.buckets = season.positions().count();
        (season.buckets >= MIN_PERIODS).then_some(season)
    }

    /// Returns the positions of its buckets, ascending.
    fn positions(&self) -> impl Iterator<Item = usize> + use<'a> {
        let Self { totals, bucket, windows, .. } = *self;
        let periods = (1..=PERIODS).rev();
        periods.filter_map(move |period| totals.position(bucket.checked_sub(period * windows)?))
    }

    fn reference(self, points: &'a [Point]) -> Chosen<'a> {
        let sum = points.iter().map(|point| u128::from(point.x)).sum();
        let documents = self.positions().map(|position| self.totals.documents(position)).sum();
        let Self { bucket, windows, period, buckets, .. } = self;
        // The pool takes a term's cycle for dispersion, which this reference doesn't; and few buckets
        // need a prior that covers terms that vary more than the pool.
        let prior = DEFAULT_DISPERSION;
        Chosen {
            reference: Reference { points, sum, documents, buckets, prior },
            from: bucket.saturating_sub(PERIODS * windows),
            period: Some(period),
        }
    }
}
