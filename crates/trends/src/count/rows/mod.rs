//! Counting terms of every kind, by window and with detail. Owns the counter and its batches; knows
//! nothing of how a text becomes terms.
//!
//! Terms wait until there are some dozens and are looked up together: first their places in the index are
//! touched, then their rows, then their sets of authors, so that the cache misses of each step overlap.

mod author_sets;
mod details;
mod drained;
mod origins;
mod piecewise;
mod sorted_terms;
mod spellings;
mod table;

#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::hint::black_box;
use std::sync::Arc;

pub use origins::RecordOrigin;
pub use sorted_terms::SortedTerms;

use details::{Begun, Details, Seen};
use drained::Drained;
use origins::Origin;
use spellings::Spellings;
use table::{Counted, Index, Key, Rows, hash_of_long};

use super::{MAX_TOKENS_BETWEEN_DRAINS, MIN_BUDGET, SortedRows};
use crate::packed::{MOST, case_of, hash, packed};
use crate::row::MAX_TERM_BYTES;
use crate::seed::{TokenSink, is_stop_word};
use crate::{Bucket, Kind, Partitions, slot};

/// How many terms wait before they are looked up together.
const BATCH: usize = 64;

/// What a row takes besides itself when it is drained: its number, in a list that grew by doubling, and
/// its share of what is sorted.
const DRAIN: usize = 16;

/// Counts terms of any kind by bucket: occurrences, records, and what else is asked for.
///
/// Past its budget [`RowCounter::is_full`] asks for a drain between two records.
#[derive(Debug)]
pub struct RowCounter {
    seed: u64,
    index: Index,
    rows: Rows,
    details: Details,
    spellings: Spellings,
    buckets: Buckets,
    waiting: Vec<Waiting>,
    /// The records of the terms that wait; the last is the one that was begun.
    begun: Vec<Begun>,
    /// The ids of those records that are no numbers.
    ids: Vec<u8>,
    /// The forms of the terms that wait that are no more than another case.
    texts: String,
    long_terms: u64,
    record: u32,
    tokens: u64,
    budget: usize,
}

/// A short term that waits.
#[derive(Debug)]
struct Waiting {
    key: Key,
    hash: u32,
    /// The place of its record among those begun.
    begun: u32,
    form: Form,
    is_plain: bool,
}

/// Which row of a term an occurrence counts in.
#[derive(Debug, Clone, Copy)]
struct Place {
    /// The number of the bucket.
    bucket: u32,
    /// Whether no detail is kept.
    is_plain: bool,
}

/// How a term was written.
#[derive(Debug, Clone, Copy)]
enum Form {
    /// As its key.
    Key,
    /// As its key but for the first letter.
    Capitalised,
    /// As its key but for case.
    Case(u16),
    /// So many bytes of the texts, from a byte on.
    Text(u32, u16),
}

/// The buckets that rows are in, by numbers.
#[derive(Debug, Default)]
struct Buckets {
    all: Vec<Bucket>,
    numbers: HashMap<Bucket, u32>,
    /// The number of [`Bucket::WHOLE`], once it was asked for.
    whole: Option<u32>,
}

impl Buckets {
    fn whole(&mut self) -> u32 {
        if let Some(whole) = self.whole {
            return whole;
        }
        let whole = self.number(Bucket::WHOLE);
        self.whole = Some(whole);
        whole
    }

    fn number(&mut self, bucket: Bucket) -> u32 {
        // There are fewer buckets than records between two drains.
        *self.numbers.entry(bucket).or_insert_with(|| {
            self.all.push(bucket);
            self.all.len() as u32 - 1
        })
    }
}

impl RowCounter {
    /// A counter that asks to be drained above `budget` bytes. `seed` perturbs the hash, so that
    /// nobody can prepare terms that collide; it never shows in a result.
    pub fn new(seed: u64, budget: usize) -> Self {
        Self {
            seed,
            index: Index::new(),
            rows: Rows::default(),
            details: Details::default(),
            spellings: Spellings::default(),
            buckets: Buckets::default(),
            waiting: Vec::with_capacity(BATCH),
            begun: Vec::new(),
            ids: Vec::new(),
            texts: String::new(),
            long_terms: 0,
            record: 0,
            tokens: 0,
            budget: budget.max(MIN_BUDGET),
        }
    }

    /// Says that the terms that follow are of another record.
    pub fn begin_record(&mut self, origin: &RecordOrigin<'_>) {
        if self.waiting.is_empty() {
            self.begun.clear();
            self.ids.clear();
        }
        let bucket = match self.begun.last() {
            Some(last) if self.buckets.all.get(last.bucket as usize) == Some(&origin.bucket) => {
                last.bucket
            }
            _ => self.buckets.number(origin.bucket),
        };
        self.record += 1;
        let origin = origin.seen.map(|seen| Origin::new(&seen, &mut self.ids));
        self.begun.push(Begun { number: self.record, bucket, origin, kept: None });
        if self.begun.len() > BATCH {
            // Of records without a term.
            self.look_up();
        }
    }

