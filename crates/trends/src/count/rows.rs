//! Counting terms of every kind, by window and with detail. Owns the table of rows that are being
//! counted; knows nothing of how a text becomes terms.
//!
//! Twice as slow a token as the table of short words, which knows one kind, one bucket and no detail.

use hashbrown::HashTable;
use hashbrown::hash_table::Entry;
use xxhash_rust::xxh3::{xxh3_64, xxh3_64_with_seed};

use super::{MAX_TOKENS_BETWEEN_DRAINS, MIN_BUDGET, PartitionRun, RowRun};
use crate::detail::{Detail, Example};
use crate::row::MAX_TERM_BYTES;
use crate::seed::{Tokens, is_stop_word};
use crate::{Bucket, Kind, Partitions, slot};

/// What the terms of a record are counted with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordOrigin {
    bucket: Bucket,
    author: Option<u64>,
    example: Option<Example>,
}

impl RecordOrigin {
    /// A record of which only the time matters.
    pub const fn of_bucket(bucket: Bucket) -> Self {
        Self { bucket, author: None, example: None }
    }

    const fn is_detailed(&self) -> bool {
        self.author.is_some() || self.example.is_some()
    }

    fn add_to(&self, detail: &mut Detail) {
        if let Some(author) = self.author {
            detail.authors.insert(author);
        }
        if let Some(example) = &self.example {
            detail.examples.insert(example);
        }
    }

    fn bytes(&self) -> usize {
        let mut detail = Detail::default();
        self.add_to(&mut detail);
        size_of::<Self>() + detail.examples.bytes()
    }

    /// A record with the bytes of its author's id, where it has one, as an example of its terms.
    pub fn new(bucket: Bucket, author: Option<&[u8]>, example: Example) -> Self {
        Self { bucket, author: author.map(xxh3_64), example: Some(example) }
    }
}

/// A row that is being counted.
#[derive(Debug)]
pub(super) struct Counted {
    pub(super) start: usize,
    pub(super) length: u16,
    pub(super) kind: Kind,
    pub(super) bucket: Bucket,
    pub(super) count: u32,
    pub(super) documents: u32,
    last_record: u32,
    pub(super) seen: Seen,
}

/// By whom a row was seen, how and where.
#[derive(Debug)]
pub(super) enum Seen {
    /// Nothing of that is asked for.
    Nothing,
    /// In one record, written as its key: nearly all rows of a large vocabulary, for which a detail of
    /// their own would take four times the memory of the row.
    Once(u32),
    /// In more than that.
    Detailed(Box<Detail>),
}

/// What was drained, shared by the runs of all partitions.
#[derive(Debug, Default)]
pub(super) struct Drained {
    terms: Vec<u8>,
    /// The records that rows which were seen once refer to.
    origins: Vec<RecordOrigin>,
}

impl Drained {
    pub(super) fn term<'a>(&'a self, row: &Counted) -> &'a [u8] {
        term_of(&self.terms, row)
    }

    /// Appends the encoded detail of a row.
    pub(super) fn encode_detail(&self, row: &Counted, out: &mut Vec<u8>) {
        match &row.seen {
            Seen::Nothing => {}
            Seen::Once(origin) => {
                let mut detail = Detail::default();
                if let Some(origin) = self.origins.get(*origin as usize) {
                    origin.add_to(&mut detail);
                }
                detail.encode(out);
            }
            Seen::Detailed(detail) => detail.encode(out),
        }
    }
}

/// Counts terms of any kind by bucket: occurrences, records, and what else is asked for.
///
/// Past its budget [`RowCounter::is_full`] asks for a drain between two records.
#[derive(Debug)]
pub struct RowCounter {
    seed: u64,
    table: HashTable<u32>,
    rows: Vec<Counted>,
    drained: Drained,
    /// Whether the record that was begun is among the origins already.
    is_kept: bool,
    detail_bytes: usize,
    long_terms: u64,
    record: u32,
    origin: RecordOrigin,
    tokens: u64,
    budget: usize,
}

impl RowCounter {
    /// A counter that asks to be drained above `budget` bytes. `seed` perturbs the hash, so that
    /// nobody can prepare terms that collide; it never shows in a result.
    pub fn new(seed: u64, budget: usize) -> Self {
        Self {
            seed,
            table: HashTable::new(),
            rows: Vec::new(),
            drained: Drained::default(),
            is_kept: false,
            detail_bytes: 0,
            long_terms: 0,
            record: 0,
            origin: RecordOrigin::of_bucket(Bucket::WHOLE),
            tokens: 0,
            budget: budget.max(MIN_BUDGET),
        }
    }

    /// Says that the terms that follow are of another record.
    pub fn begin_record(&mut self, origin: RecordOrigin) {
        self.record += 1;
        self.origin = origin;
        self.is_kept = false;
    }

    /// Whether the counter should be drained before the next record.
    pub fn is_full(&self) -> bool {
        // A vector or table that is full doubles, and holds both for a moment.
        let rows = self.rows.capacity() * size_of::<Counted>();
        let table = self.table.capacity() * (size_of::<u32>() + 1);
        let used = rows + table + self.drained.terms.capacity() + self.detail_bytes;
        let about_to_grow = self.rows.len() + self.rows.len() / 16 >= self.rows.capacity();
        let growth = if about_to_grow { 2 * (rows + table) } else { 0 };
        used + growth > self.budget && !self.rows.is_empty()
            || self.tokens >= MAX_TOKENS_BETWEEN_DRAINS
            || self.record == u32::MAX
    }

