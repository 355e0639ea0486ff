//! Counting terms of every kind, by window and with detail. Owns the counter and its batches; knows
//! nothing of how a text becomes terms.
//!
//! Terms are looked up in batches of some dozens: first their entries in the index are loaded into
//! the CPU cache, then their rows, then their sets of authors. The cache misses of each step
//! overlap.

mod author_sets;
mod buckets;
mod details;
mod drained_rows;
mod origins;
mod piecewise;
mod row_forms;
mod sorted_terms;
mod table;
#[cfg(test)]
mod tests;

use std::hint::black_box;
use std::sync::Arc;

pub use origins::RecordOrigin;
pub use sorted_terms::SortedTerms;

use buckets::Buckets;
use details::{CurrentRecord, Details};
use drained_rows::DrainedRows;
use origins::Origin;
use row_forms::RowForms;
use table::{CountedRow, RowIndex, RowKey, Rows, hash_of_long};

use super::{MAX_TOKENS_BETWEEN_DRAINS, MIN_BUDGET, SortedRows};
use crate::packed::{MAX_BYTES, case_of, hash, packed};
use crate::seed::{TokenSink, is_stop_word};
use crate::term::MAX_TERM_BYTES;
use crate::{Kind, Partitions, slot};

/// Number of terms that are looked up together.
const BATCH: usize = 64;

/// Memory that a drain takes for each row, in bytes: its number in a list that grew by doubling,
/// and its share of the sort keys.
const DRAIN_BYTES: usize = 16;

/// A counter of terms of any kind by bucket: occurrences, records, and the detail if it is wanted.
///
/// [`RowCounter::is_full`] returns true once its memory exceeds the budget.
#[derive(Debug)]
pub struct RowCounter {
    seed: u64,
    index: RowIndex,
    rows: Rows,
    details: Details,
    forms: RowForms,
    buckets: Buckets,
    /// The terms of the batch, not counted yet.
    batch: Vec<PendingTerm>,
    /// The records of the batch. The last one is the record that was begun last.
    records: Vec<CurrentRecord>,
    /// The ids of these records, except ids that are numbers.
    ids: Vec<u8>,
    /// The forms of the batch that differ from their keys in more than case.
    texts: String,
    long_terms: u64,
    record: u32,
    tokens: u64,
    budget: usize,
}

/// A short term of the batch.
#[derive(Debug)]
struct PendingTerm {
    key: RowKey,
    hash: u32,
    /// The position of its record among those of the batch.
    record: u32,
    form: TermForm,
    is_plain: bool,
}

/// The bucket that an occurrence counts in, with or without detail.
#[derive(Debug, Clone, Copy)]
struct Target {
    /// The number of the bucket.
    bucket: u32,
    /// True if no detail is kept.
    is_plain: bool,
}

/// The difference between the form of an occurrence and the key of its term.
#[derive(Debug, Clone, Copy)]
enum TermForm {
    /// It is the key.
    Key,
    /// The first letter is in the other case.
    Capitalised,
    /// Any other set of letters is in the other case (see [`case_of`]).
    Case(u16),
    /// It is another text: its start and length in the texts of the batch.
    Text(u32, u16),
}

impl RowCounter {
    /// Creates a counter that is full above `budget` bytes. `seed` perturbs the hash, so that no
    /// input can be prepared whose terms collide; it never shows in a result.
    pub fn new(seed: u64, budget: usize) -> Self {
        Self {
            seed,
            index: RowIndex::new(),
            rows: Rows::default(),
            details: Details::default(),
            forms: RowForms::default(),
            buckets: Buckets::default(),
            batch: Vec::with_capacity(BATCH),
            records: Vec::new(),
            ids: Vec::new(),
            texts: String::new(),
            long_terms: 0,
            record: 0,
            tokens: 0,
            budget: budget.max(MIN_BUDGET),
        }
    }

    /// Begins a record, to which the terms that follow belong.
    pub fn begin_record(&mut self, origin: &RecordOrigin<'_>) {
        if self.batch.is_empty() {
            self.records.clear();
            self.ids.clear();
        }
        let bucket = match self.records.last() {
            Some(last) if self.buckets.is(last.bucket, origin.bucket) => last.bucket,
            _ => self.buckets.number(origin.bucket),
        };
        self.record += 1;
        let origin = origin.source.map(|source| Origin::new(&source, &mut self.ids));
        self.records.push(CurrentRecord { number: self.record, bucket, origin, kept: None });
        if self.records.len() > BATCH {
            // Records without a term never fill a batch, so they would pile up.
            self.look_up();
        }
    }

    /// Returns true if the counter must be drained before the next record. `beside` are bytes beside
    /// the counter that take from its budget.
    pub fn is_full(&self, beside: usize) -> bool {
        self.bytes() + beside > self.budget && self.rows.counted.len() > 0
            || self.tokens >= MAX_TOKENS_BETWEEN_DRAINS
            || self.record == u32::MAX
    }

