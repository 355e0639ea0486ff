//! A sorted run of rows of any kind.

use std::cmp::Ordering;
use std::hint::black_box;
use std::sync::Arc;

use super::drained::Drained;
use super::table::LONG;
use crate::merge::Cursor;
use crate::{Bucket, Kind, RowRef};

/// Rows of one partition in ascending order, read by the [`Cursor`] it is.
#[derive(Debug)]
pub struct SortedTerms {
    /// What the rows of all partitions refer to.
    drained: Arc<Drained>,
    /// The numbers of the rows, ascending by their keys.
    order: Vec<u32>,
    /// The place of the row the cursor stands on.
    next: usize,
    /// The term and encoded detail of that row, so that they can be borrowed.
    term: Vec<u8>,
    detail: Vec<u8>,
}

/// How many rows ahead what a row refers to is fetched; the row itself twice as many.
const AHEAD: usize = 8;

/// What rows are sorted by.
struct Sorted {
    /// The first 16 bytes of the term, the first highest.
    prefix: u128,
    bucket: Bucket,
    row: u32,
    kind: Kind,
    length: u8,
}

impl SortedTerms {
    pub(super) fn sorted(drained: Arc<Drained>, order: Vec<u32>) -> Self {
        let sorted = |row: u32| {
            let key = drained.rows.counted.at(row as usize).key;
            let bucket = drained.buckets.get(key.bucket as usize).copied();
            let bucket = bucket.unwrap_or(Bucket::WHOLE);
            let prefix = drained.rows.prefix(&key);
            Sorted { prefix, bucket, row, kind: key.kind, length: key.length }
        };
        let mut rows: Vec<Sorted> = order.into_iter().map(sorted).collect();
        rows.sort_unstable_by(|a, b| {
            let by_prefix = (a.kind, a.prefix).cmp(&(b.kind, b.prefix));
            by_prefix.then_with(|| rest(&drained, a, b)).then_with(|| a.bucket.cmp(&b.bucket))
        });
        let order = rows.into_iter().map(|sorted| sorted.row).collect();
        let mut run = Self { drained, order, next: 0, term: Vec::new(), detail: Vec::new() };
        run.load();
        run
    }

    /// How many rows are left.
    pub fn len(&self) -> usize {
        self.order.len() - self.next
    }

    /// Whether no row is left.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn load(&mut self) {
        let Self { drained, order, next, term, detail } = self;
        // Rows are sorted, but lie in the order they were first seen in: those that come are fetched
        // while the one before them is written.
        let row_after = |rows: usize| order.get(*next + rows).map(|row| *row as usize);
        black_box(row_after(2 * AHEAD).map(|row| drained.rows.counted.at(row).count));
        let row = row_after(AHEAD).map(|row| drained.rows.counted.at(row));
        black_box(row.map(|row| drained.details.touch_records(&row.seen)));
        term.clear();
        detail.clear();
        if let Some(number) = order.get(*next) {
            let row = drained.rows.counted.at(*number as usize);
            term.extend_from_slice(drained.rows.term(&row.key, &mut [0; 16]));
            drained.encode_detail(*number, row, detail);
        }
    }
}

/// The order of terms of the same kind that begin with the same 16 bytes, zeros after the shorter ones.
fn rest(drained: &Drained, a: &Sorted, b: &Sorted) -> Ordering {
    if a.length != LONG && b.length != LONG {
        return a.length.cmp(&b.length);
    }
    let key = |sorted: &Sorted| drained.rows.counted.at(sorted.row as usize).key;
    drained.rows.term(&key(a), &mut [0; 16]).cmp(drained.rows.term(&key(b), &mut [0; 16]))
}

impl Cursor for SortedTerms {
    type Error = std::convert::Infallible;

    fn row(&self) -> Option<RowRef<'_>> {
        let row = self.drained.rows.counted.at(*self.order.get(self.next)? as usize);
        Some(RowRef {
            kind: row.key.kind,
            term: &self.term,
            bucket: self.drained.buckets.get(row.key.bucket as usize).copied()?,
            count: u64::from(row.count),
            documents: u64::from(row.documents),
            detail: &self.detail,
        })
    }

    fn advance(&mut self) -> Result<(), Self::Error> {
        self.next += 1;
        self.load();
        Ok(())
    }
}
