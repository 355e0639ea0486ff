//! The explanation of a term's scores in one window: every input and every step. Owns its content
//! and its plain text; computes nothing that the scores don't.

use std::fmt;

use serde::Serialize;

use super::burst::{
    BurstSteps, DispersionEstimate, Reference, burst_steps, expected_and_limit, winsorise,
};
use super::dispersion::Point;
use super::reference::Chosen;
use super::{Cell, Formula, Measure, Scorer, Totals, WindowScore};
use crate::detail::is_estimate;

/// The inputs and steps of a term's scores in one window.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Explanation {
    /// The length of a window in seconds; bucket n begins n times this long after the epoch.
    pub window_seconds: u32,
    /// The measure of the run.
    pub measure: Measure,
    /// The counts of the term in the window.
    pub cell: ExplainedCell,
    /// Nc, the number of documents in the window.
    pub documents: u128,
    /// The version of the burst score.
    pub formula: Formula,
    /// The first bucket of the reference, which ends before the window.
    pub reference_from: i64,
    /// The seconds from one bucket of the reference to the next if it is seasonal, that is, if it
    /// has the same time of earlier weeks or days; `None` if it has all buckets.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reference_period: Option<u32>,
    /// W, the number of buckets of the reference that are not empty.
    pub reference_buckets: usize,
    /// Nr, the number of documents in the reference.
    pub reference_documents: u128,
    /// The buckets of the reference with the term; its measure is 0 in all others.
    pub reference: Vec<ReferenceCell>,
    /// The dispersion pooled over the terms of the kind.
    pub pooled_dispersion: f64,
    /// Number of terms in the pool; with fewer than 20 the pooled dispersion is the default, 4.
    pub pooled_terms: u64,
    /// The steps to the burst, whether the gates are open or not; `None` without enough history.
    pub steps: Option<BurstSteps>,
    /// The gates, which must be open for the burst to count.
    pub gates: GateStates,
    /// The bursts above 0 of the last 48 hours; the peak is the greatest after decay.
    pub peaks: Vec<PeakInput>,
    /// The scores as they are published.
    pub score: ExplainedScore,
}

/// The counts of the term in the window.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ExplainedCell {
    /// The counts.
    #[serde(flatten)]
    pub counts: Cell,
    /// True if the number of authors is an estimate; `None` if it is exact.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub authors_estimated: Option<bool>,
}

/// The scores of the term in the window.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ExplainedScore {
    /// The scores as they are published.
    #[serde(flatten)]
    pub published: WindowScore,
    /// True if the measure is an estimate; `None` if it is exact.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub measured_estimated: Option<bool>,
}

/// A bucket of a reference.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ReferenceCell {
    /// The bucket.
    pub bucket: i64,
    /// N, the number of documents in the bucket.
    pub documents: u128,
    /// x, the measure of the term.
    pub measured: u64,
    /// True if x is an estimate; `None` if it is exact.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub measured_estimated: Option<bool>,
    /// E = N D / Nr, from the counted values.
    pub expected: f64,
    /// E + 3 sqrt(dispersion E), the limit of the winsorised value.
    pub limit: f64,
    /// The smaller of x and the limit.
    pub winsorised: f64,
}

/// The gates of the burst score in a window; the burst is 0 unless all are open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct GateStates {
    /// The least measure that opens the gate.
    pub min_count: u64,
    /// True if the measure reaches `min_count`.
    pub count: bool,
    /// The least number of authors that opens the gate; `None` if authors aren't the measure.
    pub min_authors: Option<u64>,
    /// True if the authors reach `min_authors` or aren't the measure.
    pub authors: bool,
    /// True if the measure exceeds its typical value, and its expected one with the least
    /// significance of a burst ([`Formula::least_significance`]).
    pub excess: bool,
}

/// A burst in the last 48 hours, and its value after decay.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PeakInput {
    /// The window of the burst.
    pub bucket: i64,
    /// The burst.
    pub burst: f64,
    /// The burst, halved for every 4 hours from its window to the explained one.
    pub decayed: f64,
}

