//! `HyperLogLog` registers, sparse and dense. Owns their layout, their merging and the estimate;
//! knows nothing of the hashed values.
//!
//! The sketch is that of Flajolet, Fusy, Gandouet and Meunier (2007), with 2^12 registers and
//! 64-bit hashes: the top 12 bits of a hash choose a register, which keeps the greatest number of
//! leading zeros among the other 52 bits, plus one. The estimator is the improved one of Ertl,
//! "New cardinality estimation algorithms for `HyperLogLog` sketches" (arXiv:1702.01284, algorithm
//! 6): unbiased over the whole range, without tables, and made of additions, multiplications and
//! square roots alone, so that it is the same on every machine. Its standard error is
//! 1.04 / sqrt(4096) = 1.6%.

use std::mem::size_of;

const PRECISION: u32 = 12;
/// Number of registers.
pub(crate) const REGISTERS: usize = 1 << PRECISION;
/// Bits of a hash whose leading zeros are counted; a register is at most one more.
const REST: u32 = 64 - PRECISION;
const MAX_VALUE: u8 = REST as u8 + 1;
/// Bytes of all registers, 6 bits each.
pub(super) const DENSE_BYTES: usize = REGISTERS / 4 * 3;
/// The most registers that take less room sparse than dense.
pub(super) const MAX_SPARSE: usize = DENSE_BYTES / size_of::<Entry>() - 1;
/// 1 / (2 ln 2), the constant of Ertl's estimator.
const ALPHA: f64 = 0.5 / std::f64::consts::LN_2;

/// The registers that are not zero, as long as those take less room than all registers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Registers {
    /// At most [`MAX_SPARSE`], strictly ascending by index.
    Sparse(Vec<Entry>),
    /// Four registers of 6 bits in three bytes, little-endian.
    Dense(Box<[u8; DENSE_BYTES]>),
}

/// A register that is not zero: index times 64 plus value, three bytes big-endian, so that
/// entries are ordered as their indices are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Entry([u8; 3]);

impl Entry {
    fn new(index: usize, value: u8) -> Self {
        let [_, bytes @ ..] = ((index as u32) << 6 | u32::from(value)).to_be_bytes();
        Self(bytes)
    }

    fn index(self) -> usize {
        let [high, middle, low] = self.0;
        usize::from(high) << 10 | usize::from(middle) << 2 | usize::from(low >> 6)
    }

    fn value(self) -> u8 {
        self.0[2] & 0x3F
    }

    /// The entry little-endian, as it is stored.
    pub(super) fn bytes(self) -> [u8; 3] {
        let [high, middle, low] = self.0;
        [low, middle, high]
    }
}

/// Returns the index of the register that a hash raises, and the value it is raised to.
#[inline]
pub(crate) fn register(hash: u64) -> (usize, u8) {
    let zeros = (hash << PRECISION).leading_zeros().min(REST);
    ((hash >> REST) as usize, zeros as u8 + 1)
}

impl Default for Registers {
    fn default() -> Self {
        Self::Sparse(Vec::new())
    }
}

impl Registers {
    /// Packs the values of all registers.
    pub(super) fn of_values(values: &[u8; REGISTERS]) -> Self {
        let mut registers = Self::default();
        for (index, value) in values.iter().enumerate().filter(|(_, value)| **value > 0) {
            registers.raise(Entry::new(index, *value));
        }
        registers
    }

    pub(super) fn insert(&mut self, hash: u64) {
        let (index, value) = register(hash);
        self.raise(Entry::new(index, value));
    }

    pub(super) fn merge(&mut self, other: &Self) {
        match (&mut *self, other) {
            (_, Self::Sparse(theirs)) => theirs.iter().for_each(|entry| self.raise(*entry)),
            (Self::Sparse(_), Self::Dense(_)) => {
                let ours = std::mem::replace(self, other.clone());
                self.merge(&ours);
            }
            (Self::Dense(ours), Self::Dense(theirs)) => {
                for (index, value) in values(theirs).enumerate() {
                    raise(ours, index, value);
                }
            }
        }
    }

    /// The estimated number of distinct hashes, rounded.
    pub(super) fn estimate(&self) -> u64 {
        let mut histogram = [0_u32; MAX_VALUE as usize + 1];
        let mut tally = |value: u8| histogram[usize::from(value)] += 1;
        match self {
            Self::Sparse(entries) => {
                for entry in entries {
                    tally(entry.value());
                }
                histogram[0] = (REGISTERS - entries.len()) as u32;
            }
            Self::Dense(packed) => values(packed).for_each(tally),
        }
        estimate(&histogram)
    }

