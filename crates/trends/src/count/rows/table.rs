//! The rows that are being counted and the index that finds them. Owns the layout: a row is one
//! cache line and never moves; the index takes eight bytes an entry, so only those move when it
//! grows.

use xxhash_rust::xxh3::xxh3_64_with_seed;

use super::details::RowRecords;
use super::piecewise::PiecewiseVec;
use crate::Kind;
use crate::packed::MAX_BYTES;

/// The `length` of a term that is too long to be in its row.
pub(super) const LONG: u8 = u8::MAX;

/// A row that is being counted.
#[derive(Debug, Clone, Copy)]
#[repr(align(64))]
pub(super) struct CountedRow {
    pub(super) key: RowKey,
    pub(super) count: u32,
    pub(super) documents: u32,
    pub(super) last_record: u32,
    /// Occurrences of a short term whose form is its key with the first letter in the other case.
    pub(super) capitalised: u32,
    pub(super) records: RowRecords,
}

const _: () = assert!(size_of::<CountedRow>() == 64, "a row is one cache line");

impl CountedRow {
    pub(super) const fn new(key: RowKey) -> Self {
        let records = RowRecords::NONE;
        Self { key, count: 0, documents: 0, last_record: 0, capitalised: 0, records }
    }

    /// Counts an occurrence in a record and returns true if it is the first one there.
    #[inline]
    pub(super) const fn count_in(&mut self, record: u32) -> bool {
        self.count += 1;
        let is_first = self.last_record != record;
        self.documents += is_first as u32;
        self.last_record = record;
        is_first
    }
}

/// The kind, term and bucket of a row.
#[derive(Debug, Clone, Copy)]
pub(super) struct RowKey {
    /// The bytes of a term of at most 16; else the position of the term among the long ones, and
    /// its length. These are two numbers, because one of 16 bytes would be aligned to 16 and make
    /// the row larger.
    letters: [u64; 2],
    /// The number of the bucket.
    pub(super) bucket: u32,
    pub(super) kind: Kind,
    /// The length of the term, or [`LONG`].
    pub(super) length: u8,
    /// True if the term has forms besides its key and the capitalised one. It is not part of the
    /// key, but the row has no other spare byte.
    pub(super) has_other_forms: bool,
}

impl RowKey {
    /// The key of a term of at most 16 bytes.
    #[inline]
    pub(super) fn short(kind: Kind, letters: u128, length: u8, bucket: u32) -> Self {
        let letters = [letters as u64, (letters >> 64) as u64];
        Self { letters, bucket, kind, length, has_other_forms: false }
    }

    /// The bytes of a short term.
    #[inline]
    pub(super) fn letters(&self) -> u128 {
        u128::from(self.letters[0]) | u128::from(self.letters[1]) << 64
    }

    #[inline]
    pub(super) fn is(&self, other: &Self) -> bool {
        self.letters == other.letters
            && self.bucket == other.bucket
            && self.kind == other.kind
            && self.length == other.length
    }
}

/// The rows by number, and the terms that are too long to be in them.
#[derive(Debug, Default)]
pub(super) struct Rows {
    pub(super) counted: PiecewiseVec<CountedRow>,
    long: Vec<u8>,
}

impl Rows {
    /// Stores a term of more than 16 bytes and returns the key of its row.
    pub(super) fn add_long(&mut self, kind: Kind, term: &[u8], bucket: u32) -> RowKey {
        let letters = [self.long.len() as u64, term.len() as u64];
        self.long.extend_from_slice(term);
        RowKey { letters, bucket, kind, length: LONG, has_other_forms: false }
    }

    /// Returns true if `key` is that of a long term in a bucket.
    pub(super) fn is_long(&self, key: &RowKey, kind: Kind, term: &[u8], bucket: u32) -> bool {
        key.length == LONG
            && (key.kind, key.bucket) == (kind, bucket)
            && self.long_term(key) == Some(term)
    }

    /// The term of a row; a short one is written to `letters`.
    pub(super) fn term<'a>(&'a self, key: &RowKey, letters: &'a mut [u8; MAX_BYTES]) -> &'a [u8] {
        if key.length == LONG {
            return self.long_term(key).unwrap_or_default();
        }
        *letters = key.letters().to_le_bytes();
        &letters[..usize::from(key.length)]
    }

