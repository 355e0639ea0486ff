//! The open-addressing table of short words. Owns the layout that makes counting fast: 32-byte
//! entries with the letters inline, probed in batches whose cache misses overlap.

use crate::packed::hash;

/// Occurrences of one word and records with it, since the last drain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct WordCounts {
    pub(super) count: u32,
    pub(super) documents: u32,
    last_record: u32,
}

impl WordCounts {
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

/// One entry of the table. It is empty if `letters` is 0, which no word is.
///
/// Aligned to its size, so that no entry straddles two cache lines.
#[derive(Debug, Clone, Copy)]
#[repr(align(32))]
struct Entry {
    letters: u128,
    counts: WordCounts,
    hash: u32,
}

const EMPTY: Entry =
    Entry { letters: 0, counts: WordCounts { count: 0, documents: 0, last_record: 0 }, hash: 0 };

/// Number of words that are looked up together. Enough to cover memory latency, few enough to stay
/// in the first-level cache.
const BATCH: usize = 64;

/// A word that was added and is not looked up yet.
#[derive(Debug, Clone, Copy)]
struct PendingWord {
    letters: u128,
    hash: u32,
    record: u32,
}

/// Counts words of at most 16 letters.
#[derive(Debug)]
pub(super) struct Table {
    entries: Vec<Entry>,
    used: usize,
    seed: u64,
    record: u32,
    /// The words to look up: only the first `pending_words` entries are in use.
    batch: [PendingWord; BATCH],
    pending_words: usize,
}

impl Table {
    /// 4,096 entries: 128 KiB, so that a small shard costs little.
    const FIRST: usize = 1 << 12;

    pub(super) fn new(seed: u64) -> Self {
        let none = PendingWord { letters: 0, hash: 0, record: 0 };
        let entries = vec![EMPTY; Self::FIRST];
        Self { entries, used: 0, seed, record: 0, batch: [none; BATCH], pending_words: 0 }
    }

    pub(super) fn begin_record(&mut self, record: u32) {
        self.record = record;
    }

    /// Number of words that were added and are not looked up yet.
    pub(super) fn pending(&self) -> u64 {
        self.pending_words as u64
    }

    /// The memory of the table in bytes; three times that if it has grown before and is about to
    /// grow again, for the old entries and twice as many new ones then exist at the same time.
    pub(super) fn bytes_after_growth(&self) -> usize {
        let now = self.entries.len() * size_of::<Entry>();
        // Every word of the next batch may be new.
        if Self::is_crowded(self.used + BATCH, self.entries.len()) && now > Self::FIRST * 32 {
            now * 3
        } else {
            now
        }
    }

    const fn is_crowded(used: usize, entries: usize) -> bool {
        used * 8 > entries * 5
    }

    #[inline]
    pub(super) fn add(&mut self, letters: u128) {
        let hash = hash(letters, self.seed);
        if let Some(word) = self.batch.get_mut(self.pending_words) {
            *word = PendingWord { letters, hash, record: self.record };
            self.pending_words += 1;
        }
        if self.pending_words == BATCH {
            self.look_up();
        }
    }

    /// Takes all words counted so far, in no order. The table is empty and small afterwards.
    pub(super) fn take(&mut self) -> impl Iterator<Item = (u128, WordCounts)> + use<> {
        self.look_up();
        let fresh = vec![EMPTY; Self::FIRST];
        let entries = std::mem::replace(&mut self.entries, fresh);
        self.used = 0;
        let words = entries.into_iter().filter(|entry| entry.letters != 0);
        words.map(|entry| (entry.letters, entry.counts))
    }

    /// Counts the words of the batch.
    fn look_up(&mut self) {
        while Self::is_crowded(self.used + self.pending_words, self.entries.len()) {
            self.grow();
        }
        let mask = self.entries.len() - 1;
        // First touch the entry that each probe begins at: these loads depend on nothing, so their
        // cache misses overlap, and the loop below finds the entries in the first-level cache.
        let touched = self.batch[..self.pending_words]
            .iter()
            .fold(0, |touched, word| touched ^ self.entries[word.hash as usize & mask].hash);
        std::hint::black_box(touched);
        for word in &self.batch[..self.pending_words] {
            let mut at = word.hash as usize & mask;
            loop {
                let entry = &mut self.entries[at];
                if entry.letters == word.letters {
                    entry.counts.add(word.record);
                    break;
                }
                if entry.letters == 0 {
                    let counts = WordCounts::first(word.record);
                    *entry = Entry { letters: word.letters, counts, hash: word.hash };
                    self.used += 1;
                    break;
                }
                at = (at + 1) & mask;
            }
        }
        self.pending_words = 0;
    }

    fn grow(&mut self) {
        let size = self.entries.len() * 2;
        let old = std::mem::replace(&mut self.entries, vec![EMPTY; size]);
        for entry in old.into_iter().filter(|entry| entry.letters != 0) {
            let mut at = entry.hash as usize & (size - 1);
            while self.entries[at].letters != 0 {
                at = (at + 1) & (size - 1);
            }
            self.entries[at] = entry;
        }
    }
}
