//! The authors and examples of rows while they are counted. A row keeps the numbers of its first
//! five records; from the sixth on it has a set of authors and the examples so far. Knows nothing
//! of forms.
//!
//! Both common cases need no memory but the row itself: most rows of a large vocabulary never get a
//! sixth record, and hardly any record of a frequent term becomes an example.

use std::cmp::Ordering;

use super::author_sets::{AuthorSet, AuthorSets, Members};
use super::origins::{Origin, Origins};
use super::piecewise::PiecewiseVec;
use crate::detail::{self, MAX_EXACT, MAX_EXAMPLES, REGISTERS, register};
use crate::format::varint::put;

/// The records that a row's term occurred in.
#[derive(Debug, Clone, Copy)]
pub(super) enum RowRecords {
    /// At most five: the first `length` of these numbers.
    Few { length: u8, records: [u32; FEW] },
    /// More than five.
    Many(ManyRecords),
}

/// As many records as a row has examples, so that the first examples are the few records.
const FEW: usize = MAX_EXAMPLES;

#[derive(Debug, Clone, Copy)]
pub(super) struct ManyRecords {
    authors: AuthorSet,
    /// The number of its example list.
    examples: u32,
    /// The highest rank with which a record can become an example.
    max_rank: u32,
}

impl RowRecords {
    pub(super) const NONE: Self = Self::Few { length: 0, records: [0; FEW] };

    pub(super) const fn is_empty(&self) -> bool {
        matches!(self, Self::Few { length: 0, .. })
    }
}

/// The distinct records with the smallest hashes so far, ascending: the first `length` of these
/// numbers.
#[derive(Debug, Clone, Copy)]
struct ExampleList {
    length: u8,
    records: [u32; MAX_EXAMPLES],
}

/// A record whose terms are being counted.
#[derive(Debug)]
pub(super) struct CurrentRecord {
    /// Its number since the last drain, from 1 on.
    pub(super) number: u32,
    /// The number of its bucket.
    pub(super) bucket: u32,
    /// Its origin, if details are counted.
    pub(super) origin: Option<Origin>,
    /// The number of its origin among those that are kept, once a row refers to it.
    pub(super) kept: Option<u32>,
}

/// The origins, author sets and examples that rows refer to.
#[derive(Debug, Default)]
pub(super) struct Details {
    origins: Origins,
    authors: AuthorSets,
    examples: PiecewiseVec<ExampleList>,
}

impl Details {
    /// Loads the memory that [`Details::add`] will read, so that it is in the cache by then.
    #[inline]
    pub(super) fn touch(&self, of_row: &RowRecords, record: &CurrentRecord) -> u64 {
        match (of_row, record.origin.and_then(|origin| origin.author())) {
            (RowRecords::Many(many), Some(author)) => self.authors.touch(many.authors, author),
            _ => 0,
        }
    }

    /// Adds a record to a row, at most once for each record and row. `ids` is the buffer that the
    /// record's origin was made with.
    #[inline]
    pub(super) fn add(&mut self, of_row: &mut RowRecords, record: &mut CurrentRecord, ids: &[u8]) {
        let Some(origin) = record.origin else { return };
        match of_row {
            RowRecords::Few { length, records } if usize::from(*length) < FEW => {
                records[usize::from(*length)] = self.keep(record, origin, ids);
                *length += 1;
            }
            RowRecords::Few { records, .. } => {
                let records = *records;
                let mut many = self.many_of(records);
                self.add_to_many(&mut many, record, origin, ids);
                *of_row = RowRecords::Many(many);
            }
            RowRecords::Many(many) => self.add_to_many(many, record, origin, ids),
        }
    }

    fn keep(&mut self, record: &mut CurrentRecord, origin: Origin, ids: &[u8]) -> u32 {
        *record.kept.get_or_insert_with(|| self.origins.keep(origin, ids))
    }

    /// Turns five records into a set of authors and a list of examples.
    #[cold]
    fn many_of(&mut self, records: [u32; FEW]) -> ManyRecords {
        let mut authors = self.authors.create();
        for record in records {
            if let Some(author) = self.origins.author(record) {
                self.authors.insert(&mut authors, author);
            }
        }
        let list = self.example_list(&records);
        let max_rank = self.max_rank(&list);
        // There are fewer than 2^32 rows.
        ManyRecords { authors, examples: self.examples.push(list) as u32, max_rank }
    }