impl Scorer<'_> {
    /// Explains the scores of a term in a window. Returns `None` if the bucket is not a window: it
    /// is still open, or has no document.
    pub fn explain(&mut self, cells: &[Cell], bucket: i64) -> Option<Explanation> {
        let position = self.totals.position(bucket)?;
        let mut bursts = Vec::new();
        let score = self.score_until(position, cells, |score| {
            bursts.extend(
                score.burst.filter(|burst| *burst > 0.0).map(|burst| (score.bucket, burst)),
            );
        });
        let peak = |(from, burst)| {
            let factor = self.decay.between(from, bucket)?;
            Some(PeakInput { bucket: from, burst, decayed: burst * factor })
        };
        let peaks = bursts.into_iter().filter_map(peak).collect();

        let (totals, measured) = (self.totals, score.measured);
        let measure = totals.measure();
        let (documents, formula) = (totals.documents(position), self.settings.formula);
        let mut explained = None;
        let mut place = ReferencePlace::trailing(totals, position);
        if let Some(Chosen { reference, from, period }) = self.last_reference(position) {
            let steps = burst_steps(formula, measured, documents, &reference);
            let cell = |point| reference_cell(totals, point, &reference, &steps.raw);
            explained = Some((steps, reference.points.iter().map(cell).collect()));
            let Reference { buckets, documents, .. } = reference;
            place = ReferencePlace { from, period, buckets, documents };
        }
        let (steps, reference) = explained.unzip();
        let is_burst = steps.is_some_and(|steps: BurstSteps| steps.is_burst(formula));
        let absent = Cell { bucket, ..Cell::default() };
        let counts = cells.iter().find(|cell| cell.bucket == bucket).copied().unwrap_or(absent);
        Some(Explanation {
            window_seconds: totals.window().get(),
            measure,
            cell: ExplainedCell {
                counts,
                authors_estimated: is_estimate(counts.authors).then_some(true),
            },
            documents,
            formula,
            reference_from: place.from,
            reference_period: place.period,
            reference_buckets: place.buckets,
            reference_documents: place.documents,
            reference: reference.unwrap_or_default(),
            pooled_dispersion: self.pooled,
            pooled_terms: self.pooled_terms,
            gates: self.gate_states(measured, is_burst),
            steps,
            peaks,
            score: ExplainedScore {
                published: score,
                measured_estimated: measure.is_estimate(measured).then_some(true),
            },
        })
    }

    fn gate_states(&self, measured: u64, excess: bool) -> GateStates {
        let gates = self.settings.gates;
        let min_count = gates.min_count;
        let measures_authors = self.totals.measure() == Measure::Authors;
        let min_authors = measures_authors.then_some(gates.min_authors);
        let authors = min_authors.is_none_or(|least| measured >= least);
        GateStates { min_count, count: measured >= min_count, min_authors, authors, excess }
    }
}

/// Where the reference of a window lies.
struct ReferencePlace {
    from: i64,
    period: Option<u32>,
    buckets: usize,
    documents: u128,
}

impl ReferencePlace {
    /// Returns the place of a trailing reference, which may be too short.
    fn trailing(totals: &Totals, position: usize) -> Self {
        Self {
            from: totals.bucket(position).saturating_sub(totals.reference_windows()),
            period: None,
            buckets: totals.reference_buckets(position),
            documents: totals.documents_between(totals.reference_start(position), position),
        }
    }
}

fn reference_cell(
    totals: &Totals,
    point: &Point,
    reference: &Reference<'_>,
    raw: &DispersionEstimate,
) -> ReferenceCell {
    let (expected, limit) = expected_and_limit(point, reference, raw);
    ReferenceCell {
        bucket: totals.bucket(point.position),
        documents: point.documents,
        measured: point.x,
        measured_estimated: totals.measure().is_estimate(point.x).then_some(true),
        expected,
        limit,
        winsorised: winsorise(point, reference, raw),
    }
}

impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Cell { bucket, count, documents, authors } = self.cell.counts;
        let second = i128::from(bucket) * i128::from(self.window_seconds);
        writeln!(f, "window {bucket}, {} s from second {second}", self.window_seconds)?;
        writeln!(
            f,
            "  count {count}, documents {documents}, authors {}",
            shown(authors, self.cell.authors_estimated)
        )?;
        let x = shown(self.score.published.measured, self.score.measured_estimated);
        writeln!(f, "  x = {x} ({:?})", self.measure)?;
        writeln!(f, "  Nc = {} documents in all", self.documents)?;
        let (from, buckets) = (self.reference_from, self.reference_buckets);
        match self.reference_period {
            None => writeln!(f, "reference: buckets {from} to {}", bucket.saturating_sub(1))?,
            Some(period) => {
                let step = period / self.window_seconds;
                writeln!(f, "reference: every {step}th bucket from {from} to before {bucket}")?;
            }
        }
        writeln!(f, "  W = {buckets} of them have documents, Nr = {}", self.reference_documents)?;
        for cell in &self.reference {
            let ReferenceCell { bucket, documents, expected, limit, winsorised, .. } = cell;
            let x = shown(cell.measured, cell.measured_estimated);
            write!(f, "  {bucket}: x = {x}, N = {documents}, E = {expected}, ")?;
            writeln!(f, "limit {limit}, winsorised {winsorised}")?;
        }
        match &self.steps {
            Some(steps) => {
                self.fmt_steps(steps, f)?;
                self.fmt_gates(f)?;
            }
            None => writeln!(
                f,
                "insufficient history: fewer than 6 buckets of the reference have documents"
            )?,
        }
        for PeakInput { bucket, burst, decayed } in &self.peaks {
            writeln!(f, "peak: burst {burst} in window {bucket} has decayed to {decayed}")?;
        }
        let WindowScore { status, new, burst, significance, growth, peak, popular, .. } =
            &self.score.published;
        match burst {
            Some(burst) => {
                writeln!(f, "burst {burst}, significance {significance}, growth {growth}")?;
            }
            None => writeln!(f, "no burst score")?,
        }
        let (trending, rising) = (self.formula.trending(), self.formula.rising());
        writeln!(f, "trending from a significance of {trending}, rising from {rising}")?;
        write!(f, "peak {peak}, popular {popular}, {status:?}{}", if *new { ", new" } else { "" })
    }
}

/// Returns a count as it is shown: with `~` before an estimate.
fn shown(count: u64, estimated: Option<bool>) -> String {
    if estimated.is_some() { format!("~{count}") } else { count.to_string() }
}

impl Explanation {
    /// Returns true if a count is an estimate, and so what is computed from it.
    pub fn has_estimate(&self) -> bool {
        let reference = self.reference.iter().map(|cell| cell.measured_estimated);
        let mut marks =
            reference.chain([self.cell.authors_estimated, self.score.measured_estimated]);
        marks.any(|mark| mark.is_some())
    }

    fn fmt_steps(&self, steps: &BurstSteps, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { pooled_dispersion, pooled_terms, .. } = self;
        write!(f, "pooled dispersion, 4 with fewer than 20 terms: ")?;
        writeln!(f, "{pooled_dispersion} of {pooled_terms} terms")?;
        let rule = match self.reference_period {
            None => "at most 4 for a mean below 5 a window",
            Some(_) => "4 for a seasonal reference",
        };
        writeln!(f, "prior, {rule}: {}", steps.prior)?;
        for (name, estimate) in [("counted", steps.raw), ("winsorised", steps.winsorised)] {
            write!(f, "{name} values: D = {}, ", estimate.sum)?;
            match estimate.own {
                Some(own) => write!(f, "own dispersion {own}, ")?,
                None => write!(f, "no own dispersion, ")?,
            }
            writeln!(f, "dispersion {}", estimate.dispersion)?;
        }
        writeln!(f, "E = (D + 0.5) Nc / Nr = {}", steps.expected)?;
        let significance = steps.significance;
        match steps.typical {
            None => {
                write!(f, "significance = burst = 2 (sqrt(x + 3/8) - sqrt(E + 3/8)) / ")?;
                writeln!(f, "sqrt(dispersion (1 + Nc / Nr)) = {significance}")?;
            }
            Some(typical) => {
                write!(f, "significance = sqrt(2 (x ln(x / E) - (x - E)) / ")?;
                writeln!(f, "(dispersion (1 + Nc / Nr))), negative if x < E, = {significance}")?;
                writeln!(f, "typical M = Nc (sum of sqrt(x N) / Nr)^2 = {typical}")?;
                writeln!(f, "burst = (x - M) / sqrt(M + 1/2) = {}", steps.burst)?;
            }
        }
        write!(f, "growth x / E = {}", steps.growth)?;
        match steps.lift {
            Some(lift) => writeln!(f, ", lift {lift}")?,
            None => writeln!(f)?,
        }
        Ok(())
    }

    fn fmt_gates(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = |open| if open { "open" } else { "closed" };
        let GateStates { min_count, count, min_authors, authors, excess } = self.gates;
        writeln!(f, "gate x >= {min_count}: {}", state(count))?;
        if let Some(least) = min_authors {
            writeln!(f, "gate authors >= {least}: {}", state(authors))?;
        }
        match self.formula {
            Formula::First => writeln!(f, "gate x > E: {}", state(excess)),
            Formula::Second => {
                let least = self.formula.least_significance();
                writeln!(f, "gate significance >= {least} and x > M: {}", state(excess))
            }
        }
    }
}