    fn long_term(&self, key: &RowKey) -> Option<&[u8]> {
        let [start, length] = key.letters.map(|number| number as usize);
        self.long.get(start..)?.get(..length)
    }

    /// The first 16 bytes of a term as a big-endian number; zeros follow a shorter term.
    pub(super) fn prefix(&self, key: &RowKey) -> u128 {
        if key.length == LONG {
            let first = self.long_term(key).and_then(<[u8]>::first_chunk).copied();
            u128::from_be_bytes(first.unwrap_or_default())
        } else {
            key.letters().swap_bytes()
        }
    }

    /// Memory, in bytes.
    pub(super) fn bytes(&self) -> usize {
        self.counted.bytes() + self.long.capacity()
    }
}

/// A hash table from keys to the numbers of rows.
#[derive(Debug)]
pub(super) struct RowIndex {
    /// The lower half of an entry is the number of a row plus 1, the upper half the hash of its
    /// key; 0 is an empty entry. At most 5/8 are used.
    entries: Vec<u64>,
    used: usize,
}

impl RowIndex {
    /// 8 KiB, so that a small shard costs little.
    const FIRST: usize = 1 << 10;

    pub(super) fn new() -> Self {
        Self { entries: vec![0; Self::FIRST], used: 0 }
    }

    /// Makes room for `rows` more rows: until those are inserted, no entry moves.
    pub(super) fn reserve(&mut self, rows: usize) {
        while Self::is_crowded(self.used + rows, self.entries.len()) {
            let old = std::mem::take(&mut self.entries);
            self.entries = vec![0; old.len() * 2];
            old.into_iter().filter(|entry| *entry != 0).for_each(|entry| self.place(entry));
        }
    }

    /// Writes an entry to the first empty place of the search for its hash.
    fn place(&mut self, entry: u64) {
        let mut at = self.first((entry >> 32) as u32);
        while self.entries[at] != 0 {
            at = self.next(at);
        }
        self.entries[at] = entry;
    }

    /// Memory in bytes; three times that if the index is about to grow, for the old entries and
    /// twice as many new ones then exist at the same time.
    pub(super) fn bytes_after_growth(&self) -> usize {
        let is_due = Self::is_crowded(self.used + self.used / 16, self.entries.len());
        size_of::<u64>() * self.entries.len() * if is_due { 3 } else { 1 }
    }

    /// Loads the entry at which the search for a hash begins, so that it is in the cache.
    #[inline]
    pub(super) fn touch(&self, hash: u32) -> u64 {
        self.entries[self.first(hash)]
    }

    /// Returns the first row with this hash for which `is_it` returns true.
    #[inline]
    pub(super) fn find(&self, hash: u32, mut is_it: impl FnMut(usize) -> bool) -> Option<usize> {
        let mut at = self.first(hash);
        loop {
            let entry = self.entries[at];
            if entry == 0 {
                return None;
            }
            let row = (entry as u32 - 1) as usize;
            if (entry >> 32) as u32 == hash && is_it(row) {
                return Some(row);
            }
            at = self.next(at);
        }
    }

    /// Inserts a row, for which [`RowIndex::reserve`] has made room.
    pub(super) fn insert(&mut self, hash: u32, row: usize) {
        // A drain comes before 2^32 tokens, so there are fewer rows than that.
        self.place(u64::from(hash) << 32 | (row as u64 + 1));
        self.used += 1;
    }

    const fn is_crowded(used: usize, entries: usize) -> bool {
        used * 8 > entries * 5
    }

    #[inline]
    fn first(&self, hash: u32) -> usize {
        hash as usize & (self.entries.len() - 1)
    }

    #[inline]
    fn next(&self, at: usize) -> usize {
        (at + 1) & (self.entries.len() - 1)
    }
}

/// The hash of a term that is too long to be in its row.
pub(super) fn hash_of_long(term: &[u8], salt: u64) -> u32 {
    (xxh3_64_with_seed(term, salt) >> 32) as u32
}