    /// Returns the bytes by which the counter exceeds its budget once it takes `more` bytes.
    pub fn excess(&self, more: usize) -> usize {
        (self.bytes() + more).saturating_sub(self.budget)
    }

    /// Returns the memory in bytes, including that of the next growth and of a drain.
    fn bytes(&self) -> usize {
        let Self { index, rows, details, forms, .. } = self;
        let own = rows.bytes() + rows.counted.len() * DRAIN_BYTES + index.bytes_after_growth();
        own + details.bytes() + forms.bytes()
    }

    /// Returns the number of occurrences of terms that are too long to be stored, over all drains.
    pub fn long_terms(&self) -> u64 {
        self.long_terms
    }

    /// Counts one occurrence of a term in the current record. `form` is its form there, if forms are
    /// wanted.
    pub fn add(&mut self, kind: Kind, term: &[u8], form: Option<&str>) {
        self.add_to(self.record_target(), kind, term, form);
    }

    /// Counts one occurrence of a term in [`crate::Bucket::WHOLE`] and without detail. Pairs of words
    /// need no more until the phrases among them are known.
    pub fn add_plain(&mut self, kind: Kind, term: &[u8]) {
        let bucket = self.buckets.whole();
        self.add_to(Target { bucket, is_plain: true }, kind, term, None);
    }

    /// Returns the target of the terms of the current record.
    #[inline]
    fn record_target(&self) -> Target {
        let bucket = self.records.last().map_or(0, |record| record.bucket);
        Target { bucket, is_plain: false }
    }

    fn add_to(&mut self, target: Target, kind: Kind, term: &[u8], form: Option<&str>) {
        let is_other =
            |form: &&str| (1..=MAX_TERM_BYTES).contains(&form.len()) && form.as_bytes() != term;
        let form = form.filter(is_other);
        let Some(letters) = packed(term) else { return self.add_long(target, kind, term, form) };
        let same_length = form.filter(|form| form.len() == term.len());
        let written = same_length.and_then(|form| packed(form.as_bytes()));
        let form = match (form, written.and_then(|written| case_of(written, letters))) {
            (None, _) => TermForm::Key,
            (_, Some(case)) => TermForm::of_case(case),
            (Some(form), None) => {
                let start = self.texts.len();
                self.texts.push_str(form);
                // A record is at most 64 MiB long.
                TermForm::Text(start as u32, form.len() as u16)
            }
        };
        self.enqueue(target, kind, (letters, term.len() as u8), form);
    }

    /// Counts one occurrence of a term of `length` bytes, 1 to 16, in the current record. `letters`
    /// is the packed term and `written` its packed form, which differs from it in case alone.
    #[inline]
    pub fn add_packed(&mut self, kind: Kind, letters: u128, written: u128, length: usize) {
        let form = if letters == written {
            TermForm::Key
        } else {
            case_of(written, letters).map_or(TermForm::Key, TermForm::of_case)
        };
        self.enqueue(self.record_target(), kind, (letters, length as u8), form);
    }

    /// Combines the seed, a kind and a bucket into the salt of a hash. Odd constants spread
    /// neighbouring numbers over all bits.
    #[inline]
    fn salt_of(&self, kind: Kind, bucket: u32) -> u64 {
        self.seed
            ^ u64::from(bucket).wrapping_mul(0x9E37_79B9_7F4A_7C15)
            ^ u64::from(kind.byte()).wrapping_mul(0xC2B2_AE3D_27D4_EB4F)
    }

    /// Adds a packed term and its length to the batch.
    #[inline]
    fn enqueue(&mut self, target: Target, kind: Kind, term: (u128, u8), form: TermForm) {
        let (letters, length) = term;
        self.tokens += 1;
        let Some(record) = (self.records.len() as u32).checked_sub(1) else { return };
        let Target { bucket, is_plain } = target;
        let hash = hash(letters, self.salt_of(kind, bucket));
        let key = RowKey::short(kind, letters, length, bucket);
        self.batch.push(PendingTerm { key, hash, record, form, is_plain });
        if self.batch.len() == BATCH {
            self.look_up();
        }
    }

    /// Counts the terms of the batch.
    fn look_up(&mut self) {
        self.index.reserve(self.batch.len());
        let found = self.find_batch();
        let Self { index, rows, details, forms, batch, records, ids, texts, .. } = self;
        for (found, term) in found.into_iter().zip(&*batch) {
            let is_it = |row: usize| rows.counted.at(row).key.is(&term.key);
            let row = found.filter(|row| is_it(*row)).or_else(|| index.find(term.hash, is_it));
            let row = row.unwrap_or_else(|| {
                let row = rows.counted.push(CountedRow::new(term.key));
                index.insert(term.hash, row);
                row
            });
            let counted = rows.counted.at_mut(row);
            match term.form {
                TermForm::Key => {}
                TermForm::Capitalised => counted.capitalised += 1,
                TermForm::Case(case) => {
                    counted.key.has_other_forms = true;
                    forms.add_case(row as u32, case);
                }
                TermForm::Text(start, length) => {
                    counted.key.has_other_forms = true;
                    let form = texts.get(start as usize..).and_then(|t| t.get(..length.into()));
                    forms.add_text(row as u32, form.unwrap_or_default());
                }
            }
            let record = &mut records[term.record as usize];
            if counted.count_in(record.number) && !term.is_plain {
                details.add(&mut counted.records, record, ids);
            }
        }
        batch.clear();
        texts.clear();
        // The current record may have more terms.
        let last = records.len().saturating_sub(1);
        records.drain(..last);
        self.drop_ids();
    }

