//! Rows: the counts of one term in one bucket. Owns their order and the sum of rows with equal
//! keys; knows nothing of the format of stored rows.

use std::cmp::Ordering;

use crate::Kind;
use crate::detail::{Detail, DetailError};

/// A span of event time, numbered from the epoch in units of the analysis window.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Bucket(pub i64);

impl Bucket {
    /// The bucket of all that is in no window: all records of an analysis without a window, records
    /// without a time, and the totals of a term.
    pub const WHOLE: Self = Self(i64::MIN);
}

/// One row, borrowed: the counts of a term of a kind in a bucket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RowRef<'a> {
    /// The kind of the term.
    pub kind: Kind,
    /// The term, UTF-8, 1 to [`crate::term::MAX_TERM_BYTES`] bytes.
    pub term: &'a [u8],
    /// The bucket.
    pub bucket: Bucket,
    /// Occurrences, at least 1.
    pub count: u64,
    /// Records with the term, 1 to `count`.
    pub documents: u64,
    /// Its authors, forms and examples, as [`crate::detail::Detail`] encodes them; empty if details
    /// are not counted.
    pub detail: &'a [u8],
}

impl RowRef<'_> {
    /// The order of rows everywhere: kind, then term by bytes, then bucket.
    pub fn cmp_key(&self, other: &RowRef<'_>) -> Ordering {
        (self.kind, self.term, self.bucket).cmp(&(other.kind, other.term, other.bucket))
    }

    /// Copies the row.
    pub fn to_row(&self) -> Row {
        let Self { kind, term, bucket, count, documents, detail } = *self;
        Row { kind, term: term.to_vec(), bucket, count, documents, detail: detail.to_vec() }
    }
}

/// One row, owned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// The kind of the term.
    pub kind: Kind,
    /// The term, UTF-8.
    pub term: Vec<u8>,
    /// The bucket.
    pub bucket: Bucket,
    /// Occurrences.
    pub count: u64,
    /// Records with the term.
    pub documents: u64,
    /// Its encoded detail, or no bytes.
    pub detail: Vec<u8>,
}

impl Row {
    /// Borrows the row.
    pub fn as_ref(&self) -> RowRef<'_> {
        let Self { kind, term, bucket, count, documents, detail } = self;
        let (kind, bucket, count, documents) = (*kind, *bucket, *count, *documents);
        RowRef { kind, term, bucket, count, documents, detail }
    }
}

/// The sum of rows with equal kind, term and bucket.
#[derive(Debug)]
pub struct RowSum {
    row: Row,
    /// The sum of the details; `None` until a second row brings a detail. Most rows are alone under
    /// their key, so their details are never decoded.
    detail: Option<Detail>,
}

impl RowSum {
    /// Begins a sum with a row.
    pub fn of(first: &RowRef<'_>) -> Self {
        Self { row: first.to_row(), detail: None }
    }

    /// Begins the next sum with a row, in the memory of this one.
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

    /// The first row, with the counts of all rows and its own detail.
    pub fn first(&self) -> RowRef<'_> {
        self.row.as_ref()
    }

    /// Adds a row with the same key.
    ///
    /// # Errors
    /// If its detail or that of the first row can't be decoded.
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
        detail.merge(Detail::decode(other.detail)?);
        Ok(())
    }

    /// Returns the sum with the detail of all rows.
    pub fn finish(&mut self) -> RowRef<'_> {
        if let Some(detail) = self.detail.take() {
            self.row.detail.clear();
            detail.encode(&mut self.row.detail);
        }
        self.row.as_ref()
    }
}
