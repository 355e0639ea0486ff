//! How a published number came about: every input and step of a term's scores in one window.
//! Owns what is told and its plain text; computes nothing that the scores don't.

use std::fmt;

use serde::Serialize;

use super::burst::{Steps, limit, steps, winsorise};
use super::{Cell, Measure, Scorer, WindowScore};

/// The inputs and steps of a term's scores in one window.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Explanation {
    /// The seconds of a window; a bucket begins at its number times this.
    pub window_seconds: u32,
    /// What is scored.
    pub measure: Measure,
    /// The term in the window.
    pub cell: Cell,
    /// Nc, the documents of the window.
    pub documents: u128,
    /// The first bucket of the reference, which ends before the window.
    pub reference_from: i64,
    /// W, how many buckets of the reference are not empty.
    pub reference_buckets: usize,
    /// Nr, their documents.
    pub reference_documents: u128,
    /// The buckets of the reference that the term is in; in all others it is 0.
    pub reference: Vec<ReferenceCell>,
    /// The dispersion pooled over the terms of the kind.
    pub pooled_dispersion: f64,
    /// How many terms pool; fewer than 20 don't.
    pub pooled_terms: u64,
    /// The steps to z, whether the gates are open or not; nothing without enough history.
    pub steps: Option<Steps>,
    /// What must hold for z to count.
    pub gates: Gates,
    /// The bursts of the last 48 hours that are above 0.
    pub peaks: Vec<PeakInput>,
    /// What is published.
    pub score: WindowScore,
}

/// A bucket of a reference.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ReferenceCell {
    /// The bucket.
    pub bucket: i64,
    /// N, its documents.
    pub documents: u128,
    /// x, the measure of the term.
    pub measured: u64,
    /// E = N D / Nr, from the values as they are.
    pub expected: f64,
    /// E + 3 sqrt(dispersion E), the most that is counted.
    pub limit: f64,
    /// x, or the limit if that is less.
    pub winsorised: f64,
}

/// The gates of the burst score; it is 0 unless all are open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Gates {
    /// The least measure.
    pub min_count: u64,
    /// Whether the measure reaches it.
    pub count: bool,
    /// The least authors; nothing where authors aren't the measure.
    pub min_authors: Option<u64>,
    /// Whether the authors reach it, true where they aren't the measure.
    pub authors: bool,
    /// Whether more was seen than expected.
    pub excess: bool,
}

/// A burst that a peak is taken from.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PeakInput {
    /// The window of the burst.
    pub bucket: i64,
    /// The burst.
    pub burst: f64,
    /// What is left of it: the burst, halved for every 4 hours since.
    pub decayed: f64,
}

impl Scorer<'_> {
    /// How the scores of a term in a window came about, `None` if the bucket is no window: not
    /// closed, or without a document.
    pub fn explain(&mut self, cells: &[Cell], bucket: i64) -> Option<Explanation> {
        let place = self.totals.place(bucket)?;
        let mut bursts = Vec::new();
        let score = self.until(place, cells, |score| {
            bursts.extend(score.burst.filter(|z| *z > 0.0).map(|burst| (score.bucket, burst)));
        });
        let peak = |(from, burst)| {
            let factor = self.decay.between(from, bucket)?;
            Some(PeakInput { bucket: from, burst, decayed: burst * factor })
        };
        let peaks = bursts.into_iter().filter_map(peak).collect();

        let (totals, measured) = (self.totals, score.measured);
        let (points, _) = self.around(place);
        let sum = points.iter().map(|point| u128::from(point.x)).sum();
        let reference = self.reference(place, points, sum);
        let documents = totals.documents(place);
        let scored = reference.map(|reference| (reference, steps(measured, documents, &reference)));
        let cell_of = |point| {
            let (reference, steps) = scored.as_ref()?;
            let (expected, limit) = limit(point, reference, &steps.raw);
            Some(ReferenceCell {
                bucket: totals.bucket(point.place),
                documents: point.documents,
                measured: point.x,
                expected,
                limit,
                winsorised: winsorise(point, reference, &steps.raw),
            })
        };
        let absent = Cell { bucket, ..Cell::default() };
        Some(Explanation {
            window_seconds: totals.window().get(),
            measure: totals.measure(),
            cell: cells.iter().find(|cell| cell.bucket == bucket).copied().unwrap_or(absent),
            documents,
            reference_from: bucket.saturating_sub(totals.reference_windows()),
            reference_buckets: totals.history(place),
            reference_documents: totals.documents_between(totals.reference(place), place),
            reference: points.iter().filter_map(cell_of).collect(),
            pooled_dispersion: self.pooled,
            pooled_terms: self.pooled_terms,
            steps: scored.map(|(_, steps)| steps),
            gates: self.gates(measured, scored.is_some_and(|(_, steps)| steps.z > 0.0)),
            peaks,
            score,
        })
    }

    fn gates(&self, measured: u64, excess: bool) -> Gates {
        let min_count = self.settings.min_count;
        let known = self.totals.measure() == Measure::Authors;
        let min_authors = known.then_some(self.settings.min_authors);
        let authors = min_authors.is_none_or(|least| measured >= least);
        Gates { min_count, count: measured >= min_count, min_authors, authors, excess }
    }
}

impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Cell { bucket, count, documents, authors } = self.cell;
        let second = i128::from(bucket) * i128::from(self.window_seconds);
        writeln!(f, "window {bucket}, {} s from second {second}", self.window_seconds)?;
        writeln!(f, "  count {count}, documents {documents}, authors {authors}")?;
        writeln!(f, "  x = {} ({:?})", self.score.measured, self.measure)?;
        writeln!(f, "  Nc = {} documents in all", self.documents)?;
        let (from, buckets) = (self.reference_from, self.reference_buckets);
        writeln!(f, "reference: buckets {from} to {}", bucket.saturating_sub(1))?;
        writeln!(f, "  W = {buckets} of them have documents, Nr = {}", self.reference_documents)?;
        for cell in &self.reference {
            let ReferenceCell { bucket, documents, measured, expected, limit, winsorised } = cell;
            write!(f, "  {bucket}: x = {measured}, N = {documents}, E = {expected}, ")?;
            writeln!(f, "limit {limit}, counted as {winsorised}")?;
        }
        match &self.steps {
            Some(steps) => self.fmt_steps(steps, f)?,
            None => writeln!(f, "insufficient history: fewer than 6 buckets have documents")?,
        }
        for PeakInput { bucket, burst, decayed } in &self.peaks {
            writeln!(f, "peak: burst {burst} in window {bucket} is now {decayed}")?;
        }
        let WindowScore { status, new, burst, growth, peak, popular, .. } = &self.score;
        match burst {
            Some(burst) => writeln!(f, "burst {burst}, growth {growth}")?,
            None => writeln!(f, "no burst score")?,
        }
        write!(f, "peak {peak}, popular {popular}, {status:?}{}", if *new { ", new" } else { "" })
    }
}

impl Explanation {
    fn fmt_steps(&self, steps: &Steps, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { pooled_dispersion, pooled_terms, .. } = self;
        writeln!(f, "dispersion pooled over terms ({pooled_terms} pool): {pooled_dispersion}")?;
        writeln!(f, "shrunk towards, at most 4 for a term below 5 a window: {}", steps.prior)?;
        for (name, estimate) in [("as they are", steps.raw), ("winsorised", steps.winsorised)] {
            write!(f, "values {name}: D = {}, ", estimate.sum)?;
            match estimate.own {
                Some(own) => write!(f, "own dispersion {own}, ")?,
                None => write!(f, "no own dispersion, ")?,
            }
            writeln!(f, "dispersion {}", estimate.dispersion)?;
        }
        writeln!(f, "E = (D + 0.5) Nc / Nr = {}", steps.expected)?;
        write!(f, "z = 2 (sqrt(x + 3/8) - sqrt(E + 3/8)) / sqrt(dispersion (1 + Nc / Nr)) = ")?;
        writeln!(f, "{}", steps.z)?;
        write!(f, "growth x / E = {}", steps.growth)?;
        match steps.lift {
            Some(lift) => writeln!(f, ", lift {lift}")?,
            None => writeln!(f)?,
        }
        let word = |open| if open { "open" } else { "closed" };
        let Gates { min_count, count, min_authors, authors, excess } = self.gates;
        writeln!(f, "gate x >= {min_count}: {}", word(count))?;
        if let Some(least) = min_authors {
            writeln!(f, "gate authors >= {least}: {}", word(authors))?;
        }
        writeln!(f, "gate x > E: {}", word(excess))
    }
}
