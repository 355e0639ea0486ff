//! A sorted run of rows of any kind.

use std::sync::Arc;

use super::rows::{Counted, Drained};
use crate::RowRef;
use crate::merge::Cursor;

/// Rows of one partition in ascending order, read by the [`Cursor`] it is.
#[derive(Debug)]
pub struct RowRun {
    /// What the rows of all partitions refer to.
    drained: Arc<Drained>,
    /// In descending order: the last is the row the cursor stands on, so that each is freed when it
    /// was read.
    rows: Vec<Counted>,
    /// The encoded detail of that row, so that it can be borrowed.
    detail: Vec<u8>,
}

impl RowRun {
    pub(super) fn sorted(drained: Arc<Drained>, mut rows: Vec<Counted>) -> Self {
        rows.sort_unstable_by(|a, b| {
            let key = |row: &Counted| (row.kind, row.bucket);
            let ((kind_a, bucket_a), (kind_b, bucket_b)) = (key(a), key(b));
            let terms = || drained.term(b).cmp(drained.term(a));
            kind_b.cmp(&kind_a).then_with(terms).then_with(|| bucket_b.cmp(&bucket_a))
        });
        let mut run = Self { drained, rows, detail: Vec::new() };
        run.load();
        run
    }

    /// How many rows are left.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether no row is left.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    fn load(&mut self) {
        self.detail.clear();
        if let Some(row) = self.rows.last() {
            self.drained.encode_detail(row, &mut self.detail);
        }
    }
}

impl Cursor for RowRun {
    type Error = std::convert::Infallible;

    fn row(&self) -> Option<RowRef<'_>> {
        let row = self.rows.last()?;
        Some(RowRef {
            kind: row.kind,
            term: self.drained.term(row),
            bucket: row.bucket,
            count: u64::from(row.count),
            documents: u64::from(row.documents),
            detail: &self.detail,
        })
    }

    fn advance(&mut self) -> Result<(), Self::Error> {
        self.rows.pop();
        self.load();
        Ok(())
    }
}
