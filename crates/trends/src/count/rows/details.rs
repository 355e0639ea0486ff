//! By whom and where the terms of rows were seen. Owns what of that is kept while they are counted: the
//! first five records of a row by their numbers, and from the sixth on a set of authors and the records
//! that are its examples so far. Knows nothing of forms.
//!
//! Most rows of a large vocabulary are never seen in a sixth record, and of a frequent term hardly a
//! record becomes an example: both are told by a look at the row alone.

use std::cmp::Ordering;

use super::author_sets::{AuthorSet, AuthorSets, Members};
use super::origins::{Origin, Origins};
use super::piecewise::PiecewiseVec;
use crate::detail::{self, MAX_EXACT, MAX_EXAMPLES, REGISTERS, register};
use crate::format::varint::put;

/// What a row has of its records.
#[derive(Debug, Clone, Copy)]
pub(super) enum Seen {
    /// The records, as long as there are at most five.
    Few { many: u8, records: [u32; FEW] },
    /// More.
    Many(Many),
}

/// As many as examples, so that they begin as those.
const FEW: usize = MAX_EXAMPLES;

#[derive(Debug, Clone, Copy)]
pub(super) struct Many {
    authors: AuthorSet,
    /// The number of its examples.
    examples: u32,
    /// No record of a higher rank becomes an example.
    bound: u32,
}

impl Seen {
    pub(super) const NOTHING: Self = Self::Few { many: 0, records: [0; FEW] };
}

/// The distinct records with the smallest hashes so far, ascending; the first so many of the list.
#[derive(Debug, Clone, Copy)]
struct Kept {
    many: u8,
    records: [u32; MAX_EXAMPLES],
}

/// A record whose terms come in.
#[derive(Debug)]
pub(super) struct Begun {
    /// Its number since the last drain, from 1 on.
    pub(super) number: u32,
    /// The number of its bucket.
    pub(super) bucket: u32,
    /// Its origin, where that matters.
    pub(super) origin: Option<Origin>,
    /// The number that it is kept under, once it is.
    pub(super) kept: Option<u32>,
}

/// What the rows refer to.
#[derive(Debug, Default)]
pub(super) struct Details {
    origins: Origins,
    authors: AuthorSets,
    examples: PiecewiseVec<Kept>,
}

impl Details {
    /// Looks at what [`Details::add`] will look at, so that it is near when it does.
    #[inline]
    pub(super) fn touch(&self, seen: &Seen, begun: &Begun) -> u64 {
        match (seen, begun.origin.and_then(|origin| origin.author())) {
            (Seen::Many(many), Some(author)) => self.authors.touch(many.authors, author),
            _ => 0,
        }
    }

    /// Adds a record to what a row has, once. `ids` is the buffer that its origin was made with.
    #[inline]
    pub(super) fn add(&mut self, seen: &mut Seen, begun: &mut Begun, ids: &[u8]) {
        let Some(origin) = begun.origin else { return };
        match seen {
            Seen::Few { many, records } if usize::from(*many) < FEW => {
                records[usize::from(*many)] = self.keep(begun, origin, ids);
                *many += 1;
            }
            Seen::Few { records, .. } => {
                let records = *records;
                let mut many = self.many(records);
                self.add_to_many(&mut many, begun, origin, ids);
                *seen = Seen::Many(many);
            }
            Seen::Many(many) => self.add_to_many(many, begun, origin, ids),
        }
    }

    fn keep(&mut self, begun: &mut Begun, origin: Origin, ids: &[u8]) -> u32 {
        *begun.kept.get_or_insert_with(|| self.origins.keep(origin, ids))
    }

    /// The same of five records that are kept.
    #[cold]
    fn many(&mut self, records: [u32; FEW]) -> Many {
        let mut authors = self.authors.create();
        for record in records {
            if let Some(author) = self.origins.author(record) {
                self.authors.insert(&mut authors, author);
            }
        }
        let kept = self.kept(&records);
        let bound = self.bound(&kept);
        // There are fewer than 2^32 rows.
        Many { authors, examples: self.examples.push(kept) as u32, bound }
    }