    #[inline]
    fn add_to_many(
        &mut self,
        many: &mut ManyRecords,
        record: &mut CurrentRecord,
        origin: Origin,
        ids: &[u8],
    ) {
        if let Some(author) = origin.author() {
            self.authors.insert(&mut many.authors, author);
        }
        if origin.rank() <= many.max_rank {
            self.add_example(many, record, origin, ids);
        }
    }

    fn add_example(
        &mut self,
        many: &mut ManyRecords,
        record: &mut CurrentRecord,
        origin: Origin,
        ids: &[u8],
    ) {
        let mut list = *self.examples.at(many.examples as usize);
        let example = origin.example(ids);
        let known = &list.records[..usize::from(list.length)];
        let found = known.binary_search_by(|at| self.origins.example(*at).compare(&example));
        let Err(place) = found else { return };
        if place == MAX_EXAMPLES {
            return;
        }
        list.records[place..].rotate_right(1);
        list.records[place] = self.keep(record, origin, ids);
        list.length = (list.length + 1).min(MAX_EXAMPLES as u8);
        many.max_rank = self.max_rank(&list);
        *self.examples.at_mut(many.examples as usize) = list;
    }

    /// The rank of the last example of a full list; a list that is not full takes any rank.
    fn max_rank(&self, list: &ExampleList) -> u32 {
        if usize::from(list.length) < MAX_EXAMPLES {
            return u32::MAX;
        }
        self.origins.rank(list.records[MAX_EXAMPLES - 1])
    }

    /// Sorts at most five records by their hashes and drops duplicates.
    fn example_list(&self, records: &[u32]) -> ExampleList {
        let order = |a: &u32, b: &u32| self.origins.example(*a).compare(&self.origins.example(*b));
        let mut list = ExampleList { length: 0, records: [0; MAX_EXAMPLES] };
        let sorted = &mut list.records[..records.len()];
        sorted.copy_from_slice(records);
        sorted.sort_unstable_by(order);
        let mut length = 0;
        for at in 0..records.len() {
            if length == 0 || order(&list.records[length - 1], &list.records[at]) != Ordering::Equal
            {
                list.records[length] = list.records[at];
                length += 1;
            }
        }
        list.length = length as u8;
        list
    }

    /// Loads the records of a row that will be encoded soon, so that they are in the cache by then.
    pub(super) fn touch_records(&self, of_row: &RowRecords) -> u64 {
        let touch = |number: &u32| self.origins.touch(*number);
        match of_row {
            RowRecords::Few { length, records } => {
                records.iter().take((*length).into()).map(touch).fold(0, |all, hash| all ^ hash)
            }
            RowRecords::Many(_) => 0,
        }
    }

    /// Appends the bytes of the authors of a row.
    pub(super) fn encode_authors(&self, of_row: &RowRecords, out: &mut Vec<u8>) {
        match of_row {
            RowRecords::Few { length, records } => {
                let mut hashes = [0; FEW];
                let mut distinct = 0;
                let records = &records[..usize::from(*length)];
                for hash in records.iter().filter_map(|record| self.origins.author(*record)) {
                    if !hashes[..distinct].contains(&hash) {
                        hashes[distinct] = hash;
                        distinct += 1;
                    }
                }
                hashes[..distinct].sort_unstable();
                detail::encode_exact(&hashes[..distinct], out);
            }
            RowRecords::Many(many) => match self.authors.members(many.authors) {
                Members::Hashes(mut hashes) if hashes.len() <= MAX_EXACT => {
                    hashes.sort_unstable();
                    detail::encode_exact(&hashes, out);
                }
                Members::Hashes(hashes) => {
                    let mut registers = [0; REGISTERS];
                    for (index, value) in hashes.into_iter().map(register) {
                        registers[index] = registers[index].max(value);
                    }
                    detail::encode_registers(&registers, out);
                }
                Members::Registers(registers) => detail::encode_registers(&registers, out),
            },
        }
    }

    /// Appends the bytes of the examples of a row.
    pub(super) fn encode_examples(&self, of_row: &RowRecords, out: &mut Vec<u8>) {
        let list = match of_row {
            RowRecords::Few { length, records } => {
                self.example_list(&records[..usize::from(*length)])
            }
            RowRecords::Many(many) => *self.examples.at(many.examples as usize),
        };
        put(out, list.length.into());
        for record in &list.records[..usize::from(list.length)] {
            self.origins.example(*record).encode(out);
        }
    }

    /// Memory, in bytes.
    pub(super) fn bytes(&self) -> usize {
        self.origins.bytes() + self.authors.bytes() + self.examples.bytes()
    }
}
