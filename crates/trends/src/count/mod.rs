//! Map-side combine: counting the terms of many records in bounded memory. Owns the tables;
//! knows nothing of files and threads, or of the destination of the sorted rows.
//!
//! Three open-addressing tables stand side by side. Each is fast by its own layout, which one
//! generic table would lose: `table` holds words and counts inline in 32 bytes, so that a word is
//! counted with one access to memory; the index in `rows` holds 8 bytes a row and leads to rows of
//! one cache line each, which never move; a set of authors is a region of bare hashes in a shared
//! arena.

mod rows;
mod sorted_words;
mod table;

use std::collections::HashMap;
use std::convert::Infallible;

pub use rows::{RecordOrigin, RowCounter, SortedTerms};
pub use sorted_words::SortedWords;
use table::{Table, WordCounts};

use crate::merge::Cursor;
use crate::seed::{TokenSink, is_stop_word};
use crate::term::MAX_TERM_BYTES;
use crate::{Kind, Partitions, RowRef, slot};

/// Occurrences have 32 bits in the tables. A drain at this number leaves room for the tokens of one
/// more record of the largest allowed size (64 MiB, at least five bytes a token).
const MAX_TOKENS_BETWEEN_DRAINS: u64 = (u32::MAX - (1 << 26)) as u64;

/// The smallest budget, in bytes. A smaller one would force a drain after every few records.
const MIN_BUDGET: usize = 1 << 18;

/// The sorted rows of one partition after a drain; a [`Cursor`] over them.
#[derive(Debug)]
pub enum SortedRows {
    /// Words, without windows and detail.
    Words(SortedWords),
    /// Terms of any kind, by window and with detail.
    Terms(SortedTerms),
}

impl SortedRows {
    /// Number of rows.
    pub fn len(&self) -> usize {
        match self {
            Self::Words(rows) => rows.len(),
            Self::Terms(rows) => rows.len(),
        }
    }

    /// Returns true if there are no rows.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl Cursor for SortedRows {
    type Error = Infallible;

    fn row(&self) -> Option<RowRef<'_>> {
        match self {
            Self::Words(rows) => rows.row(),
            Self::Terms(rows) => rows.row(),
        }
    }

    fn advance(&mut self) -> Result<(), Infallible> {
        match self {
            Self::Words(rows) => rows.advance(),
            Self::Terms(rows) => rows.advance(),
        }
    }
}

/// Counts `Seed` words over all time: occurrences, and records they occur in.
///
/// It takes the memory of the table (32 bytes an entry, at most 5/8 of them used) and of the long
/// words. [`TermCounter::is_full`] returns true once that exceeds the budget.
#[derive(Debug)]
pub struct TermCounter {
    table: Table,
    long: HashMap<Box<[u8]>, WordCounts>,
    long_bytes: usize,
    long_terms: u64,
    record: u32,
    tokens: u64,
    budget: usize,
}

impl TermCounter {
    /// A counter that is full above `budget` bytes. `seed` perturbs the hash, so that no input can
    /// be prepared whose words collide; it never shows in a result.
    pub fn new(seed: u64, budget: usize) -> Self {
        Self {
            table: Table::new(seed),
            long: HashMap::new(),
            long_bytes: 0,
            long_terms: 0,
            record: 0,
            tokens: 0,
            budget: budget.max(MIN_BUDGET),
        }
    }

    /// Begins a record, to which the following tokens belong.
    pub fn begin_record(&mut self) {
        self.record += 1;
        self.table.begin_record(self.record);
    }

    /// Returns true if the counter must be drained before the next record.
    pub fn is_full(&self) -> bool {
        self.table.bytes_after_growth() + self.long_bytes > self.budget
            || self.tokens + self.table.pending() >= MAX_TOKENS_BETWEEN_DRAINS
            || self.record == u32::MAX
    }

    /// Returns the bytes by which the counter exceeds its budget once it takes `more` bytes.
    pub fn excess(&self, more: usize) -> usize {
        (self.table.bytes_after_growth() + self.long_bytes + more).saturating_sub(self.budget)
    }

    /// Occurrences of terms that are too long to be stored, over all drains.
    pub fn long_terms(&self) -> u64 {
        self.long_terms
    }

    /// Takes the rows counted so far, sorted, one list per partition, without stop words. The
    /// counter is empty afterwards.
    pub fn drain(&mut self, partitions: Partitions) -> Vec<SortedRows> {
        let mut parts: Vec<SortedWords> =
            (0..partitions.count()).map(|_| SortedWords::default()).collect();
        let partition_of = |term: &[u8]| usize::from(partitions.of(slot(Kind::Word, term)));
        for (letters, counts) in self.table.take() {
            let bytes = letters.to_le_bytes();
            let length = 16 - (letters.leading_zeros() / 8) as usize;
            let term = &bytes[..length];
            if !is_stop_word(term)
                && let Some(part) = parts.get_mut(partition_of(term))
            {
                part.push_short(letters, counts);
            }
        }
        for (term, counts) in self.long.drain() {
            if let Some(part) = parts.get_mut(partition_of(&term)) {
                part.push_long(term, counts);
            }
        }
        for part in &mut parts {
            part.sort();
        }
        self.long_bytes = 0;
        self.record = 0;
        self.tokens = 0;
        parts.into_iter().map(SortedRows::Words).collect()
    }
}

impl TokenSink for TermCounter {
    #[inline]
    fn short(&mut self, letters: u128, _length: usize) {
        self.tokens += 1;
        self.table.add(letters);
    }

    fn long(&mut self, token: &[u8]) {
        self.tokens += 1;
        if token.len() > MAX_TERM_BYTES {
            self.long_terms += 1;
            return;
        }
        let mut buffer = [0; MAX_TERM_BYTES];
        let lower = &mut buffer[..token.len()];
        lower.copy_from_slice(token);
        lower.make_ascii_lowercase();
        if let Some(counts) = self.long.get_mut(&*lower) {
            counts.add(self.record);
        } else {
            // An entry of the map: 16 bytes of pointer, 12 of counts and a control byte, at 7/8
            // load.
            self.long_bytes += lower.len() + 48;
            self.long.insert(Box::from(&*lower), WordCounts::first(self.record));
        }
    }
}

#[cfg(test)]
mod tests;
