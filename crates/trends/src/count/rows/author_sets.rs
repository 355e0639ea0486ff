//! The sets of authors of many rows, in one arena. Owns the sets while they grow: a hash table of
//! up to 384 authors, then one byte for each register of the sketch; knows nothing of rows, nor how
//! sets are stored.
//!
//! An author is added with one access to memory, whatever the size of the set.

use crate::detail::{REGISTERS, register};

/// The number of region sizes: 8, 16 ... 512 words. The largest has a byte for each register.
const CLASSES: usize = 7;
const LARGEST: u8 = CLASSES as u8 - 1;
/// Words per piece of the arena.
const PIECE: usize = 1 << 13;

const _: () = assert!(REGISTERS == 8 * words(LARGEST), "a byte for each register");

const fn words(class: u8) -> usize {
    8 << class
}

/// A set of the hashes of authors: its region of the arena.
#[derive(Debug, Clone, Copy)]
pub(super) struct AuthorSet {
    /// The first word of its region.
    start: u32,
    /// Number of hashes in the table, without the hash 0.
    length: u16,
    /// The size of the region is 8 words shifted left by this.
    class: u8,
    layout: Layout,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Layout {
    /// An open-addressing table of the hashes; 0 is an empty entry.
    Table,
    /// A table of the other hashes; the set contains the hash 0, too.
    TableAndZero,
    /// The registers of a sketch.
    Sketch,
}

/// The content of a set.
pub(super) enum Members {
    /// All hashes, in no order.
    Hashes(Vec<u64>),
    /// The registers of the sketch of more than 384 hashes.
    Registers(Box<[u8; REGISTERS]>),
}

/// The arena of all sets.
#[derive(Debug, Default)]
pub(super) struct AuthorSets {
    pieces: Vec<Box<[u64]>>,
    /// The first word that belongs to no region yet.
    next: usize,
    /// The first words of unused regions, by class.
    free: [Vec<u32>; CLASSES],
}

impl AuthorSets {
    /// Creates an empty set.
    pub(super) fn create(&mut self) -> AuthorSet {
        AuthorSet { start: self.allocate(0), length: 0, class: 0, layout: Layout::Table }
    }

    /// Loads the word that [`AuthorSets::insert`] will read, so that it is in the cache by then.
    #[inline]
    pub(super) fn touch(&self, set: AuthorSet, hash: u64) -> u64 {
        let word = match set.layout {
            Layout::Sketch => register(hash).0 / 8,
            _ => hash as usize & (words(set.class) - 1),
        };
        let at = set.start as usize + word;
        self.pieces[at / PIECE][at % PIECE]
    }

    #[inline]
    pub(super) fn insert(&mut self, set: &mut AuthorSet, hash: u64) {
        if set.layout == Layout::Sketch {
            raise(self.region_mut(*set), hash);
            return;
        }
        if hash == 0 {
            set.layout = Layout::TableAndZero;
            return;
        }
        let region = self.region_mut(*set);
        let mask = region.len() - 1;
        let mut at = hash as usize & mask;
        while region[at] != hash {
            if region[at] == 0 {
                region[at] = hash;
                set.length += 1;
                if usize::from(set.length) * 4 > region.len() * 3 {
                    self.grow(set);
                }
                return;
            }
            at = (at + 1) & mask;
        }
    }

    pub(super) fn members(&self, set: AuthorSet) -> Members {
        let region = self.region(set);
        if set.layout == Layout::Sketch {
            let mut registers = Box::new([0; REGISTERS]);
            for (bytes, word) in registers.as_chunks_mut::<8>().0.iter_mut().zip(region) {
                *bytes = word.to_le_bytes();
            }
            return Members::Registers(registers);
        }
        let mut hashes: Vec<u64> = region.iter().copied().filter(|hash| *hash != 0).collect();
        if set.layout == Layout::TableAndZero {
            hashes.push(0);
        }
        Members::Hashes(hashes)
    }

    /// Memory of the arena, in bytes.
    pub(super) fn bytes(&self) -> usize {
        self.next * size_of::<u64>() + self.free.iter().map(Vec::capacity).sum::<usize>() * 4
    }

    #[cold]
    fn grow(&mut self, set: &mut AuthorSet) {
        let old = self.region(*set).to_vec();
        let hashes = old.iter().copied().filter(|hash| *hash != 0);
        if set.class == LARGEST {
            self.region_mut(*set).fill(0);
            if set.layout == Layout::TableAndZero {
                raise(self.region_mut(*set), 0);
            }
            set.layout = Layout::Sketch;
        } else {
            self.free[usize::from(set.class)].push(set.start);
            set.class += 1;
            set.start = self.allocate(set.class);
            set.length = 0;
        }
        for hash in hashes {
            self.insert(set, hash);
        }
    }

    /// Returns the first word of an empty region of a class. Regions begin at multiples of their
    /// size, so no region crosses the end of a piece.
    fn allocate(&mut self, class: u8) -> u32 {
        let size = words(class);
        if let Some(start) = self.free[usize::from(class)].pop() {
            let at = start as usize;
            self.pieces[at / PIECE][at % PIECE..][..size].fill(0);
            return start;
        }
        // The words before the next multiple become regions of smaller sets.
        while !self.next.is_multiple_of(size) {
            let gap = self.next.trailing_zeros() as usize - 3;
            self.free[gap].push(self.next as u32);
            self.next += words(gap as u8);
        }
        let start = self.next;
        self.next += size;
        if start / PIECE == self.pieces.len() {
            self.pieces.push(vec![0; PIECE].into_boxed_slice());
        }
        // 2^32 words would be 32 GiB.
        start as u32
    }

    #[inline]
    fn region(&self, set: AuthorSet) -> &[u64] {
        let at = set.start as usize;
        &self.pieces[at / PIECE][at % PIECE..][..words(set.class)]
    }

    #[inline]
    fn region_mut(&mut self, set: AuthorSet) -> &mut [u64] {
        let at = set.start as usize;
        &mut self.pieces[at / PIECE][at % PIECE..][..words(set.class)]
    }
}

/// Raises the register of a hash in a sketch.
#[inline]
fn raise(region: &mut [u64], hash: u64) {
    let (index, value) = register(hash);
    let (word, shift) = (&mut region[index / 8], index % 8 * 8);
    if ((*word >> shift) as u8) < value {
        *word = *word & !(0xFF << shift) | u64::from(value) << shift;
    }
}
