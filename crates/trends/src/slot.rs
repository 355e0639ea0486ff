//! Slots and partitions: the assignment of terms to the indexes of aggregation. Owns the hash,
//! which is part of the digest and never changes.

use std::ops::Range;

use xxhash_rust::xxh3::xxh3_64;

use crate::Kind;
use crate::pair::PairTerm;

/// Number of slots.
pub const SLOTS: u16 = 1024;

/// The slot of a term: the top 10 bits of `xxh3_64(kind, 0x00, term)`. For a phrase, only the
/// left word is hashed, so that one partition has all pairs of a left word (see [`crate::pair`]).
pub fn slot(kind: Kind, term: &[u8]) -> u16 {
    let term = match kind {
        Kind::Phrase => PairTerm::parse(term).map_or(term, PairTerm::hashed_word),
        _ => term,
    };
    // Most terms are short, and a buffer on the stack is three times faster than hashing pieces.
    let mut joined = [0_u8; 66];
    joined[0] = kind.byte();
    let hash = if let Some(rest) = joined.get_mut(2..2 + term.len()) {
        rest.copy_from_slice(term);
        xxh3_64(&joined[..2 + term.len()])
    } else {
        xxh3_64(&[&joined[..2], term].concat())
    };
    (hash >> 54) as u16
}

/// The number of partitions that the slots are divided into: 1 to 1,024.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Partitions(u16);

impl Partitions {
    /// One partition.
    pub const ONE: Self = Self(1);

    /// `None` unless `count` is 1 to 1,024.
    pub fn new(count: u32) -> Option<Self> {
        let count = u16::try_from(count).ok()?;
        (1..=SLOTS).contains(&count).then_some(Self(count))
    }

    /// The number of partitions.
    pub const fn count(self) -> u16 {
        self.0
    }

    /// The partition of a slot.
    pub fn of(self, slot: u16) -> u16 {
        let scaled = u32::from(slot) * u32::from(self.0) / u32::from(SLOTS);
        // A slot is below SLOTS, so the quotient is below the number of partitions.
        scaled as u16
    }

    /// The slots of a partition: a contiguous range.
    pub fn slots(self, partition: u16) -> Range<u16> {
        let first = |p: u16| (u32::from(p) * u32::from(SLOTS)).div_ceil(u32::from(self.0)) as u16;
        first(partition)..first(partition + 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_slot_of_a_term_never_changes() {
        let streamed = |kind: Kind, term: &[u8]| {
            let joined = [&[kind.byte(), 0], term].concat();
            (xxh3_64(&joined) >> 54) as u16
        };
        for length in [1, 4, 16, 63, 64, 65, 200, 1024] {
            let term = vec![b'x'; length];
            assert_eq!(slot(Kind::Word, &term), streamed(Kind::Word, &term), "length {length}");
        }
        assert_eq!(slot(Kind::Word, b"love"), 798);
    }

    #[test]
    fn partitions_are_contiguous_ranges_that_cover_every_slot_once() {
        for count in [1, 2, 3, 7, 8, 1000, 1024] {
            let partitions = Partitions::new(count).unwrap();
            let mut next = 0;
            for partition in 0..partitions.count() {
                let slots = partitions.slots(partition);
                assert_eq!(slots.start, next);
                assert!(!slots.is_empty());
                assert!(slots.clone().all(|slot| partitions.of(slot) == partition));
                next = slots.end;
            }
            assert_eq!(next, SLOTS);
        }
        assert_eq!(Partitions::new(0), None);
        assert_eq!(Partitions::new(1025), None);
    }
}
