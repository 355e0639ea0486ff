//! The rows of one partition, sorted after a drain: terms of any kind. Owns their order;
//! `drained_rows` encodes their details.

use std::cmp::Ordering;
use std::hint::black_box;
use std::sync::Arc;

use super::drained_rows::DrainedRows;
use super::table::LONG;
use crate::merge::Cursor;
use crate::{Bucket, Kind, RowRef};

/// The rows of one partition in ascending order; a [`Cursor`] over them.
#[derive(Debug)]
pub struct SortedTerms {
    /// The rows of all partitions.
    drained: Arc<DrainedRows>,
    /// The numbers of this partition's rows, in the order of their keys.
    order: Vec<u32>,
    /// The position in `order` of the row the cursor stands on.
    next: usize,
    /// The term and the encoded detail of that row. The `RowRef` borrows them.
    term: Vec<u8>,
    detail: Vec<u8>,
}

/// The records of a row are loaded into the CPU cache this many rows ahead, the row itself twice
/// as many rows ahead.
const AHEAD: usize = 8;

/// The key that rows are sorted by, with most comparisons decided by the prefix.
struct SortKey {
    /// The first 16 bytes of the term as a big-endian number.
    prefix: u128,
    bucket: Bucket,
    row: u32,
    kind: Kind,
    length: u8,
}

impl SortedTerms {
    pub(super) fn new(drained: Arc<DrainedRows>, rows: Vec<u32>) -> Self {
        let key = |row: u32| {
            let key = drained.rows.counted.at(row as usize).key;
            let bucket = drained.buckets.get(key.bucket as usize).copied();
            let bucket = bucket.unwrap_or(Bucket::WHOLE);
            let prefix = drained.rows.prefix(&key);
            SortKey { prefix, bucket, row, kind: key.kind, length: key.length }
        };
        let mut keys: Vec<SortKey> = rows.into_iter().map(key).collect();
        keys.sort_unstable_by(|a, b| {
            let by_prefix = (a.kind, a.prefix).cmp(&(b.kind, b.prefix));
            let by_term = by_prefix.then_with(|| cmp_after_prefix(&drained, a, b));
            by_term.then_with(|| a.bucket.cmp(&b.bucket))
        });
        let order = keys.into_iter().map(|key| key.row).collect();
        let mut rows = Self { drained, order, next: 0, term: Vec::new(), detail: Vec::new() };
        rows.load();
        rows
    }

    /// Returns the number of rows the cursor has not passed.
    pub(in crate::count) fn len(&self) -> usize {
        self.order.len() - self.next
    }

    fn load(&mut self) {
        let Self { drained, order, next, term, detail } = self;
        // Rows lie in memory in the order in which they were first counted, so each is far from the
        // one before it. Later rows are loaded into the cache while this one is encoded.
        let row_after = |rows: usize| order.get(*next + rows).map(|row| *row as usize);
        black_box(row_after(2 * AHEAD).map(|row| drained.rows.counted.at(row).count));
        let row = row_after(AHEAD).map(|row| drained.rows.counted.at(row));
        black_box(row.map(|row| drained.details.touch_records(&row.records)));
        term.clear();
        detail.clear();
        if let Some(number) = order.get(*next) {
            let row = drained.rows.counted.at(*number as usize);
            term.extend_from_slice(drained.rows.term(&row.key, &mut [0; 16]));
            drained.encode_detail(*number, row, detail);
        }
    }
}

/// Returns the order of two terms of one kind with the same prefix.
fn cmp_after_prefix(drained: &DrainedRows, a: &SortKey, b: &SortKey) -> Ordering {
    if a.length != LONG && b.length != LONG {
        // The prefix of a short term is padded with zeros, so `a` and `a\0` have equal prefixes.
        return a.length.cmp(&b.length);
    }
    let key = |sort_key: &SortKey| drained.rows.counted.at(sort_key.row as usize).key;
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
