//! The burst score of one window: by how many standard deviations a term exceeds what its
//! reference says. Owns the steps from integers to the score; knows nothing of which windows are
//! asked for, of gates or of states.

use serde::Serialize;

use super::dispersion::{Point, chi_square, shrink};

/// Growth above this is shown as this.
pub const GROWTH_CAP: f64 = 1e6;
/// A value further above what is expected than so many standard deviations is winsorised.
const WINSOR: f64 = 3.0;
/// Anscombe's constant: with it the square root of a Poisson count has a variance nearest 1/4.
const ANSCOMBE: f64 = 0.375;
/// What the reference is taken to have seen beyond what it has, so that nothing is impossible.
const PRIOR: f64 = 0.5;

/// What a window is compared with.
#[derive(Debug, Clone, Copy)]
pub(super) struct Reference<'a> {
    /// Where the term is not absent.
    pub(super) points: &'a [Point],
    /// D: the sum of the measure over them.
    pub(super) sum: u128,
    /// Nr: documents in all buckets of the reference.
    pub(super) documents: u128,
    /// W: how many buckets it has, at least [`super::MIN_HISTORY`].
    pub(super) buckets: usize,
    /// What the term's dispersion is shrunk towards.
    pub(super) prior: f64,
}

/// What a reference says of a term.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Estimate {
    /// D, the sum of the measure.
    pub sum: f64,
    /// The term's own dispersion, nothing if it is absent.
    pub own: Option<f64>,
    /// The dispersion after shrinking towards the pooled one, at least 1.
    pub dispersion: f64,
}

/// The steps to a burst score.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Steps {
    /// What the dispersion is shrunk towards: the pooled one, at most 4 for a term below 5 a window.
    pub prior: f64,
    /// From the values as they are.
    pub raw: Estimate,
    /// From the winsorised values.
    pub winsorised: Estimate,
    /// E, what is expected in the window.
    pub expected: f64,
    /// By how many standard deviations the window exceeds it; negative if it falls short.
    pub z: f64,
    /// x / E, at most [`GROWTH_CAP`].
    pub growth: f64,
    /// The binary logarithm of the growth; nothing if the term is absent.
    pub lift: Option<f64>,
}

/// Scores the measure `x` of a window with `documents` documents.
pub(super) fn steps(x: u64, documents: u128, reference: &Reference<'_>) -> Steps {
    let raw = estimate(reference, |point| point.x as f64, reference.sum as f64);
    let value = |point: &Point| winsorise(point, reference, &raw);
    // The sum of nothing is 0; that of the standard library is -0.
    let sum = reference.points.iter().map(value).fold(0.0, |sum, value| sum + value);
    let winsorised = estimate(reference, value, sum);

    let share = documents as f64 / reference.documents as f64;
    let expected = (winsorised.sum + PRIOR) * share;
    let root = |count: f64| (count + ANSCOMBE).sqrt();
    let deviation = (winsorised.dispersion * (1.0 + share)).sqrt();
    let growth = (x as f64 / expected).min(GROWTH_CAP);
    Steps {
        prior: reference.prior,
        raw,
        winsorised,
        expected,
        z: 2.0 * (root(x as f64) - root(expected)) / deviation,
        growth,
        lift: (x > 0).then(|| libm::log2(growth)),
    }
}

/// What the raw values say of a bucket: E and the most it may count.
pub(super) fn limit(point: &Point, reference: &Reference<'_>, raw: &Estimate) -> (f64, f64) {
    let expected = point.documents as f64 * (raw.sum / reference.documents as f64);
    (expected, expected + WINSOR * (raw.dispersion * expected).sqrt())
}

/// The value of a bucket, or the most it may count: an old burst must not hide the next one.
pub(super) fn winsorise(point: &Point, reference: &Reference<'_>, raw: &Estimate) -> f64 {
    let (_, most) = limit(point, reference, raw);
    (point.x as f64).min(most)
}

fn estimate(reference: &Reference<'_>, values: impl Fn(&Point) -> f64, sum: f64) -> Estimate {
    let freedom = (reference.buckets - 1) as f64;
    let own = (sum > 0.0)
        .then(|| chi_square(reference.points, values, sum, reference.documents) / freedom);
    Estimate { sum, own, dispersion: shrink(own, reference.buckets, reference.prior) }
}