    /// Occurrences of terms above the longest stored length, since the beginning.
    pub fn long_terms(&self) -> u64 {
        self.long_terms
    }

    /// Counts one occurrence of a term in the record that was begun. `form` is how it was written,
    /// where that is asked for.
    pub fn add(&mut self, kind: Kind, term: &[u8], form: Option<&str>) {
        self.tokens += 1;
        if term.len() > MAX_TERM_BYTES {
            self.long_terms += 1;
            return;
        }
        let Self { table, rows, drained: Drained { terms, .. }, origin, .. } = self;
        let bucket = origin.bucket;
        let hash = hash(self.seed, kind, bucket, term);
        let is_it = |at: &u32| {
            let row = &rows[*at as usize];
            row.kind == kind && row.bucket == bucket && term_of(terms, row) == term
        };
        let seed = self.seed;
        let rehash = |at: &u32| {
            let row = &rows[*at as usize];
            self::hash(seed, row.kind, row.bucket, term_of(terms, row))
        };
        let at = match table.entry(hash, is_it, rehash) {
            Entry::Occupied(found) => *found.get() as usize,
            Entry::Vacant(place) => {
                // The tokens between two drains are fewer than 2^32.
                place.insert(rows.len() as u32);
                rows.push(Counted {
                    start: terms.len(),
                    length: term.len() as u16,
                    kind,
                    bucket,
                    count: 0,
                    documents: 0,
                    last_record: 0,
                    seen: Seen::Nothing,
                });
                terms.extend_from_slice(term);
                rows.len() - 1
            }
        };
        let row = &mut rows[at];
        row.count += 1;
        let first_of_record = row.last_record != self.record;
        row.documents += u32::from(first_of_record);
        row.last_record = self.record;
        let form = form.filter(|form| form.as_bytes() != term);
        if form.is_some() || (first_of_record && origin.is_detailed()) {
            self.seen(at, form, first_of_record);
        }
    }

    /// Counts one occurrence of a term of which only the number over the whole run matters: in
    /// [`Bucket::WHOLE`], without detail.
    pub fn add_plain(&mut self, kind: Kind, term: &[u8]) {
        let origin = std::mem::replace(&mut self.origin, RecordOrigin::of_bucket(Bucket::WHOLE));
        self.add(kind, term, None);
        self.origin = origin;
    }

    /// Adds an occurrence to what is known of a row beside its counts.
    fn seen(&mut self, at: usize, form: Option<&str>, first_of_record: bool) {
        let Self { rows, drained: Drained { origins, .. }, is_kept, origin, .. } = self;
        let row = &mut rows[at];
        if form.is_none() && matches!(row.seen, Seen::Nothing) {
            if !*is_kept {
                self.detail_bytes += origin.bytes();
                origins.push(origin.clone());
                *is_kept = true;
            }
            // There are fewer than 2^32 records between two drains.
            row.seen = Seen::Once(origins.len() as u32 - 1);
            return;
        }
        let mut before = 0;
        let mut detail = match std::mem::replace(&mut row.seen, Seen::Nothing) {
            Seen::Nothing => Box::default(),
            Seen::Once(first) => {
                let mut detail = Box::<Detail>::default();
                if let Some(first) = origins.get(first as usize) {
                    first.add_to(&mut detail);
                }
                detail
            }
            Seen::Detailed(detail) => {
                before = detail.bytes();
                detail
            }
        };
        if let Some(form) = form {
            detail.forms.add(form, 1);
        }
        if first_of_record {
            origin.add_to(&mut detail);
        }
        self.detail_bytes += detail.bytes().saturating_sub(before);
        row.seen = Seen::Detailed(detail);
    }

    /// Takes what was counted, sorted, one run per partition, and starts anew with an empty table.
    pub fn drain(&mut self, partitions: Partitions) -> Vec<PartitionRun> {
        let drained = std::sync::Arc::new(std::mem::take(&mut self.drained));
        let mut parts: Vec<Vec<Counted>> = (0..partitions.count()).map(|_| Vec::new()).collect();
        for row in std::mem::take(&mut self.rows) {
            let partition = partitions.of(slot(row.kind, drained.term(&row)));
            if let Some(part) = parts.get_mut(usize::from(partition)) {
                part.push(row);
            }
        }
        self.table = HashTable::new();
        self.detail_bytes = 0;
        self.record = 0;
        self.tokens = 0;
        let run = |rows| PartitionRun::Rows(RowRun::sorted(std::sync::Arc::clone(&drained), rows));
        parts.into_iter().map(run).collect()
    }
}

fn term_of<'a>(terms: &'a [u8], row: &Counted) -> &'a [u8] {
    &terms[row.start..row.start + usize::from(row.length)]
}

#[inline]
fn hash(seed: u64, kind: Kind, bucket: Bucket, term: &[u8]) -> u64 {
    // An odd constant spreads neighbouring buckets over all bits.
    let of_bucket = (bucket.0 as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    xxh3_64_with_seed(term, seed ^ of_bucket ^ u64::from(kind.byte()))
}

/// The words of the `Seed` profile, counted by window.
impl Tokens for RowCounter {
    fn short(&mut self, letters: u128, length: usize) {
        let bytes = letters.to_le_bytes();
        let term = &bytes[..length];
        if !is_stop_word(term) {
            self.add(Kind::Word, term, None);
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