    /// Reads sparse registers; `None` if they are out of range or order.
    pub(super) fn from_sparse(raw: &[u8]) -> Option<Self> {
        let (stored, _) = raw.as_chunks();
        let entries: Vec<_> =
            stored.iter().map(|[low, middle, high]| Entry([*high, *middle, *low])).collect();
        let in_range =
            |entry: &Entry| entry.index() < REGISTERS && (1..=MAX_VALUE).contains(&entry.value());
        let ascending = entries.is_sorted_by(|a, b| a.index() < b.index());
        let valid = ascending && !entries.is_empty() && entries.iter().all(in_range);
        valid.then_some(Self::Sparse(entries))
    }

    /// Reads dense registers; `None` if one is out of range or they take less room sparse.
    pub(super) fn from_dense(raw: &[u8]) -> Option<Self> {
        let packed: Box<[u8; DENSE_BYTES]> = raw.to_vec().try_into().ok()?;
        let filled = values(&packed).filter(|value| *value > 0).count();
        let in_range = values(&packed).all(|value| value <= MAX_VALUE);
        (filled > MAX_SPARSE && in_range).then_some(Self::Dense(packed))
    }

    fn raise(&mut self, entry: Entry) {
        let entries = match self {
            Self::Dense(packed) => return raise(packed, entry.index(), entry.value()),
            Self::Sparse(entries) => entries,
        };
        match entries.binary_search_by_key(&entry.index(), |entry| entry.index()) {
            Ok(place) => entries[place] = entries[place].max(entry),
            Err(place) if entries.len() < MAX_SPARSE => entries.insert(place, entry),
            Err(_) => {
                let mut packed = Box::new([0; DENSE_BYTES]);
                for entry in entries.iter().chain([&entry]) {
                    raise(&mut packed, entry.index(), entry.value());
                }
                *self = Self::Dense(packed);
            }
        }
    }
}

fn raise(packed: &mut [u8; DENSE_BYTES], index: usize, value: u8) {
    let (groups, _) = packed.as_chunks_mut();
    let (group, shift): (&mut [u8; 3], _) = (&mut groups[index / 4], index % 4 * 6);
    let word = word(*group);
    if (word >> shift & 0x3F) < u32::from(value) {
        let [a, b, c, _] = (word & !(0x3F << shift) | u32::from(value) << shift).to_le_bytes();
        *group = [a, b, c];
    }
}

fn values(packed: &[u8; DENSE_BYTES]) -> impl Iterator<Item = u8> + '_ {
    let (groups, _) = packed.as_chunks();
    groups.iter().flat_map(|group| [0, 6, 12, 18].map(|shift| (word(*group) >> shift) as u8 & 0x3F))
}

fn word([a, b, c]: [u8; 3]) -> u32 {
    u32::from_le_bytes([a, b, c, 0])
}

/// Ertl's algorithm 6. `histogram` has the number of registers of each value.
fn estimate(histogram: &[u32; MAX_VALUE as usize + 1]) -> u64 {
    let registers = REGISTERS as f64;
    let [zeros, middle @ .., full] = histogram;
    let mut sum = registers * tau(1.0 - f64::from(*full) / registers);
    for count in middle.iter().rev() {
        sum = 0.5 * (sum + f64::from(*count));
    }
    sum += registers * sigma(f64::from(*zeros) / registers);
    (ALPHA * registers * registers / sum).round() as u64
}

/// x + sum over k >= 1 of x^(2^k) 2^(k-1), for 0 <= x < 1; infinite at 1, which makes the estimate
/// 0.
fn sigma(mut x: f64) -> f64 {
    if x >= 1.0 {
        return f64::INFINITY;
    }
    let (mut weight, mut sum) = (1.0, x);
    loop {
        x *= x;
        let before = sum;
        sum += x * weight;
        weight += weight;
        if sum <= before {
            return sum;
        }
    }
}

/// (1 - x - sum over k >= 1 of (1 - x^(2^-k))^2 2^-k) / 3, for 0 <= x <= 1.
fn tau(mut x: f64) -> f64 {
    if x <= 0.0 || x >= 1.0 {
        return 0.0;
    }
    let (mut weight, mut rest) = (1.0, 1.0 - x);
    loop {
        x = x.sqrt();
        let before = rest;
        weight *= 0.5;
        rest -= (1.0 - x) * (1.0 - x) * weight;
        if rest >= before {
            return rest / 3.0;
        }
    }
}