    #[inline]
    fn add_to_many(&mut self, many: &mut Many, begun: &mut Begun, origin: Origin, ids: &[u8]) {
        if let Some(author) = origin.author() {
            self.authors.insert(&mut many.authors, author);
        }
        if origin.rank() <= many.bound {
            self.add_example(many, begun, origin, ids);
        }
    }

    fn add_example(&mut self, many: &mut Many, begun: &mut Begun, origin: Origin, ids: &[u8]) {
        let mut kept = *self.examples.at(many.examples as usize);
        let example = origin.example(ids);
        let known = &kept.records[..usize::from(kept.many)];
        let found = known.binary_search_by(|at| self.origins.example(*at).order(&example));
        let Err(place) = found else { return };
        if place == MAX_EXAMPLES {
            return;
        }
        kept.records[place..].rotate_right(1);
        kept.records[place] = self.keep(begun, origin, ids);
        kept.many = (kept.many + 1).min(MAX_EXAMPLES as u8);
        many.bound = self.bound(&kept);
        *self.examples.at_mut(many.examples as usize) = kept;
    }

    fn bound(&self, kept: &Kept) -> u32 {
        if usize::from(kept.many) < MAX_EXAMPLES {
            return u32::MAX;
        }
        self.origins.rank(kept.records[MAX_EXAMPLES - 1])
    }

    /// At most five records in the order of their hashes, each once.
    fn kept(&self, records: &[u32]) -> Kept {
        let order = |a: &u32, b: &u32| self.origins.example(*a).order(&self.origins.example(*b));
        let mut kept = Kept { many: 0, records: [0; MAX_EXAMPLES] };
        let sorted = &mut kept.records[..records.len()];
        sorted.copy_from_slice(records);
        sorted.sort_unstable_by(order);
        let mut many = 0;
        for at in 0..records.len() {
            if many == 0 || order(&kept.records[many - 1], &kept.records[at]) != Ordering::Equal {
                kept.records[many] = kept.records[at];
                many += 1;
            }
        }
        kept.many = many as u8;
        kept
    }

    /// Whether a row has neither authors nor examples.
    pub(super) const fn is_nothing(seen: &Seen) -> bool {
        matches!(seen, Seen::Few { many: 0, .. })
    }

    /// Looks at the records of a row that will be encoded soon.
    pub(super) fn touch_records(&self, seen: &Seen) -> u64 {
        let touch = |number: &u32| self.origins.touch(*number);
        match seen {
            Seen::Few { many, records } => {
                records.iter().take((*many).into()).map(touch).fold(0, |seen, hash| seen ^ hash)
            }
            Seen::Many(_) => 0,
        }
    }

    /// Appends the bytes of the authors of a row.
    pub(super) fn encode_authors(&self, seen: &Seen, out: &mut Vec<u8>) {
        match seen {
            Seen::Few { many, records } => {
                let mut hashes = [0; FEW];
                let mut length = 0;
                let records = &records[..usize::from(*many)];
                for hash in records.iter().filter_map(|record| self.origins.author(*record)) {
                    if !hashes[..length].contains(&hash) {
                        hashes[length] = hash;
                        length += 1;
                    }
                }
                hashes[..length].sort_unstable();
                detail::encode_exact(&hashes[..length], out);
            }
            Seen::Many(many) => match self.authors.members(many.authors) {
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
    pub(super) fn encode_examples(&self, seen: &Seen, out: &mut Vec<u8>) {
        let kept = match seen {
            Seen::Few { many, records } => self.kept(&records[..usize::from(*many)]),
            Seen::Many(many) => *self.examples.at(many.examples as usize),
        };
        put(out, kept.many.into());
        for record in &kept.records[..usize::from(kept.many)] {
            self.origins.example(*record).encode(out);
        }
    }

    /// Memory, in bytes.
    pub(super) fn bytes(&self) -> usize {
        self.origins.bytes() + self.authors.bytes() + self.examples.bytes()
    }
}