    /// Finds the rows of the batch by hash alone, and loads all memory that counting them needs, in
    /// steps. The loads of a step depend only on the step before, so their cache misses overlap.
    #[inline]
    fn find_batch(&self) -> [Option<usize>; BATCH] {
        let Self { index, rows, details, batch, records, .. } = self;
        black_box(batch.iter().fold(0, |all, term| all ^ index.touch(term.hash)));
        let mut found = [None; BATCH];
        for (found, term) in found.iter_mut().zip(batch) {
            *found = index.find(term.hash, |_| true);
        }
        let known = || found.iter().zip(batch).filter_map(|(row, term)| Some(((*row)?, term)));
        black_box(known().fold(0, |all, (row, _)| all ^ rows.counted.at(row).count));
        black_box(known().fold(0, |all, (row, term)| {
            let record = &records[term.record as usize];
            all ^ details.touch(&rows.counted.at(row).records, record)
        }));
        found
    }

    /// Drops the ids of all records but the current one.
    fn drop_ids(&mut self) {
        let last = self.records.last_mut().and_then(|record| record.origin.as_mut());
        match last.and_then(Origin::id_start_mut) {
            Some(start) => {
                self.ids.drain(..*start as usize);
                *start = 0;
            }
            None => self.ids.clear(),
        }
    }

    /// Counts a term that is too long to be stored in its row.
    fn add_long(&mut self, target: Target, kind: Kind, term: &[u8], form: Option<&str>) {
        self.tokens += 1;
        if term.len() > MAX_TERM_BYTES {
            self.long_terms += 1;
            return;
        }
        let Target { bucket, is_plain } = target;
        let hash = hash_of_long(term, self.salt_of(kind, bucket));
        let Self { index, rows, details, forms, records, ids, .. } = self;
        let Some(record) = records.last_mut() else { return };
        let is_it = |row: usize| rows.is_long(&rows.counted.at(row).key, kind, term, bucket);
        let row = index.find(hash, is_it).unwrap_or_else(|| {
            index.reserve(1);
            let key = rows.add_long(kind, term, bucket);
            let row = rows.counted.push(CountedRow::new(key));
            index.insert(hash, row);
            row
        });
        let counted = rows.counted.at_mut(row);
        if let Some(form) = form {
            counted.key.has_other_forms = true;
            forms.add_text(row as u32, form);
        }
        if counted.count_in(record.number) && !is_plain {
            details.add(&mut counted.records, record, ids);
        }
    }

    /// Takes the rows counted so far, sorted, one list per partition. The counter is empty
    /// afterwards.
    pub fn drain(&mut self, partitions: Partitions) -> Vec<SortedRows> {
        self.look_up();
        self.records.clear();
        self.index = RowIndex::new();
        self.record = 0;
        self.tokens = 0;
        let drained = Arc::new(DrainedRows {
            rows: std::mem::take(&mut self.rows),
            buckets: std::mem::take(&mut self.buckets).all,
            details: std::mem::take(&mut self.details),
            forms: std::mem::take(&mut self.forms).finish(),
        });
        let mut parts: Vec<Vec<u32>> = (0..partitions.count()).map(|_| Vec::new()).collect();
        for (number, row) in (0..).zip(drained.rows.counted.iter()) {
            let mut letters = [0; MAX_BYTES];
            let slot = slot(row.key.kind, drained.rows.term(&row.key, &mut letters));
            if let Some(part) = parts.get_mut(usize::from(partitions.of(slot))) {
                part.push(number);
            }
        }
        let sorted = |rows| SortedRows::Terms(SortedTerms::new(Arc::clone(&drained), rows));
        parts.into_iter().map(sorted).collect()
    }
}

impl TermForm {
    #[inline]
    const fn of_case(case: u16) -> Self {
        match case {
            0 => Self::Key,
            1 => Self::Capitalised,
            case => Self::Case(case),
        }
    }
}

/// Counts the words of the `Seed` profile by window.
impl TokenSink for RowCounter {
    fn short(&mut self, letters: u128, length: usize) {
        if !is_stop_word(&letters.to_le_bytes()[..length]) {
            self.add_packed(Kind::Word, letters, letters, length);
        }
    }

    fn long(&mut self, token: &[u8]) {
        // No stop word has more than 16 letters.
        self.add(Kind::Word, &token.to_ascii_lowercase(), None);
    }
}
