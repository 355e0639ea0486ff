//! The rows that are being counted and how one is found. Owns the layout: a row is one cache line, and
//! an index of eight bytes a slot leads to it, so that growing moves no row.

use xxhash_rust::xxh3::xxh3_64_with_seed;

use super::details::Seen;
use super::piecewise::PiecewiseVec;
use crate::Kind;
use crate::packed::MOST;

/// The length of a term that is not in its row.
pub(super) const LONG: u8 = u8::MAX;

/// A row that is being counted.
#[derive(Debug, Clone, Copy)]
#[repr(align(64))]
pub(super) struct Counted {
    pub(super) key: Key,
    pub(super) count: u32,
    pub(super) documents: u32,
    pub(super) last_record: u32,
    /// How often a short term was written as its key but for the case of its first letter.
    pub(super) capitalised: u32,
    pub(super) seen: Seen,
}

const _: () = assert!(size_of::<Counted>() == 64, "a row is one cache line");

/// What tells rows apart.
#[derive(Debug, Clone, Copy)]
pub(super) struct Key {
    /// The bytes of a term of at most 16; else where the term stands among the long ones, and its length.
    /// Two numbers, for one would be aligned to its size.
    letters: [u64; 2],
    /// The number of the bucket.
    pub(super) bucket: u32,
    pub(super) kind: Kind,
    /// Of the term, or [`LONG`].
    pub(super) length: u8,
    /// No part of the key: whether other forms than the capitalised one are known.
    pub(super) is_respelt: bool,
}

impl Key {
    /// Of a term of at most 16 bytes.
    #[inline]
    pub(super) fn short(kind: Kind, letters: u128, length: u8, bucket: u32) -> Self {
        let letters = [letters as u64, (letters >> 64) as u64];
        Self { letters, bucket, kind, length, is_respelt: false }
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

/// Rows, and the terms that are too long to be in them.
#[derive(Debug, Default)]
pub(super) struct Rows {
    pub(super) counted: PiecewiseVec<Counted>,
    long: Vec<u8>,
}

impl Rows {
    /// The key of a term of more than 16 bytes, put among the long ones.
    pub(super) fn add_long(&mut self, kind: Kind, term: &[u8], bucket: u32) -> Key {
        let letters = [self.long.len() as u64, term.len() as u64];
        self.long.extend_from_slice(term);
        Key { letters, bucket, kind, length: LONG, is_respelt: false }
    }

    /// Whether a row is that of a long term.
    pub(super) fn is_long(&self, key: &Key, kind: Kind, term: &[u8], bucket: u32) -> bool {
        key.length == LONG
            && (key.kind, key.bucket) == (kind, bucket)
            && self.long_term(key) == Some(term)
    }

    /// The term of a row; `letters` is room for a short one.
    pub(super) fn term<'a>(&'a self, key: &Key, letters: &'a mut [u8; MOST]) -> &'a [u8] {
        if key.length == LONG {
            return self.long_term(key).unwrap_or_default();
        }
        *letters = key.letters().to_le_bytes();
        &letters[..usize::from(key.length)]
    }

    fn long_term(&self, key: &Key) -> Option<&[u8]> {
        let [start, length] = key.letters.map(|number| number as usize);
        self.long.get(start..)?.get(..length)
    }

    /// The first 16 bytes of a term, zeros after a shorter one, the first highest.
    pub(super) fn prefix(&self, key: &Key) -> u128 {
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

/// Finds rows by their keys.
#[derive(Debug)]
pub(super) struct Index {
    /// The number of a row plus 1 in the lower half, its hash in the upper; 0 where empty. At most 5/8
    /// are full.
    slots: Vec<u64>,
    used: usize,
}

impl Index {
    /// 8 KiB, so that a small shard costs little.
    const FIRST: usize = 1 << 10;

    pub(super) fn new() -> Self {
        Self { slots: vec![0; Self::FIRST], used: 0 }
    }

    /// Makes room for so many more rows, so that slots stay where they are while those are added.
    pub(super) fn reserve(&mut self, rows: usize) {
        while Self::crowded(self.used + rows, self.slots.len()) {
            let old = std::mem::take(&mut self.slots);
            self.slots = vec![0; old.len() * 2];
            for slot in old.into_iter().filter(|slot| *slot != 0) {
                let mut at = self.home((slot >> 32) as u32);
                while self.slots[at] != 0 {
                    at = self.after(at);
                }
                self.slots[at] = slot;
            }
        }
    }

    /// Memory in bytes; three times that while it grows, if that is due soon.
    pub(super) fn bytes_after_growth(&self) -> usize {
        let is_due = Self::crowded(self.used + self.used / 16, self.slots.len());
        size_of::<u64>() * self.slots.len() * if is_due { 3 } else { 1 }
    }

    /// What is at the first slot that a row with this hash may be at.
    #[inline]
    pub(super) fn touch(&self, hash: u32) -> u64 {
        self.slots[self.home(hash)]
    }

    /// The first row with this hash of which `is_it`.
    #[inline]
    pub(super) fn find(&self, hash: u32, mut is_it: impl FnMut(usize) -> bool) -> Option<usize> {
        let mut at = self.home(hash);
        loop {
            let slot = self.slots[at];
            if slot == 0 {
                return None;
            }
            let row = (slot as u32 - 1) as usize;
            if (slot >> 32) as u32 == hash && is_it(row) {
                return Some(row);
            }
            at = self.after(at);
        }
    }

    /// Adds a row; [`Index::reserve`] has made room for it.
    pub(super) fn insert(&mut self, hash: u32, row: usize) {
        let mut at = self.home(hash);
        while self.slots[at] != 0 {
            at = self.after(at);
        }
        // The tokens between two drains are fewer than 2^32, and so are rows.
        self.slots[at] = u64::from(hash) << 32 | (row as u64 + 1);
        self.used += 1;
    }

    const fn crowded(used: usize, slots: usize) -> bool {
        used * 8 > slots * 5
    }

    #[inline]
    fn home(&self, hash: u32) -> usize {
        hash as usize & (self.slots.len() - 1)
    }

    #[inline]
    fn after(&self, at: usize) -> usize {
        (at + 1) & (self.slots.len() - 1)
    }
}

/// A hash of a term that is not in its row.
pub(super) fn hash_of_long(term: &[u8], salt: u64) -> u32 {
    (xxh3_64_with_seed(term, salt) >> 32) as u32
}
