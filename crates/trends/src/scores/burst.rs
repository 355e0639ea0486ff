//! The burst score of one window: by how many standard deviations a term exceeds the value that
//! its reference predicts. Owns the steps from integers to the score; knows nothing of gates, of
//! statuses or of the choice of windows.

use serde::Serialize;

use super::dispersion::{Point, chi_square, shrink};

/// The greatest growth that is published; any greater growth is cut to it.
pub const GROWTH_CAP: f64 = 1e6;
/// A value is winsorised if it exceeds its expected value by more standard deviations than this.
const WINSOR_DEVIATIONS: f64 = 3.0;
/// Anscombe's constant: with it the square root of a Poisson count has a variance closest to 1/4.
const ANSCOMBE: f64 = 0.375;
/// Added to the measure of the reference, so that the expected value is never 0.
const PRIOR: f64 = 0.5;

/// The reference of a window: the buckets that the window is compared with.
#[derive(Debug, Clone, Copy)]
pub(super) struct Reference<'a> {
    /// The buckets with the term.
    pub(super) points: &'a [Point],
    /// D: the sum of the measure over `points`.
    pub(super) sum: u128,
    /// Nr: the number of documents in all buckets of the reference.
    pub(super) documents: u128,
    /// W: the number of buckets, at least [`super::MIN_HISTORY`].
    pub(super) buckets: usize,
    /// The dispersion that the term's own dispersion is shrunk towards.
    pub(super) prior: f64,
}

/// The dispersion of a term over its reference.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DispersionEstimate {
    /// D, the sum of the measure.
    pub sum: f64,
    /// The term's own dispersion, `None` if the term is absent.
    pub own: Option<f64>,
    /// The dispersion after shrinking towards the prior, at least 1.
    pub dispersion: f64,
}

/// The steps to a burst score.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct BurstSteps {
    /// The dispersion that the term's own dispersion is shrunk towards: the pooled one, at most 4
    /// for a term with a mean below 5 per window.
    pub prior: f64,
    /// The estimate from the counted values.
    pub raw: DispersionEstimate,
    /// The estimate from the winsorised values.
    pub winsorised: DispersionEstimate,
    /// E, the expected measure of the window.
    pub expected: f64,
    /// The number of standard deviations by which the measure exceeds E; negative if it is below.
    pub z: f64,
    /// x / E, at most [`GROWTH_CAP`].
    pub growth: f64,
    /// The binary logarithm of the growth; `None` if the term is absent from the window.
    pub lift: Option<f64>,
}

/// Scores the measure `x` of a window with `documents` documents.
pub(super) fn burst_steps(x: u64, documents: u128, reference: &Reference<'_>) -> BurstSteps {
    let raw = estimate(reference, |point| point.x as f64, reference.sum as f64);
    let value = |point: &Point| winsorise(point, reference, &raw);
    // `Iterator::sum` of no floats is -0; this is 0.
    let sum = reference.points.iter().map(value).fold(0.0, |sum, value| sum + value);
    let winsorised = estimate(reference, value, sum);

    let share = documents as f64 / reference.documents as f64;
    let expected = (winsorised.sum + PRIOR) * share;
    let root = |count: f64| (count + ANSCOMBE).sqrt();
    let deviation = (winsorised.dispersion * (1.0 + share)).sqrt();
    let growth = (x as f64 / expected).min(GROWTH_CAP);
    BurstSteps {
        prior: reference.prior,
        raw,
        winsorised,
        expected,
        z: 2.0 * (root(x as f64) - root(expected)) / deviation,
        growth,
        lift: (x > 0).then(|| libm::log2(growth)),
    }
}

/// Returns E of a bucket of the reference and the limit above which its value is winsorised.
pub(super) fn expected_and_limit(
    point: &Point,
    reference: &Reference<'_>,
    raw: &DispersionEstimate,
) -> (f64, f64) {
    let expected = point.documents as f64 * (raw.sum / reference.documents as f64);
    (expected, expected + WINSOR_DEVIATIONS * (raw.dispersion * expected).sqrt())
}

/// Returns the value of a bucket, at most its limit: an old burst must not hide the next one.
pub(super) fn winsorise(point: &Point, reference: &Reference<'_>, raw: &DispersionEstimate) -> f64 {
    let (_, limit) = expected_and_limit(point, reference, raw);
    (point.x as f64).min(limit)
}

fn estimate(
    reference: &Reference<'_>,
    values: impl Fn(&Point) -> f64,
    sum: f64,
) -> DispersionEstimate {
    let freedom = (reference.buckets - 1) as f64;
    let own = (sum > 0.0)
        .then(|| chi_square(reference.points, values, sum, reference.documents) / freedom);
    DispersionEstimate { sum, own, dispersion: shrink(own, reference.buckets, reference.prior) }
}
