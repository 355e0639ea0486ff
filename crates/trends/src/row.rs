//! Rows: what is counted of a term in a time bucket. Owns their order and how equal rows are
//! added up; knows nothing of how rows are stored.

use std::cmp::Ordering;

use crate::Kind;

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
}

impl RowRef<'_> {
    /// The order of rows everywhere: kind, then term by bytes, then bucket.
    pub fn cmp_key(&self, other: &RowRef<'_>) -> Ordering {
        (self.kind, self.term, self.bucket).cmp(&(other.kind, other.term, other.bucket))
    }

    /// The same row, owned.
    pub fn to_row(&self) -> Row {
        let Self { kind, term, bucket, count, documents } = *self;
        Row { kind, term: term.to_vec(), bucket, count, documents }
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
}

impl Row {
    /// The same row, borrowed.
    pub fn as_ref(&self) -> RowRef<'_> {
        let Self { kind, term, bucket, count, documents } = self;
        RowRef { kind: *kind, term, bucket: *bucket, count: *count, documents: *documents }
    }
}
