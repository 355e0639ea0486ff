//! Map-side combine: counting the terms of many records in bounded memory. Owns the tables;
//! knows nothing of files, threads or where a drained run goes.

mod rows;
mod sorted_words;
mod table;

use std::collections::HashMap;
use std::convert::Infallible;

pub use rows::{RecordOrigin, RowCounter, SortedTerms};
pub use sorted_words::SortedWords;
use table::{Counts, Table};

use crate::merge::Cursor;
use crate::seed::{TokenSink, is_stop_word};
use crate::{Kind, Partitions, RowRef, row, slot};

/// Occurrences are 32-bit in the table. Draining this early leaves room for the tokens of one more
/// record of the largest allowed size (64 MiB, five bytes a token at least).
const MAX_TOKENS_BETWEEN_DRAINS: u64 = (u32::MAX - (1 << 26)) as u64;

/// A smaller budget would drain the table after every few records.
const MIN_BUDGET: usize = 1 << 18;

/// What one drain gave for one partition, sorted; read by the [`Cursor`] it is.
#[derive(Debug)]
pub enum SortedRows {
    /// Words, without windows and detail.
    Words(SortedWords),
    /// Rows of any kind.
    Rows(SortedTerms),
}

impl SortedRows {
    /// How many rows there are.
    pub fn len(&self) -> usize {
        match self {
            Self::Words(run) => run.len(),
            Self::Rows(run) => run.len(),
        }
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl Cursor for SortedRows {
    type Error = Infallible;

    fn row(&self) -> Option<RowRef<'_>> {
        match self {
            Self::Words(run) => run.row(),
            Self::Rows(run) => run.row(),
        }
    }

    fn advance(&mut self) -> Result<(), Infallible> {
        match self {
            Self::Words(run) => run.advance(),
            Self::Rows(run) => run.advance(),
        }
    }
}

/// Counts `Seed` words over all time: occurrences, and records they occur in.
///
/// Memory is the table's (32 bytes a slot, at most 5/8 full) plus long words; past the budget
/// [`TermCounter::is_full`] asks for a drain between two records.
#[derive(Debug)]
pub struct TermCounter {
    table: Table,
    long: HashMap<Box<[u8]>, Counts>,
    long_bytes: usize,
    long_terms: u64,
    record: u32,
    tokens: u64,
    budget: usize,
}

impl TermCounter {
    /// A counter that asks to be drained above `budget` bytes. `seed` perturbs the hash, so that
    /// nobody can prepare words that collide; it never shows in a result.
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

    /// Says that the tokens that follow are of another record.
    pub fn begin_record(&mut self) {
        self.record += 1;
        self.table.begin_record(self.record);
    }

    /// Whether the counter should be drained before the next record.
    pub fn is_full(&self) -> bool {
        self.table.bytes_after_growth() + self.long_bytes > self.budget
            || self.tokens + self.table.pending() >= MAX_TOKENS_BETWEEN_DRAINS
            || self.record == u32::MAX
    }

    /// Occurrences of terms above the longest stored length, since the beginning.
    pub fn long_terms(&self) -> u64 {
        self.long_terms
    }

    /// Takes what was counted, without stop words, sorted, one run per partition, and starts anew
    /// with an empty table.
    pub fn drain(&mut self, partitions: Partitions) -> Vec<SortedRows> {
        let mut runs: Vec<SortedWords> =
            (0..partitions.count()).map(|_| SortedWords::default()).collect();
        let partition_of = |term: &[u8]| usize::from(partitions.of(slot(Kind::Word, term)));
        for (letters, counts) in self.table.take() {
            let bytes = letters.to_le_bytes();
            let length = 16 - (letters.leading_zeros() / 8) as usize;
            let term = &bytes[..length];
            if !is_stop_word(term)
                && let Some(run) = runs.get_mut(partition_of(term))
            {
                run.push_short(letters, counts);
            }
        }
        for (term, counts) in self.long.drain() {
            if let Some(run) = runs.get_mut(partition_of(&term)) {
                run.push_long(term, counts);
            }
        }
        for run in &mut runs {
            run.sort();
        }
        self.long_bytes = 0;
        self.record = 0;
        self.tokens = 0;
        runs.into_iter().map(SortedRows::Words).collect()
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
        if token.len() > row::MAX_TERM_BYTES {
            self.long_terms += 1;
            return;
        }
        let mut buffer = [0; row::MAX_TERM_BYTES];
        let lower = &mut buffer[..token.len()];
        lower.copy_from_slice(token);
        lower.make_ascii_lowercase();
        if let Some(counts) = self.long.get_mut(&*lower) {
            counts.add(self.record);
        } else {
            // The map's own entry: a key of two words, the counts and a control byte, at 7/8 load.
            self.long_bytes += lower.len() + 48;
            self.long.insert(Box::from(&*lower), Counts::first(self.record));
        }
    }
}

#[cfg(test)]
mod tests;
