//! The dispersion of counts: their variance relative to that of a Poisson process. Owns the
//! estimate for one term, its shrinking towards the dispersion pooled over terms, and the pool;
//! knows nothing of bursts.

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::Cell;
use super::totals::{MIN_HISTORY, Totals};
use crate::digest::{hex, unhex};
use crate::format::varint::{Position, put};

/// The pooled dispersion if the pool has fewer than [`MIN_POOLED_TERMS`] terms.
pub const DEFAULT_DISPERSION: f64 = 4.0;
/// The least number of terms for a median of their dispersions.
pub const MIN_POOLED_TERMS: u64 = 20;
/// The least mean of a term's measure over the buckets of a span that counts for the pool.
const MIN_MEAN: u128 = 5;
/// The weight of the pooled dispersion, in buckets.
const SHRINKAGE: f64 = 4.0;

const BINS: usize = 64;
/// The upper end of the bins, which begin at 1.
const MAX_DISPERSION: f64 = 50.0;

/// The measure of a term in one bucket.
#[derive(Debug, Clone, Copy)]
pub(super) struct Point {
    /// The position of the bucket in the totals.
    pub(super) position: usize,
    /// The measure of the term.
    pub(super) x: u64,
    /// Number of documents in the bucket.
    pub(super) documents: u128,
}

impl Point {
    /// Returns the point of a cell, `None` if its bucket is not closed.
    pub(super) fn of(totals: &Totals, cell: &Cell) -> Option<Self> {
        let position = totals.position(cell.bucket)?;
        let (x, documents) = (totals.measure().of(cell), totals.documents(position));
        Some(Self { position, x, documents })
    }
}

/// Returns Pearson's chi-square of a term: the sum of (x - E)^2 / E with E = N D / Nr over all
/// buckets of a span. `points` are the buckets with the term and `values` their x; `sum` is D, the
/// sum of the values; `documents` is Nr, over all buckets. The result equals
/// (Nr / D) sum of x^2 / N - D, without the cancellation of that form.
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

/// Returns a term's own dispersion over `buckets` buckets, shrunk towards `prior`; the prior alone
/// if the term has no dispersion of its own.
pub(super) fn shrink(own: Option<f64>, buckets: usize, prior: f64) -> f64 {
    let Some(own) = own else { return prior };
    let freedom = (buckets - 1) as f64;
    ((own * freedom + SHRINKAGE * prior) / (freedom + SHRINKAGE)).max(1.0)
}

/// Returns the dispersion to shrink towards for a term with a measure of `sum` over `buckets`
/// buckets. Dispersion grows with the mean, so the pooled one is too great for a term that is too
/// rare for the pool: the prior of such a term is at most [`DEFAULT_DISPERSION`].
pub(super) fn prior(pooled: f64, sum: u128, buckets: usize) -> f64 {
    if sum >= MIN_MEAN * buckets as u128 { pooled } else { pooled.min(DEFAULT_DISPERSION) }
}

/// A histogram of the dispersions of the terms of one kind: 64 bins, equally wide in the logarithm,
/// from 1 to 50. Pools add up by adding integers, so the result depends neither on the number of
/// partitions nor on their order.
///
/// Each term adds one number to the histogram. Time is cut into spans of reference length, counted
/// from the epoch. A span qualifies if it has at least 6 closed buckets that are not empty and the
/// measure of the term is at least 5 on average. The number is the sum of chi-square over the
/// qualifying spans, divided by the sum of their buckets less one each. No value is winsorised. The
/// run has one pool instead of one per window, so the pool takes the same room however long the run
/// is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PooledDispersion([u64; BINS]);

impl Default for PooledDispersion {
    fn default() -> Self {
        Self([0; BINS])
    }
}

impl PooledDispersion {
    /// Adds a term of the run, whose windows have all been added to `term`; the next term begins
    /// there.
    pub fn add(&mut self, totals: &Totals, term: &mut TermDispersion) {
        if let Some(dispersion) = term.finish(totals) {
            let bin = edges().partition_point(|edge| *edge <= dispersion).saturating_sub(1);
            self.0[bin] = self.0[bin].saturating_add(1);
        }
    }