    /// Whether the counter should be drained before the next record.
    pub fn is_full(&self) -> bool {
        self.bytes() > self.budget && self.rows.counted.len() > 0
            || self.tokens >= MAX_TOKENS_BETWEEN_DRAINS
            || self.record == u32::MAX
    }

    /// Memory it takes, in bytes, with what the next growth and a drain will ask for.
    fn bytes(&self) -> usize {
        let Self { index, rows, details, spellings, .. } = self;
        let own = rows.bytes() + rows.counted.len() * DRAIN + index.bytes_after_growth();
        own + details.bytes() + spellings.bytes()
    }

    /// Occurrences of terms above the longest stored length, since the beginning.
    pub fn long_terms(&self) -> u64 {
        self.long_terms
    }

    /// Counts one occurrence of a term in the record that was begun. `form` is how it was written,
    /// where that is asked for.
    pub fn add(&mut self, kind: Kind, term: &[u8], form: Option<&str>) {
        self.add_at(self.own_place(), kind, term, form);
    }

    /// Counts one occurrence of a term of which only the number over the whole run matters: in
    /// [`Bucket::WHOLE`], without detail.
    pub fn add_plain(&mut self, kind: Kind, term: &[u8]) {
        let bucket = self.buckets.whole();
        self.add_at(Place { bucket, is_plain: true }, kind, term, None);
    }

    /// Where the terms of the record that was begun count.
    #[inline]
    fn own_place(&self) -> Place {
        let bucket = self.begun.last().map_or(0, |begun| begun.bucket);
        Place { bucket, is_plain: false }
    }

    fn add_at(&mut self, place: Place, kind: Kind, term: &[u8], form: Option<&str>) {
        let is_other =
            |form: &&str| (1..=MAX_TERM_BYTES).contains(&form.len()) && form.as_bytes() != term;
        let form = form.filter(is_other);
        let Some(letters) = packed(term) else { return self.add_long(place, kind, term, form) };
        let case = form.and_then(|form| packed(form.as_bytes()).zip(Some(form)));
        let case = case.filter(|(_, form)| form.len() == term.len());
        let form = match (form, case.and_then(|(written, _)| case_of(written, letters))) {
            (None, _) => Form::Key,
            (_, Some(case)) => Form::of_case(case),
            (Some(form), None) => {
                let start = self.texts.len();
                self.texts.push_str(form);
                // A record is at most 64 MiB long.
                Form::Text(start as u32, form.len() as u16)
            }
        };
        self.wait(place, kind, letters, term.len() as u8, form);
    }

    /// The same of a term of `length` bytes, 1 to 16, packed with its first byte the lowest, that was written the
    /// same but for case.
    #[inline]
    pub fn add_packed(&mut self, kind: Kind, letters: u128, written: u128, length: usize) {
        let form = if letters == written {
            Form::Key
        } else {
            case_of(written, letters).map_or(Form::Key, Form::of_case)
        };
        self.wait(self.own_place(), kind, letters, length as u8, form);
    }

    /// What the hashes of terms of a kind in a bucket depend on. Odd constants spread neighbouring numbers
    /// over all bits.
    #[inline]
    fn salt_of(&self, kind: Kind, bucket: u32) -> u64 {
        self.seed
            ^ u64::from(bucket).wrapping_mul(0x9E37_79B9_7F4A_7C15)
            ^ u64::from(kind.byte()).wrapping_mul(0xC2B2_AE3D_27D4_EB4F)
    }

    #[inline]
    fn wait(&mut self, place: Place, kind: Kind, letters: u128, length: u8, form: Form) {
        self.tokens += 1;
        let Some(begun) = (self.begun.len() as u32).checked_sub(1) else { return };
        let Place { bucket, is_plain } = place;
        let hash = hash(letters, self.salt_of(kind, bucket));
        let key = Key::short(kind, letters, length, bucket);
        self.waiting.push(Waiting { key, hash, begun, form, is_plain });
        if self.waiting.len() == BATCH {
            self.look_up();
        }
    }

    /// Counts the terms that wait.
    fn look_up(&mut self) {
        let Self { index, rows, details, spellings, waiting, begun, ids, texts, .. } = self;
        index.reserve(waiting.len());
        black_box(waiting.iter().fold(0, |seen, waits| seen ^ index.touch(waits.hash)));
        let mut found = [None; BATCH];
        for (found, waits) in found.iter_mut().zip(&*waiting) {
            *found = index.find(waits.hash, |_| true);
        }
        let known =
            || found.iter().zip(&*waiting).filter_map(|(row, waits)| Some(((*row)?, waits)));
        black_box(known().fold(0, |seen, (row, _)| seen ^ rows.counted.at(row).count));
        black_box(known().fold(0, |seen, (row, waits)| {
            let record = &begun[waits.begun as usize];
            seen ^ details.touch(&rows.counted.at(row).seen, record)
        }));
        for (found, waits) in found.into_iter().zip(&*waiting) {
            let is_it = |row: usize| rows.counted.at(row).key.is(&waits.key);
            let row = found.filter(|row| is_it(*row)).or_else(|| index.find(waits.hash, is_it));
            let row = row.unwrap_or_else(|| {
                let row = rows.counted.push(Counted::new(waits.key));
                index.insert(waits.hash, row);
                row
            });
            let counted = rows.counted.at_mut(row);
            match waits.form {
                Form::Key => {}
                Form::Capitalised => counted.capitalised += 1,
                Form::Case(case) => {
                    counted.key.is_respelt = true;
                    spellings.add_case(row as u32, case);
                }
                Form::Text(start, length) => {
                    counted.key.is_respelt = true;
                    let form = texts.get(start as usize..).and_then(|t| t.get(..length.into()));
                    spellings.add_text(row as u32, form.unwrap_or_default());
                }
            }
            let record = &mut begun[waits.begun as usize];
            if counted.is_first_of(record.number) && !waits.is_plain {
                details.add(&mut counted.seen, record, ids);
            }
        }
        waiting.clear();
        texts.clear();
        // The record that was begun may have more terms.
        let last = begun.len().saturating_sub(1);
        begun.drain(..last);
        self.keep_last_id();
    }

