//! The sorted words of one partition after a drain. Owns the merge of short words and long ones
//! into one order; knows nothing of how words are counted.

use super::table::WordCounts;
use crate::merge::Cursor;
use crate::{Bucket, Kind, RowRef};

/// The words of one partition in ascending order; a [`Cursor`] over their rows.
#[derive(Debug, Default)]
pub struct SortedWords {
    /// Words as big-endian integers, so that they are ordered as their bytes are; occurrences;
    /// records.
    short: Vec<(u128, u32, u32)>,
    long: Vec<(Box<[u8]>, u32, u32)>,
    next_short: usize,
    next_long: usize,
    /// The letters of the next short word, for a row to borrow.
    letters: [u8; 16],
}

impl SortedWords {
    pub(super) fn push_short(&mut self, letters: u128, counts: WordCounts) {
        self.short.push((letters.swap_bytes(), counts.count, counts.documents));
    }

    pub(super) fn push_long(&mut self, term: Box<[u8]>, counts: WordCounts) {
        self.long.push((term, counts.count, counts.documents));
    }

    pub(super) fn sort(&mut self) {
        self.short.sort_unstable_by_key(|entry| entry.0);
        self.long.sort_unstable_by(|a, b| a.0.cmp(&b.0));
        self.load();
    }

    /// Number of rows, including those the cursor has passed.
    pub(super) fn len(&self) -> usize {
        self.short.len() + self.long.len()
    }

    fn load(&mut self) {
        if let Some((letters, _, _)) = self.short.get(self.next_short) {
            self.letters = letters.to_be_bytes();
        }
    }

    fn short_row(&self) -> Option<(&[u8], u32, u32)> {
        let (letters, count, documents) = *self.short.get(self.next_short)?;
        let length = 16 - (letters.trailing_zeros() / 8) as usize;
        Some((&self.letters[..length], count, documents))
    }

    fn long_row(&self) -> Option<(&[u8], u32, u32)> {
        let (term, count, documents) = self.long.get(self.next_long)?;
        Some((term, *count, *documents))
    }

    fn short_is_next(&self) -> bool {
        match (self.short_row(), self.long_row()) {
            (Some(short), Some(long)) => short.0 < long.0,
            (short, _) => short.is_some(),
        }
    }
}

impl Cursor for SortedWords {
    type Error = std::convert::Infallible;

    fn row(&self) -> Option<RowRef<'_>> {
        let next = if self.short_is_next() { self.short_row() } else { self.long_row() };
        next.map(|(term, count, documents)| RowRef {
            kind: Kind::Word,
            term,
            bucket: Bucket::WHOLE,
            count: u64::from(count),
            documents: u64::from(documents),
            detail: &[],
        })
    }

    fn advance(&mut self) -> Result<(), Self::Error> {
        if self.short_is_next() {
            self.next_short += 1;
            self.load();
        } else {
            self.next_long += 1;
        }
        Ok(())
    }
}