    /// Adds the pool of another partition.
    pub fn merge(&mut self, other: &Self) {
        for (ours, theirs) in self.0.iter_mut().zip(other.0) {
            *ours = ours.saturating_add(theirs);
        }
    }

    /// Returns the number of pooled terms.
    pub fn terms(&self) -> u64 {
        self.0.iter().fold(0, |sum, terms| sum.saturating_add(*terms))
    }

    /// Returns the lower edge of the bin that holds the median, 1 to 50, or [`DEFAULT_DISPERSION`]
    /// with fewer than [`MIN_POOLED_TERMS`] terms. The median of an even number of terms is the
    /// lower of the two middle ones.
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

    /// Returns the number of terms in each bin, as varints.
    pub(super) fn bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(BINS);
        for terms in self.0 {
            put(&mut bytes, terms);
        }
        bytes
    }

    /// Reads the bytes that [`PooledDispersion::bytes`] returns; `None` for any others.
    pub(super) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let mut pool = Self::default();
        let mut at = Position(0);
        for terms in &mut pool.0 {
            *terms = at.unsigned(bytes).ok()?;
        }
        (pool.bytes() == bytes).then_some(pool)
    }
}

/// Writes its bytes as hexadecimal digits.
impl Serialize for PooledDispersion {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&hex(&self.bytes()))
    }
}

/// Reads its bytes as hexadecimal digits.
impl<'de> Deserialize<'de> for PooledDispersion {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let digits = String::deserialize(deserializer)?;
        unhex(&digits).and_then(|bytes| Self::from_bytes(&bytes)).ok_or_else(|| {
            D::Error::custom("a pooled dispersion has 64 numbers in their shortest form")
        })
    }
}

/// Returns the lower edges of the bins: 50^(k / 64).
fn edges() -> [f64; BINS] {
    let step = libm::log(MAX_DISPERSION) / BINS as f64;
    std::array::from_fn(|bin| libm::exp(step * bin as f64))
}

/// The dispersion of a term over its windows, which come one by one: a term may be in all the
/// windows of a run, and only those of one span are held.
#[derive(Debug, Default)]
pub struct TermDispersion {
    /// The points of the current span.
    points: Vec<Point>,
    /// Chi-square over the spans before it that qualify.
    sum: f64,
    /// The buckets of those spans, less one each.
    freedom: usize,
}

impl TermDispersion {
    /// Adds the next window of the term, ascending by bucket.
    pub fn add(&mut self, totals: &Totals, cell: &Cell) {
        let Some(point) = Point::of(totals, cell) else { return };
        let span = |point: &Point| span_of(totals, totals.bucket(point.position));
        if self.points.last().is_some_and(|last| span(last) != span(&point)) {
            self.end_span(totals);
        }
        self.points.push(point);
    }

    fn end_span(&mut self, totals: &Totals) {
        let Some(first) = self.points.first() else { return };
        let closed = totals.closed();
        let span = span_of(totals, totals.bucket(first.position));
        let start = closed.partition_point(|bucket| span_of(totals, *bucket) < span);
        let end = closed.partition_point(|bucket| span_of(totals, *bucket) <= span);
        let buckets = end - start;
        let total: u128 = self.points.iter().map(|point| u128::from(point.x)).sum();
        if buckets >= MIN_HISTORY && total >= MIN_MEAN * buckets as u128 {
            let documents = totals.documents_between(start, end);
            let x = |point: &Point| point.x as f64;
            self.sum += chi_square(&self.points, x, total as f64, documents);
            self.freedom += buckets - 1;
        }
        self.points.clear();
    }

    /// Returns the dispersion over the spans that qualify, `None` if none does. The next term
    /// begins.
    fn finish(&mut self, totals: &Totals) -> Option<f64> {
        self.end_span(totals);
        let (sum, freedom) = (self.sum, self.freedom);
        (self.sum, self.freedom) = (0.0, 0);
        (freedom > 0).then(|| sum / freedom as f64)
    }
}

/// Returns the number of the span of reference length that a bucket is in.
fn span_of(totals: &Totals, bucket: i64) -> i64 {
    bucket.div_euclid(totals.reference_windows())
}
