//! The digest of a result: equal rows and counters give equal digests, whatever the number of
//! shards, threads, partitions, attempts or retries. Owns the bytes that are hashed.
//!
//! ```text
//! digest:    SHA-256 of the 1,024 slot digests and the counters
//! slot:      SHA-256 of its rows, in their order
//! row:       kind: 1 byte, length of the term: 4 bytes, the term,
//!            bucket, count, documents: 8 bytes each;
//!            if it has detail: 0 (1 byte, not the byte of a kind), its length: 4 bytes, the detail
//! counters:  read, counted, then each empty and each malformed reason in their fixed order,
//!            8 bytes each, 0 for a reason that did not occur
//! ```
//!
//! Integers are big-endian, buckets in two's complement.

use std::ops::Range;

use sha2::{Digest as _, Sha256};

use crate::record::{Empty, Malformed};
use crate::{RecordCounts, RowRef, SLOTS, slot};

/// The digest of one slot's rows.
pub type SlotDigest = [u8; 32];

/// Hashes the rows of a contiguous range of slots.
#[derive(Debug)]
pub struct SlotHasher {
    slots: Range<u16>,
    hashers: Vec<Sha256>,
    row: Vec<u8>,
}

impl SlotHasher {
    /// A hasher for these slots.
    pub fn new(slots: Range<u16>) -> Self {
        let hashers = slots.clone().map(|_| Sha256::new()).collect();
        Self { slots, hashers, row: Vec::new() }
    }

    /// Adds the next row. Returns false and does nothing if the hasher doesn't have the row's slot.
    #[must_use]
    pub fn add(&mut self, row: &RowRef<'_>) -> bool {
        let slot = slot(row.kind, row.term);
        let position = usize::from(slot.wrapping_sub(self.slots.start));
        let Some(hasher) = self.hashers.get_mut(position) else { return false };
        self.row.clear();
        self.row.push(row.kind.byte());
        // A stored term is at most 1,024 bytes long.
        self.row.extend_from_slice(&(row.term.len() as u32).to_be_bytes());
        self.row.extend_from_slice(row.term);
        self.row.extend_from_slice(&row.bucket.0.to_be_bytes());
        self.row.extend_from_slice(&row.count.to_be_bytes());
        self.row.extend_from_slice(&row.documents.to_be_bytes());
        if !row.detail.is_empty() {
            self.row.push(0);
            // Details are at most 512 KiB long.
            self.row.extend_from_slice(&(row.detail.len() as u32).to_be_bytes());
            self.row.extend_from_slice(row.detail);
        }
        hasher.update(&self.row);
        true
    }

    /// The digests of the slots, in order.
    pub fn finish(self) -> Vec<SlotDigest> {
        self.hashers.into_iter().map(|hasher| hasher.finalize().into()).collect()
    }
}

/// The digest of a result from its slot digests, in order; `None` unless there are 1,024.
pub fn result_digest(slots: &[SlotDigest], records: &RecordCounts) -> Option<String> {
    if slots.len() != usize::from(SLOTS) {
        return None;
    }
    let mut hasher = Sha256::new();
    for slot in slots {
        hasher.update(slot);
    }
    let count = |counts: &std::collections::BTreeMap<String, u64>, name: &str| {
        counts.get(name).copied().unwrap_or(0)
    };
    let empty = Empty::ALL.map(|reason| count(&records.empty, reason.name()));
    let malformed = Malformed::ALL.map(|reason| count(&records.malformed, reason.name()));
    let counters = [records.read, records.counted].into_iter().chain(empty).chain(malformed);
    for counter in counters {
        hasher.update(counter.to_be_bytes());
    }
    Some(hex(&hasher.finalize()))
}

/// Returns bytes as lower-case hexadecimal digits.
pub fn hex(bytes: &[u8]) -> String {
    let digits = bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    digits.filter_map(|digit| char::from_digit(digit.into(), 16)).collect()
}

/// Reads bytes from hexadecimal digits; `None` if their number is odd or one is not a digit.
pub fn unhex(digits: &str) -> Option<Vec<u8>> {
    let (pairs, rest) = digits.as_bytes().as_chunks::<2>();
    let digit = |byte: u8| char::from(byte).to_digit(16);
    let byte = |pair: &[u8; 2]| Some((digit(pair[0])? * 16 + digit(pair[1])?) as u8);
    if rest.is_empty() { pairs.iter().map(byte).collect() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Bucket, Kind};

    fn row(term: &[u8], count: u64) -> RowRef<'_> {
        let (kind, bucket, documents) = (Kind::Word, Bucket::WHOLE, 1);
        RowRef { kind, term, bucket, count, documents, detail: &[] }
    }

    #[test]
    fn the_digest_of_a_known_result_never_changes() {
        let mut hasher = SlotHasher::new(0..SLOTS);
        assert!(hasher.add(&row(b"love", 3)));
        assert!(hasher.add(&row(b"peace", 1)));
        let records = RecordCounts { read: 2, counted: 2, ..RecordCounts::default() };
        assert_eq!(
            result_digest(&hasher.finish(), &records).unwrap(),
            "572afe65a5c15dccc6c3af199a3c1747064d9258c22ee951baecfc6743cb7049"
        );
    }

    #[test]
    fn halves_hash_to_the_same_slots_as_the_whole() {
        let mut whole = SlotHasher::new(0..SLOTS);
        let mut halves = [SlotHasher::new(0..512), SlotHasher::new(512..SLOTS)];
        for term in [&b"love"[..], b"peace", b"zebra"] {
            assert!(whole.add(&row(term, 3)));
            let taken = halves.iter_mut().filter_map(|half| half.add(&row(term, 3)).then_some(()));
            assert_eq!(taken.count(), 1);
        }
        let halves: Vec<_> = halves.into_iter().flat_map(SlotHasher::finish).collect();
        assert_eq!(whole.finish(), halves);
    }

    #[test]
    fn bytes_are_written_and_read_as_hexadecimal_digits() {
        assert_eq!(unhex(&hex(&[0, 1, 0xab, 0xff])).unwrap(), [0, 1, 0xab, 0xff]);
        assert_eq!(unhex("abc"), None);
        assert_eq!(unhex("zz"), None);
    }
}
