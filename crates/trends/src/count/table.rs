//! The open-addressing table of short words. Owns the layout that makes counting fast: 32-byte
//! slots with the letters inline, probed in batches whose cache misses overlap.

use crate::packed::hash;

/// Occurrences and records of one term, since the last drain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Counts {
    pub(super) count: u32,
    pub(super) documents: u32,
    last_record: u32,
}

impl Counts {
    pub(super) const fn first(record: u32) -> Self {
        Self { count: 1, documents: 1, last_record: record }
    }

    #[inline]
    pub(super) fn add(&mut self, record: u32) {
        self.count += 1;
        self.documents += u32::from(self.last_record != record);
        self.last_record = record;
    }
}

/// One place of the table. Empty where `letters` is 0, which no word is.
///
/// Aligned to its size, so that no slot straddles two cache lines.
#[derive(Debug, Clone, Copy)]
#[repr(align(32))]
struct Slot {
    letters: u128,
    counts: Counts,
    hash: u32,
}

const EMPTY: Slot =
    Slot { letters: 0, counts: Counts { count: 0, documents: 0, last_record: 0 }, hash: 0 };

/// How many words wait before they are looked up together. Enough to cover memory latency, few
/// enough to stay in the first-level cache.
const BATCH: usize = 64;

#[derive(Debug, Clone, Copy)]
struct Waiting {
    letters: u128,
    hash: u32,
    record: u32,
}

/// Counts words of at most 16 letters.
#[derive(Debug)]
pub(super) struct Table {
    slots: Vec<Slot>,
    used: usize,
    seed: u64,
    record: u32,
    waiting: [Waiting; BATCH],
    waits: usize,
}

impl Table {
    /// 4,096 slots: 128 KiB, so that a small shard costs little.
    const FIRST: usize = 1 << 12;

    pub(super) fn new(seed: u64) -> Self {
        let none = Waiting { letters: 0, hash: 0, record: 0 };
        let slots = vec![EMPTY; Self::FIRST];
        Self { slots, used: 0, seed, record: 0, waiting: [none; BATCH], waits: 0 }
    }

    pub(super) fn begin_record(&mut self, record: u32) {
        self.record = record;
    }

    /// Words added but not yet looked up.
    pub(super) fn pending(&self) -> u64 {
        self.waits as u64
    }

    /// What the table will hold in memory, in bytes, when it has grown the next time, if that is
    /// due soon: the old and the new slots live side by side for a moment.
    pub(super) fn bytes_after_growth(&self) -> usize {
        let now = self.slots.len() * size_of::<Slot>();
        // The batch that waits could be all new words.
        if Self::crowded(self.used + BATCH, self.slots.len()) && now > Self::FIRST * 32 {
            now * 3
        } else {
            now
        }
    }

    const fn crowded(used: usize, slots: usize) -> bool {
        used * 8 > slots * 5
    }

    #[inline]
    pub(super) fn add(&mut self, letters: u128) {
        let hash = hash(letters, self.seed);
        if let Some(place) = self.waiting.get_mut(self.waits) {
            *place = Waiting { letters, hash, record: self.record };
            self.waits += 1;
        }
        if self.waits == BATCH {
            self.look_up();
        }
    }

    /// Everything counted so far, in no order; the table is empty and small again.
    pub(super) fn take(&mut self) -> impl Iterator<Item = (u128, Counts)> + use<> {
        self.look_up();
        let fresh = vec![EMPTY; Self::FIRST];
        let slots = std::mem::replace(&mut self.slots, fresh);
        self.used = 0;
        let taken = slots.into_iter().filter(|slot| slot.letters != 0);
        taken.map(|slot| (slot.letters, slot.counts))
    }

    /// Counts the words that wait.
    fn look_up(&mut self) {
        while Self::crowded(self.used + self.waits, self.slots.len()) {
            self.grow();
        }
        let mask = self.slots.len() - 1;
        // First touch every home slot: these loads depend on nothing, so their cache misses
        // overlap, and the loop below finds the slots in the first-level cache.
        let touched = self.waiting[..self.waits]
            .iter()
            .fold(0, |touched, word| touched ^ self.slots[word.hash as usize & mask].hash);
        std::hint::black_box(touched);
        for word in &self.waiting[..self.waits] {
            let mut at = word.hash as usize & mask;
            loop {
                let slot = &mut self.slots[at];
                if slot.letters == word.letters {
                    slot.counts.add(word.record);
                    break;
                }
                if slot.letters == 0 {
                    let counts = Counts::first(word.record);
                    *slot = Slot { letters: word.letters, counts, hash: word.hash };
                    self.used += 1;
                    break;
                }
                at = (at + 1) & mask;
            }
        }
        self.waits = 0;
    }

    fn grow(&mut self) {
        let size = self.slots.len() * 2;
        let old = std::mem::replace(&mut self.slots, vec![EMPTY; size]);
        for slot in old.into_iter().filter(|slot| slot.letters != 0) {
            let mut at = slot.hash as usize & (size - 1);
            while self.slots[at].letters != 0 {
                at = (at + 1) & (size - 1);
            }
            self.slots[at] = slot;
        }
    }
}
