//! The dispersion of counts: how much more they vary than those of a Poisson process. Owns the
//! estimate for one term, its shrinking towards the dispersion pooled over terms, and the pool;
//! knows nothing of bursts.

use super::Cell;
use super::totals::{MIN_HISTORY, Totals};
use crate::format::varint::{Position, put};

/// The pooled dispersion where too few terms pool.
pub const DEFAULT_DISPERSION: f64 = 4.0;
/// Fewer terms than this don't pool.
pub const MIN_POOLED_TERMS: u64 = 20;
/// A term pools where it has at least this mean over the buckets.
const MIN_MEAN: u128 = 5;
/// How many buckets of evidence the pooled dispersion weighs.
const SHRINKAGE: f64 = 4.0;

const BINS: usize = 64;
/// The bins cover 1 to this.
const MAX_DISPERSION: f64 = 50.0;

/// What a term had in one bucket that is not empty, as it is scored.
#[derive(Debug, Clone, Copy)]
pub(super) struct Point {
    /// The place of the bucket among the totals.
    pub(super) place: usize,
    /// The measure of the term.
    pub(super) x: u64,
    /// Documents in the bucket.
    pub(super) documents: u128,
}

impl Point {
    /// The points of a term in closed buckets.
    pub(super) fn of<'a>(totals: &'a Totals, cells: &'a [Cell]) -> impl Iterator<Item = Self> + 'a {
        let measure = totals.measure();
        cells.iter().filter_map(move |cell| {
            let place = totals.place(cell.bucket)?;
            Some(Self { place, x: measure.of(cell), documents: totals.documents(place) })
        })
    }
}

/// Pearson's chi-square of a term's `values` over buckets with `documents` in all, of which
/// `points` are those where the term is not absent: sum of (x - E)^2 / E with E = N D / Nr, where
/// `sum` = D is that of the values. It equals (Nr / D) sum of x^2 / N - D without that form's
/// cancellation.
pub(super) fn chi_square(
    points: &[Point],
    values: impl Fn(&Point) -> f64,
    sum: f64,
    documents: u128,
) -> f64 {
    let rate = sum / documents as f64;
    let mut present = 0;
    let mut chi_square = 0.0;
    for point in points {
        let expected = point.documents as f64 * rate;
        let off = values(point) - expected;
        chi_square += off * off / expected;
        present += point.documents;
    }
    chi_square + (documents - present) as f64 * rate
}

/// A term's dispersion from its estimate over `buckets` buckets, if any, and the pooled one.
pub(super) fn shrink(estimate: Option<f64>, buckets: usize, pooled: f64) -> f64 {
    let Some(estimate) = estimate else { return pooled };
    let freedom = (buckets - 1) as f64;
    ((estimate * freedom + SHRINKAGE * pooled) / (freedom + SHRINKAGE)).max(1.0)
}

/// What a term is shrunk towards that has `sum` of the measure in `buckets` buckets. Dispersion grows
/// with the mean, so the pool says too much of a term that is too rare to be in it: such a term is
/// shrunk towards [`DEFAULT_DISPERSION`] at most, as where nothing pools.
pub(super) fn prior(pooled: f64, sum: u128, buckets: usize) -> f64 {
    if sum >= MIN_MEAN * buckets as u128 { pooled } else { pooled.min(DEFAULT_DISPERSION) }
}

/// The dispersions of the terms of one kind, in 64 bins that are equally wide in the logarithm
/// from 1 to 50: adding pools is adding integers, so neither partitions nor their order show.
///
/// A term adds one number: over each span of reference length (counted from the epoch) with at
/// least 6 closed buckets and on average at least 5 of the measure in each, chi-square; the sum of
/// those, over the sum of their buckets less one each. No value is winsorised for that. The pool is
/// one for the whole run and not one per window, so it takes the same room however long a run is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PooledDispersion([u64; BINS]);

/// Why bytes are no pool.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("reading pooled dispersions: expected 64 numbers in their shortest form and nothing else")]
pub struct PoolError;

impl Default for PooledDispersion {
    fn default() -> Self {
        Self([0; BINS])
    }
}

impl PooledDispersion {
    /// Adds a term of the run.
    pub fn add(&mut self, totals: &Totals, cells: &[Cell]) {
        let points: Vec<_> = Point::of(totals, cells).collect();
        if let Some(dispersion) = over_spans(totals, &points) {
            let bin = edges().partition_point(|edge| *edge <= dispersion).saturating_sub(1);
            self.0[bin] = self.0[bin].saturating_add(1);
        }
    }

    /// Adds the terms of another partition.
    pub fn merge(&mut self, other: &Self) {
        for (ours, theirs) in self.0.iter_mut().zip(other.0) {
            *ours = ours.saturating_add(theirs);
        }
    }

    /// How many terms were pooled.
    pub fn terms(&self) -> u64 {
        self.0.iter().fold(0, |sum, terms| sum.saturating_add(*terms))
    }

    /// The lower edge of the bin that the median (of an even number, the lower one) lies in, or
    /// [`DEFAULT_DISPERSION`] with fewer than [`MIN_POOLED_TERMS`] terms. 1 to 50.
    pub fn dispersion(&self) -> f64 {
        let terms = self.terms();
        if terms < MIN_POOLED_TERMS {
            return DEFAULT_DISPERSION;
        }
        let mut left = (terms - 1) / 2;
        for (edge, terms) in edges().into_iter().zip(self.0) {
            if left < terms {
                return edge;
            }
            left -= terms;
        }
        MAX_DISPERSION
    }

    /// Appends its bytes: the number of terms in each bin, as varints.
    pub fn encode(&self, out: &mut Vec<u8>) {
        for terms in self.0 {
            put(out, terms);
        }
    }

    /// Reads what [`PooledDispersion::encode`] wrote, all of `raw`.
    pub fn decode(raw: &[u8]) -> Result<Self, PoolError> {
        let mut pool = Self::default();
        let mut at = Position(0);
        for terms in &mut pool.0 {
            *terms = at.unsigned(raw).map_err(|_| PoolError)?;
        }
        let mut written = Vec::with_capacity(raw.len());
        pool.encode(&mut written);
        if written == raw { Ok(pool) } else { Err(PoolError) }
    }
}

/// Where the bins begin: 50^(k / 64).
fn edges() -> [f64; BINS] {
    let step = libm::log(MAX_DISPERSION) / BINS as f64;
    std::array::from_fn(|bin| libm::exp(step * bin as f64))
}

/// A term's dispersion within spans of reference length, `None` if it is too rare in all.
fn over_spans(totals: &Totals, points: &[Point]) -> Option<f64> {
    let length = totals.reference_windows();
    let closed = totals.closed();
    let (mut sum, mut freedom) = (0.0, 0);
    let same = |a: &Point, b: &Point| {
        totals.bucket(a.place).div_euclid(length) == totals.bucket(b.place).div_euclid(length)
    };
    for points in points.chunk_by(same) {
        let Some(first) = points.first() else { continue };
        let span = totals.bucket(first.place).div_euclid(length);
        let start = closed.partition_point(|bucket| bucket.div_euclid(length) < span);
        let end = closed.partition_point(|bucket| bucket.div_euclid(length) <= span);
        let buckets = end - start;
        let total: u128 = points.iter().map(|point| u128::from(point.x)).sum();
        if buckets >= MIN_HISTORY && total >= MIN_MEAN * buckets as u128 {
            let documents = totals.documents_between(start, end);
            sum += chi_square(points, |point| point.x as f64, total as f64, documents);
            freedom += buckets - 1;
        }
    }
    (freedom > 0).then(|| sum / freedom as f64)
}
