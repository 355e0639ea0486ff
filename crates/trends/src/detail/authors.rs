//! Distinct authors: exactly while they are few, then by a sketch. Owns when one becomes the
//! other; knows nothing of how an author is hashed, which the caller does in one fixed way.

use std::mem::size_of;

use super::registers::{DENSE_BYTES, MAX_SPARSE, REGISTERS, Registers};
use super::{DetailError, Reader};
use crate::format::varint::put;

/// Up to so many authors are counted exactly.
pub(crate) const MAX_EXACT: usize = 32;
const SPARSE_TAG: usize = MAX_EXACT + 1;
const DENSE_TAG: usize = MAX_EXACT + 2;

/// The set of authors of a term, as 64-bit hashes of their ids: all hashes while there are at most
/// 32, and above that `HyperLogLog` registers, with a standard error of 1.6%.
///
/// Which of the two, and every register, is a function of the set alone, so neither the order of
/// insertions nor the way sets were split and merged shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Authors(State);

#[derive(Debug, Clone, PartialEq, Eq)]
enum State {
    /// At most [`MAX_EXACT`] hashes, strictly ascending.
    Exact(Vec<u64>),
    /// More than that.
    Sketch(Registers),
}

impl Default for Authors {
    fn default() -> Self {
        Self(State::Exact(Vec::new()))
    }
}

impl Authors {
    /// Adds an author by `hash`, which must be `xxh3_64` with seed 0 of the bytes of the id: the
    /// sketch needs hashes that are uniform, and the same in all that is ever merged.
    pub fn insert(&mut self, hash: u64) {
        match &mut self.0 {
            State::Sketch(registers) => registers.insert(hash),
            State::Exact(hashes) => {
                let Err(place) = hashes.binary_search(&hash) else { return };
                if hashes.len() < MAX_EXACT {
                    // Most rows have one author: `Vec` would begin with room for four.
                    hashes.reserve_exact(usize::from(hashes.is_empty()));
                    hashes.insert(place, hash);
                } else {
                    let mut registers = Registers::default();
                    for hash in &*hashes {
                        registers.insert(*hash);
                    }
                    registers.insert(hash);
                    self.0 = State::Sketch(registers);
                }
            }
        }
    }

    /// Adds the authors of other records.
    pub fn merge(&mut self, other: &Self) {
        match (&mut self.0, &other.0) {
            (_, State::Exact(theirs)) => theirs.iter().for_each(|hash| self.insert(*hash)),
            (State::Sketch(ours), State::Sketch(theirs)) => ours.merge(theirs),
            (State::Exact(ours), State::Sketch(theirs)) => {
                let mut registers = theirs.clone();
                for hash in &*ours {
                    registers.insert(*hash);
                }
                self.0 = State::Sketch(registers);
            }
        }
    }

    /// How many authors there are: exact up to 32, estimated above.
    pub fn estimate(&self) -> u64 {
        match &self.0 {
            State::Exact(hashes) => hashes.len() as u64,
            // A sketch exists only of more authors than are counted exactly.
            State::Sketch(registers) => registers.estimate().max(MAX_EXACT as u64 + 1),
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        matches!(&self.0, State::Exact(hashes) if hashes.is_empty())
    }

    /// Memory it takes, in bytes, its own size and what it owns.
    pub fn bytes(&self) -> usize {
        let owned = match &self.0 {
            State::Exact(hashes) => hashes.capacity() * size_of::<u64>(),
            State::Sketch(registers) => registers.owned_bytes(),
        };
        size_of::<Self>() + owned
    }

    pub(super) fn encode(&self, out: &mut Vec<u8>) {
        match &self.0 {
            State::Exact(hashes) => encode_exact(hashes, out),
            State::Sketch(registers) => encode_sketch(registers, out),
        }
    }

    pub(super) fn decode(reader: &mut Reader<'_>) -> Result<Self, DetailError> {
        let state = match reader.up_to(DENSE_TAG, "authors begin with a number from 0 to 34")? {
            SPARSE_TAG => {
                let count = reader.up_to(MAX_SPARSE, "a sparse sketch has 1 to 1023 registers")?;
                let error = reader.error("registers must be 1 to 1023, ascending, from 1 to 53");
                let registers = Registers::from_sparse(reader.slice(count * 3)?);
                State::Sketch(registers.ok_or(error)?)
            }
            DENSE_TAG => {
                let error = reader.error("at least 1024 of 4096 registers are filled, up to 53");
                let registers = Registers::from_dense(reader.slice(DENSE_BYTES)?);
                State::Sketch(registers.ok_or(error)?)
            }
            count => {
                let error = reader.error("hashes of authors must ascend");
                let (hashes, _) = reader.slice(count * 8)?.as_chunks();
                let hashes: Vec<_> = hashes.iter().copied().map(u64::from_le_bytes).collect();
                let ascending = hashes.is_sorted_by(|a, b| a < b);
                State::Exact(ascending.then_some(hashes).ok_or(error)?)
            }
        };
        Ok(Self(state))
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

/// Appends the bytes of more authors than that, by the values of all registers.
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
