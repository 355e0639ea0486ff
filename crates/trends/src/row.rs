//! Rows: what is counted of a term in a time bucket. Owns their order and how equal rows are
//! added up; knows nothing of how rows are stored.

use std::cmp::Ordering;

use crate::Kind;
use crate::detail::{Detail, DetailError};

/// A span of event time, numbered from the epoch in units of the analysis window.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Bucket(pub i64);

impl Bucket {
    /// The one bucket of an analysis without a window.
    pub const WHOLE: Self = Self(i64::MIN);
}

/// The longest term that is stored, in bytes. Longer ones are counted as long terms and left out.
pub const MAX_TERM_BYTES: usize = 1024;

/// One row, borrowed: how often a term of a kind was seen in a bucket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RowRef<'a> {
    /// What sort of term.
    pub kind: Kind,
    /// The term, UTF-8, 1 to [`MAX_TERM_BYTES`] bytes.
    pub term: &'a [u8],
    /// When.
    pub bucket: Bucket,
    /// Occurrences, at least 1.
    pub count: u64,
    /// Records it occurred in, 1 to `count`.
    pub documents: u64,
    /// Who used it, how it was written and where, as [`crate::detail::Detail`] encodes it; no bytes
    /// where that was not asked for.
    pub detail: &'a [u8],
}

impl RowRef<'_> {
    /// The order of rows everywhere: kind, then term by bytes, then bucket.
    pub fn cmp_key(&self, other: &RowRef<'_>) -> Ordering {
        (self.kind, self.term, self.bucket).cmp(&(other.kind, other.term, other.bucket))
    }

    /// The same row, owned.
    pub fn to_row(&self) -> Row {
        let Self { kind, term, bucket, count, documents, detail } = *self;
        Row { kind, term: term.to_vec(), bucket, count, documents, detail: detail.to_vec() }
    }
}

/// One row, owned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// What sort of term.
    pub kind: Kind,
    /// The term, UTF-8.
    pub term: Vec<u8>,
    /// When.
    pub bucket: Bucket,
    /// Occurrences.
    pub count: u64,
    /// Records it occurred in.
    pub documents: u64,
    /// Encoded detail, or no bytes.
    pub detail: Vec<u8>,
}

impl Row {
    /// The same row, borrowed.
    pub fn as_ref(&self) -> RowRef<'_> {
        let Self { kind, term, bucket, count, documents, detail } = self;
        let (kind, bucket, count, documents) = (*kind, *bucket, *count, *documents);
        RowRef { kind, term, bucket, count, documents, detail }
    }
}

/// Rows of one term that are being added up.
#[derive(Debug)]
pub struct RowSum {
    row: Row,
    /// The detail of them all, from the second on that has one; most rows have nothing to add to.
    detail: Option<Detail>,
}

impl RowSum {
    /// A sum of one row.
    pub fn of(first: &RowRef<'_>) -> Self {
        Self { row: first.to_row(), detail: None }
    }

    /// Begins anew with a row, in the memory of the sum before.
    pub fn begin(&mut self, first: &RowRef<'_>) {
        let Self { row, detail } = self;
        row.kind = first.kind;
        row.term.clear();
        row.term.extend_from_slice(first.term);
        row.bucket = first.bucket;
        row.count = first.count;
        row.documents = first.documents;
        row.detail.clear();
        row.detail.extend_from_slice(first.detail);
        *detail = None;
    }

    /// The first row, with the counts of all and its own detail.
    pub fn first(&self) -> RowRef<'_> {
        self.row.as_ref()
    }

    /// Adds a row of the same term.
    ///
    /// # Errors
    /// If its detail, or that of the first, is none.
    pub fn add(&mut self, other: &RowRef<'_>) -> Result<(), DetailError> {
        self.row.count += other.count;
        self.row.documents += other.documents;
        if other.detail.is_empty() {
            return Ok(());
        }
        let detail = match &mut self.detail {
            Some(detail) => detail,
            none => none.insert(Detail::decode(&self.row.detail)?),
        };
        detail.merge(&Detail::decode(other.detail)?);
        Ok(())
    }

    /// The sum, with the detail of all rows.
    pub fn finish(&mut self) -> RowRef<'_> {
        if let Some(detail) = self.detail.take() {
            self.row.detail.clear();
            detail.encode(&mut self.row.detail);
        }
        self.row.as_ref()
    }
}
