//! Blocks of rows, front-coded: partials between shards and partitions, and the terms of a result.
//!
//! ```text
//! row:  flags: u8   bit 0: kind follows (u8), bit 1: bucket follows (signed varint),
//!                   bit 2: detail follows after the spread
//!       shared: varint   bytes shared with the term before
//!       rest: varint     bytes after those
//!       the rest of the term
//!       count: varint    occurrences, at least 1
//!       spread: varint   count - documents
//!       length: varint   of the detail, then the detail, if bit 2 is set
//! ```
//!
//! Kind and bucket are written only if they differ from those of the row before; the first row has
//! both. All integers are varints; a block starts with the number of its rows, 4 bytes
//! little-endian.

use super::varint::{Position, put, put_bytes, put_signed};
use super::{BlockType, FormatError, open, seal};
use crate::merge::Cursor;
use crate::term::MAX_TERM_BYTES;
use crate::{Bucket, Kind, RowRef};

const KIND: u8 = 1;
const BUCKET: u8 = 2;
const DETAIL: u8 = 4;

/// The longest detail of a row, in bytes: a block must hold it, and no stored value is above 1 MiB.
pub const MAX_DETAIL_BYTES: usize = 512 << 10;

/// Writes rows, in their order, to one block.
#[derive(Debug)]
pub struct RowWriter {
    raw: Vec<u8>,
    rows: u32,
    last: LastKey,
}

/// The key of the row before.
#[derive(Debug, Default)]
struct LastKey {
    kind: Option<Kind>,
    bucket: Option<Bucket>,
    term: Vec<u8>,
}

impl Default for RowWriter {
    fn default() -> Self {
        Self { raw: vec![0; 4], rows: 0, last: LastKey::default() }
    }
}

impl RowWriter {
    /// Adds a row, whose key is above all keys before it.
    pub fn push(&mut self, row: &RowRef<'_>) {
        let Self { raw, rows, last } = self;
        let kind = last.kind != Some(row.kind);
        let bucket = last.bucket != Some(row.bucket);
        let detail = !row.detail.is_empty();
        raw.push(
            (u8::from(kind) * KIND) | (u8::from(bucket) * BUCKET) | (u8::from(detail) * DETAIL),
        );
        if kind {
            raw.push(row.kind.byte());
        }
        if bucket {
            put_signed(raw, row.bucket.0);
        }
        let shared = last.term.iter().zip(row.term).take_while(|(a, b)| a == b).count();
        put(raw, shared as u64);
        put_bytes(raw, &row.term[shared..]);
        put(raw, row.count);
        put(raw, row.count - row.documents);
        if detail {
            debug_assert!(row.detail.len() <= MAX_DETAIL_BYTES, "details are bounded");
            put_bytes(raw, row.detail);
        }
        last.kind = Some(row.kind);
        last.bucket = Some(row.bucket);
        last.term.truncate(shared);
        last.term.extend_from_slice(&row.term[shared..]);
        *rows += 1;
    }

    /// Bytes before compression.
    pub fn raw_len(&self) -> usize {
        self.raw.len()
    }

    /// Number of rows added.
    pub fn rows(&self) -> u32 {
        self.rows
    }

    /// Returns the block. The writer is empty afterwards.
    pub fn finish(&mut self) -> Result<Vec<u8>, FormatError> {
        let rows = self.rows.to_le_bytes();
        if let Some(head) = self.raw.first_chunk_mut() {
            *head = rows;
        }
        let block = seal(BlockType::Rows, &self.raw);
        self.raw.truncate(4);
        self.rows = 0;
        self.last = LastKey::default();
        block
    }
}

/// Reads the rows of one block; a [`Cursor`] over them.
#[derive(Debug)]
pub struct RowReader {
    raw: Vec<u8>,
    at: Position,
    left: u32,
    current: Option<(Kind, Bucket, u64, u64)>,
    term: Vec<u8>,
    /// The range of the current row's detail in `raw`.
    detail: std::ops::Range<usize>,
}

impl RowReader {
    /// Opens a block; its first row is the current one.
    pub fn open(block: &[u8]) -> Result<Self, FormatError> {
        let raw = open(BlockType::Rows, block)?;
        let left = raw.first_chunk().copied().map(u32::from_le_bytes);
        let left = left.ok_or(FormatError::Content(0))?;
        let (term, detail) = (Vec::new(), 0..0);
        let mut reader = Self { raw, at: Position(4), left, current: None, term, detail };
        reader.advance()?;
        Ok(reader)
    }
}

impl Cursor for RowReader {
    type Error = FormatError;

    fn row(&self) -> Option<RowRef<'_>> {
        let (kind, bucket, count, documents) = self.current?;
        let detail = self.raw.get(self.detail.clone()).unwrap_or_default();
        Some(RowRef { kind, term: &self.term, bucket, count, documents, detail })
    }

    fn advance(&mut self) -> Result<(), FormatError> {
        let Self { raw, at, left, current, term, detail } = self;
        if *left == 0 {
            *current = None;
            return if at.0 == raw.len() { Ok(()) } else { Err(FormatError::Content(at.0)) };
        }
        *left -= 1;
        let start = at.0;
        let inconsistent = || FormatError::Content(start);
        let flags = at.byte(raw)?;
        let kind = if flags & KIND == 0 {
            current.map(|current| current.0)
        } else {
            Kind::from_byte(at.byte(raw)?)
        };
        let bucket = if flags & BUCKET == 0 {
            current.map(|current| current.1)
        } else {
            Some(Bucket(at.signed(raw)?))
        };
        let shared = at.below(raw, term.len() + 1)?;
        let rest = at.below(raw, MAX_TERM_BYTES - shared + 1)?;
        term.truncate(shared);
        term.extend_from_slice(at.slice(raw, rest)?);
        let count = at.unsigned(raw)?;
        let documents = count.checked_sub(at.unsigned(raw)?).ok_or_else(inconsistent)?;
        let (Some(kind), Some(bucket)) = (kind, bucket) else { return Err(inconsistent()) };
        let length = if flags & DETAIL == 0 { 0 } else { at.below(raw, MAX_DETAIL_BYTES + 1)? };
        *detail = at.0..at.0 + length;
        at.slice(raw, length)?;
        *current = Some((kind, bucket, count, documents));
        Ok(())
    }
}