    /// Drops the ids of records that are over.
    fn keep_last_id(&mut self) {
        let last = self.begun.last_mut().and_then(|begun| begun.origin.as_mut());
        match last.and_then(Origin::id_mut) {
            Some(start) => {
                self.ids.drain(..*start as usize);
                *start = 0;
            }
            None => self.ids.clear(),
        }
    }

    /// Counts a term that is too long to be in its row.
    fn add_long(&mut self, place: Place, kind: Kind, term: &[u8], form: Option<&str>) {
        self.tokens += 1;
        if term.len() > MAX_TERM_BYTES {
            self.long_terms += 1;
            return;
        }
        let Place { bucket, is_plain } = place;
        let hash = hash_of_long(term, self.salt_of(kind, bucket));
        let Self { index, rows, details, spellings, begun, ids, .. } = self;
        let Some(record) = begun.last_mut() else { return };
        let is_it = |row: usize| rows.is_long(&rows.counted.at(row).key, kind, term, bucket);
        let row = index.find(hash, is_it).unwrap_or_else(|| {
            index.reserve(1);
            let key = rows.add_long(kind, term, bucket);
            let row = rows.counted.push(Counted::new(key));
            index.insert(hash, row);
            row
        });
        let counted = rows.counted.at_mut(row);
        if let Some(form) = form {
            counted.key.is_respelt = true;
            spellings.add_text(row as u32, form);
        }
        if counted.is_first_of(record.number) && !is_plain {
            details.add(&mut counted.seen, record, ids);
        }
    }

    /// Takes what was counted, sorted, one run per partition, and starts anew with an empty table.
    pub fn drain(&mut self, partitions: Partitions) -> Vec<SortedRows> {
        self.look_up();
        self.begun.clear();
        self.index = Index::new();
        self.record = 0;
        self.tokens = 0;
        let drained = Arc::new(Drained {
            rows: std::mem::take(&mut self.rows),
            buckets: std::mem::take(&mut self.buckets).all,
            details: std::mem::take(&mut self.details),
            spelt: std::mem::take(&mut self.spellings).finish(),
        });
        let mut parts: Vec<Vec<u32>> = (0..partitions.count()).map(|_| Vec::new()).collect();
        for (number, row) in (0..).zip(drained.rows.counted.iter()) {
            let mut letters = [0; MOST];
            let slot = slot(row.key.kind, drained.rows.term(&row.key, &mut letters));
            if let Some(part) = parts.get_mut(usize::from(partitions.of(slot))) {
                part.push(number);
            }
        }
        let run = |rows| SortedRows::Rows(SortedTerms::sorted(Arc::clone(&drained), rows));
        parts.into_iter().map(run).collect()
    }
}

impl Counted {
    const fn new(key: Key) -> Self {
        let seen = Seen::NOTHING;
        Self { key, count: 0, documents: 0, last_record: 0, capitalised: 0, seen }
    }

    /// Counts an occurrence in a record; whether it is the first there.
    #[inline]
    const fn is_first_of(&mut self, record: u32) -> bool {
        self.count += 1;
        let is_first = self.last_record != record;
        self.documents += is_first as u32;
        self.last_record = record;
        is_first
    }
}

impl Form {
    #[inline]
    const fn of_case(case: u16) -> Self {
        match case {
            0 => Self::Key,
            1 => Self::Capitalised,
            case => Self::Case(case),
        }
    }
}

/// The words of the `Seed` profile, counted by window.
impl TokenSink for RowCounter {
    fn short(&mut self, letters: u128, length: usize) {
        if !is_stop_word(&letters.to_le_bytes()[..length]) {
            self.add_packed(Kind::Word, letters, letters, length);
        }
    }

    fn long(&mut self, token: &[u8]) {
        if token.len() > MAX_TERM_BYTES {
            self.tokens += 1;
            self.long_terms += 1;
        } else {
            // No stop word has more than 16 letters.
            self.add(Kind::Word, &token.to_ascii_lowercase(), None);
        }
    }
}
