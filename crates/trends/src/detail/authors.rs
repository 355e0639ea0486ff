//! Distinct authors: a set of hashes up to 32, a sketch above. Owns the change from one to the
//! other, and the bounds of an estimate. The caller hashes authors, always with the same function.

use super::registers::{DENSE_BYTES, MAX_SPARSE, REGISTERS, Registers};
use super::{DetailError, Reader};
use crate::format::varint::put;

/// The most authors that are counted exactly.
pub(crate) const MAX_EXACT: usize = 32;
/// The fewest authors that a sketch stands for.
const LEAST_ESTIMATE: u64 = MAX_EXACT as u64 + 1;
const SPARSE_TAG: usize = MAX_EXACT + 1;
const DENSE_TAG: usize = MAX_EXACT + 2;

/// The set of authors of a term, by 64-bit hashes of their ids: all hashes up to 32 authors,
/// `HyperLogLog` registers with a standard error of 1.6% above.
///
/// The choice between the two and every register are functions of the set alone, so the order of
/// insertions makes no difference, nor do splits and merges of the set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Authors(Representation);

/// Returns true if a number of distinct authors is an estimate, with a standard error of about 1.6%:
/// it is above 32.
pub const fn is_estimate(authors: u64) -> bool {
    authors >= LEAST_ESTIMATE
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Representation {
    /// At most [`MAX_EXACT`] hashes, strictly ascending.
    Exact(Vec<u64>),
    /// The registers of more than [`MAX_EXACT`] hashes.
    Sketch(Registers),
}

impl Default for Authors {
    fn default() -> Self {
        Self(Representation::Exact(Vec::new()))
    }
}

impl Authors {
    /// Adds an author. `hash` is the `xxh3_64` with seed 0 of the bytes of the id: the sketch needs
    /// uniform hashes, and merging needs equal hashes of equal authors.
    pub fn insert(&mut self, hash: u64) {
        match &mut self.0 {
            Representation::Sketch(registers) => registers.insert(hash),
            Representation::Exact(hashes) => {
                let Err(place) = hashes.binary_search(&hash) else { return };
                if hashes.len() < MAX_EXACT {
                    // Most rows have one author; a `Vec` would make room for four.
                    hashes.reserve_exact(usize::from(hashes.is_empty()));
                    hashes.insert(place, hash);
                } else {
                    let mut registers = Registers::default();
                    hashes.iter().chain([&hash]).for_each(|hash| registers.insert(*hash));
                    self.0 = Representation::Sketch(registers);
                }
            }
        }
    }

    /// Adds the authors of other records.
    pub fn merge(&mut self, other: &Self) {
        match (&mut self.0, &other.0) {
            (_, Representation::Exact(theirs)) => theirs.iter().for_each(|hash| self.insert(*hash)),
            (Representation::Sketch(ours), Representation::Sketch(theirs)) => ours.merge(theirs),
            (Representation::Exact(_), Representation::Sketch(_)) => {
                let ours = std::mem::replace(self, other.clone());
                self.merge(&ours);
            }
        }
    }

    /// Returns the number of authors of `documents` records: exact up to 32, an estimate above
    /// (see [`is_estimate`]). A record has at most one author, so the number is at most
    /// `documents`; the registers alone may show more.
    pub fn number(&self, documents: u64) -> u64 {
        let number = match &self.0 {
            Representation::Exact(hashes) => hashes.len() as u64,
            Representation::Sketch(registers) => registers.estimate().max(LEAST_ESTIMATE),
        };
        number.min(documents)
    }

    /// Returns true if there are no authors.
    pub fn is_empty(&self) -> bool {
        matches!(&self.0, Representation::Exact(hashes) if hashes.is_empty())
    }

    pub(super) fn encode(&self, out: &mut Vec<u8>) {
        match &self.0 {
            Representation::Exact(hashes) => encode_exact(hashes, out),
            Representation::Sketch(registers) => encode_sketch(registers, out),
        }
    }

    pub(super) fn decode(reader: &mut Reader<'_>) -> Result<Self, DetailError> {
        let authors = match reader.up_to(DENSE_TAG, "authors begin with a number from 0 to 34")? {
            SPARSE_TAG => {
                let count = reader.up_to(MAX_SPARSE, "a sparse sketch has 1 to 1023 registers")?;
                let error = reader.error("registers must be 1 to 1023, ascending, from 1 to 53");
                let registers = Registers::from_sparse(reader.slice(count * 3)?);
                Representation::Sketch(registers.ok_or(error)?)
            }
            DENSE_TAG => {
                let error = reader.error("at least 1024 of 4096 registers are filled, up to 53");
                let registers = Registers::from_dense(reader.slice(DENSE_BYTES)?);
                Representation::Sketch(registers.ok_or(error)?)
            }
            count => {
                let error = reader.error("hashes of authors must ascend");
                let (hashes, _) = reader.slice(count * 8)?.as_chunks();
                let hashes: Vec<_> = hashes.iter().copied().map(u64::from_le_bytes).collect();
                let ascending = hashes.is_sorted_by(|a, b| a < b);
                Representation::Exact(ascending.then_some(hashes).ok_or(error)?)
            }
        };
        Ok(Self(authors))
    }
}

/// Appends the bytes of at most [`MAX_EXACT`] authors, whose hashes ascend strictly.
pub(crate) fn encode_exact(hashes: &[u64], out: &mut Vec<u8>) {
    debug_assert!(hashes.len() <= MAX_EXACT && hashes.is_sorted_by(|a, b| a < b));
    put(out, hashes.len() as u64);
    for hash in hashes {
        out.extend_from_slice(&hash.to_le_bytes());
    }
}

/// Appends the bytes of more than [`MAX_EXACT`] authors, by the values of all registers.
pub(crate) fn encode_registers(values: &[u8; REGISTERS], out: &mut Vec<u8>) {
    encode_sketch(&Registers::of_values(values), out);
}

fn encode_sketch(registers: &Registers, out: &mut Vec<u8>) {
    match registers {
        Registers::Sparse(entries) => {
            put(out, SPARSE_TAG as u64);
            put(out, entries.len() as u64);
            for entry in entries {
                out.extend_from_slice(&entry.bytes());
            }
        }
        Registers::Dense(packed) => {
            put(out, DENSE_TAG as u64);
            out.extend_from_slice(packed.as_slice());
        }
    }
}
