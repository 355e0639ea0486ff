//! The scores against examples computed by hand, against the formulas in plain loops, and on
//! simulated terms with and without bursts.

mod calibration;
mod chi_square;
mod edges;
mod examples;
mod naive;
mod pool;
mod random;
mod seasonal;
mod time;

use std::num::NonZeroU32;

use super::*;
use crate::window::{WindowTotal, WindowTotals};

const HOUR: NonZeroU32 = NonZeroU32::new(3600).unwrap();

/// Returns totals of successive buckets from `first` on. Every document has an author.
fn totals(window: NonZeroU32, first: i64, documents: &[u64]) -> Totals {
    let total = |(bucket, documents): (i64, &u64)| {
        (bucket, WindowTotal { documents: *documents, with_author: *documents })
    };
    Totals::new(window, &(first..).zip(documents).map(total).collect())
}

/// Returns cells of successive buckets from `first` on. Every occurrence has another author.
fn cells(first: i64, counts: &[u64]) -> Vec<Cell> {
    let cell = |(bucket, n): (i64, &u64)| Cell { bucket, count: *n, documents: *n, authors: *n };
    (first..).zip(counts).filter(|(_, n)| **n > 0).map(cell).collect()
}

/// Adds a term to a pool.
fn pooled(pool: &mut PooledDispersion, totals: &Totals, cells: &[Cell]) {
    let mut term = TermDispersion::default();
    for cell in cells {
        term.add(totals, cell);
    }
    pool.add(totals, &mut term);
}

const FIRST_FORMULA: BurstSettings = BurstSettings {
    gates: BurstGates { min_count: 5, min_authors: 3 },
    formula: Formula::First,
    reference: ReferenceChoice::Trailing,
};

/// Returns all emitted scores of a term.
fn emitted(totals: &Totals, cells: &[Cell]) -> Vec<WindowScore> {
    emitted_with(BurstSettings::current(), totals, cells)
}

fn emitted_with(settings: BurstSettings, totals: &Totals, cells: &[Cell]) -> Vec<WindowScore> {
    let mut emitted = Vec::new();
    let pool = PooledDispersion::default();
    let mut scorer = Scorer::new(totals, settings, &pool);
    scorer.score_term(cells, |score| emitted.push(*score));
    emitted
}

/// Returns the scores of a term in the last window of the run.
fn last(totals: &Totals, cells: &[Cell]) -> WindowScore {
    let pool = PooledDispersion::default();
    Scorer::new(totals, BurstSettings::current(), &pool).score_term(cells, |_| {}).unwrap()
}

#[track_caller]
fn near(found: f64, expected: f64) {
    let off = (found - expected).abs();
    assert!(off <= 1e-9 * expected.abs().max(1.0), "{found} instead of {expected}");
}

/// Returns the keyness of a term in `documents` of all `records` against a baseline.
fn keyness(
    documents: u64,
    records: u64,
    baseline_documents: u64,
    baseline_records: u64,
) -> Option<Keyness> {
    KeynessCounts { documents, records, baseline_documents, baseline_records }.keyness()
}
