//! The burst score of one window: how far a term is above what its reference leads to expect. Owns
//! the steps from integers to the score; knows nothing of gates, of statuses or of the choice of
//! windows.

use serde::Serialize;

use super::Formula;
use super::dispersion::{Point, chi_square, shrink};

/// The greatest growth that is published; any greater growth is cut to it.
pub const GROWTH_CAP: f64 = 1e6;
/// A value is winsorised if it exceeds its expected value by more standard deviations than this.
const WINSOR_DEVIATIONS: f64 = 3.0;
/// Anscombe's constant: with it the square root of a Poisson count has a variance closest to 1/4.
const ANSCOMBE: f64 = 0.375;
/// Added to the measure of the reference, so that the expected value is never 0.
const PRIOR: f64 = 0.5;
/// Added to the typical measure where a burst is divided by its root, so that a new term has a
/// burst.
const TYPICAL_PRIOR: f64 = 0.5;

/// The reference of a window: the buckets that the window is compared with.
#[derive(Debug, Clone, Copy)]
pub(super) struct Reference<'a> {
    /// The buckets with the term.
    pub(super) points: &'a [Point],
    /// D: the sum of the measure over `points`.
    pub(super) sum: u128,
    /// Nr: the number of documents in all buckets of the reference.
    pub(super) documents: u128,
    /// W: the number of buckets.
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
    /// for a term with a mean below 5 per window; 4 with a seasonal reference.
    pub prior: f64,
    /// The estimate from the counted values.
    pub raw: DispersionEstimate,
    /// The estimate from the winsorised values.
    pub winsorised: DispersionEstimate,
    /// E, the expected measure of the window.
    pub expected: f64,
    /// M, the typical measure of the window, at most the counted D Nc / Nr; `None` in the first
    /// formula.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub typical: Option<f64>,
    /// z: the number of standard deviations by which the measure exceeds E; negative if it is
    /// below.
    pub significance: f64,
    /// The burst, if the gates are open: in the first formula the significance.
    pub burst: f64,
    /// x / E, at most [`GROWTH_CAP`].
    pub growth: f64,
    /// The binary logarithm of the growth; `None` if the term is absent from the window.
    pub lift: Option<f64>,
}

impl BurstSteps {
    /// Returns true if the window has a burst above 0 once its gates are open.
    pub(super) fn is_burst(&self, formula: Formula) -> bool {
        self.significance >= formula.least_significance() && self.burst > 0.0
    }
}

/// Scores the measure `x` of a window with `documents` documents.
pub(super) fn burst_steps(
    formula: Formula,
    x: u64,
    documents: u128,
    reference: &Reference<'_>,
) -> BurstSteps {
    let raw = estimate(reference, |point| point.x as f64, reference.sum as f64);
    let value = |point: &Point| winsorise(point, reference, &raw);
    // `Iterator::sum` of no floats is -0; this is 0.
    let sum = reference.points.iter().map(value).fold(0.0, |sum, value| sum + value);
    let winsorised = estimate(reference, value, sum);

    let x = x as f64;
    let share = documents as f64 / reference.documents as f64;
    let expected = (winsorised.sum + PRIOR) * share;
    let scale = winsorised.dispersion * (1.0 + share);
    let (significance, typical, burst) = match formula {
        Formula::First => {
            let significance = 2.0 * (anscombe(x) - anscombe(expected)) / scale.sqrt();
            (significance, None, significance)
        }
        Formula::Second => {
            let typical = typical(documents, reference);
            let burst = (x - typical) / (typical + TYPICAL_PRIOR).sqrt();
            (signed_root_of_deviance(x, expected) / scale.sqrt(), Some(typical), burst)
        }
    };
    let growth = (x / expected).min(GROWTH_CAP);
    let lift = (x > 0.0).then(|| libm::log2(growth));
    BurstSteps {
        prior: reference.prior,
        raw,
        winsorised,
        expected,
        typical,
        significance,
        burst,
        growth,
        lift,
    }
}

fn anscombe(count: f64) -> f64 {
    (count + ANSCOMBE).sqrt()
}

/// Returns the root of the deviance of a Poisson count from its expected value, the likelihood
/// ratio 2 (x ln(x / E) - (x - E)); negative if x is below E. It is close to a standard normal
/// deviate even where E is near 0 (`McCullagh` and Nelder 1989, section 2.4).
fn signed_root_of_deviance(x: f64, expected: f64) -> f64 {
    let logarithm = if x > 0.0 { x * libm::log(x / expected) } else { 0.0 };
    // Rounding may leave a small negative number where x is near E.
    let deviance = 2.0 * (logarithm - (x - expected)).max(0.0);
    deviance.sqrt().copysign(x - expected)
}

/// Returns M, the typical measure of a window with `documents` documents: Nc times the square of
/// the sum of sqrt(x N) over the reference, divided by Nr^2. It is D Nc / Nr times the square of
/// Bhattacharyya's coefficient of two distributions over the reference, that of the term and that
/// of all documents: a term that is spread as the documents are has M = D Nc / Nr, and a term that
/// came in few buckets has much less.
fn typical(documents: u128, reference: &Reference<'_>) -> f64 {
    let root = |point: &Point| (point.x as f64 * point.documents as f64).sqrt();
    let roots = reference.points.iter().map(root).fold(0.0, |sum, root| sum + root);
    let mean = roots / reference.documents as f64;
    documents as f64 * (mean * mean)
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
