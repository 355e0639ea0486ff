//! The scores against examples computed by hand, formulas written again in plain loops, and
//! simulated terms of which it is known whether something happened.

mod calibration;
mod chi_square;
mod edges;
mod examples;
mod naive;
mod pool;
mod random;
mod time;

use std::num::NonZeroU32;

use super::*;

const HOUR: NonZeroU32 = NonZeroU32::new(3600).unwrap();

/// Totals of buckets with these documents from bucket `first` on, all with authors.
fn totals(window: NonZeroU32, first: i64, documents: &[u64]) -> Totals {
    let total = |(bucket, documents): (i64, &u64)| BucketTotal {
        bucket,
        documents: *documents,
        with_author: *documents,
    };
    Totals::new(window, (first..).zip(documents).map(total))
}

/// Cells of these counts from bucket `first` on, every occurrence by another author.
fn cells(first: i64, counts: &[u64]) -> Vec<Cell> {
    let cell = |(bucket, n): (i64, &u64)| Cell { bucket, count: *n, documents: *n, authors: *n };
    (first..).zip(counts).filter(|(_, n)| **n > 0).map(cell).collect()
}

/// All a term is told of.
fn told(totals: &Totals, cells: &[Cell]) -> Vec<WindowScore> {
    let mut told = Vec::new();
    let pool = PooledDispersion::default();
    Scorer::new(totals, Settings::default(), &pool).term(cells, |score| told.push(*score));
    told
}

/// The scores in the last window of the run.
fn last(totals: &Totals, cells: &[Cell]) -> WindowScore {
    let pool = PooledDispersion::default();
    Scorer::new(totals, Settings::default(), &pool).term(cells, |_| {}).unwrap()
}

#[track_caller]
fn near(found: f64, expected: f64) {
    let off = (found - expected).abs();
    assert!(off <= 1e-9 * expected.abs().max(1.0), "{found} instead of {expected}");
}
