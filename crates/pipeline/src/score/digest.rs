//! The digest of scores: equal scores give equal digests, whatever the number of partitions. Owns
//! the bytes that are hashed: integers are big-endian as in `trends::digest`, floats are hashed by
//! their bits.

use std::ops::Range;

use sha2::{Digest as _, Sha256};
use trends::digest::hex;
use trends::scores::{Keyness, WindowScore};
use trends::{Bucket, slot};

use super::series::TermSeries;

/// The hashes of the scores of terms in a contiguous range of slots. Every entry begins with the
/// kind (1 byte), the length of the term (4 bytes), the term and a bucket (8 bytes).
pub(super) struct ScoreDigest {
    slots: Range<u16>,
    hashers: Vec<Sha256>,
}

impl ScoreDigest {
    pub(super) fn new(slots: Range<u16>) -> Self {
        let hashers = slots.clone().map(|_| Sha256::new()).collect();
        Self { slots, hashers }
    }

    /// Adds the scores of the last window: burst (all bits set if there is none), growth, peak and
    /// popular, then status and new in one byte, then the significance if it isn't the burst.
    pub(super) fn window(&mut self, term: &TermSeries, score: &WindowScore) {
        self.add(term, Bucket(score.bucket), |hasher| {
            hasher.update(score.burst.map_or(u64::MAX, f64::to_bits).to_be_bytes());
            for number in [score.growth, score.peak, score.popular] {
                hasher.update(number.to_bits().to_be_bytes());
            }
            hasher.update([score.status as u8 * 2 + u8::from(score.new)]);
            if score.burst.is_some_and(|burst| burst.to_bits() != score.significance.to_bits()) {
                hasher.update(score.significance.to_bits().to_be_bytes());
            }
        });
    }

    /// Adds a chi-square score, which is above 0.
    pub(super) fn chi_square(&mut self, term: &TermSeries, window: i64, value: f64) {
        self.add(term, Bucket(window), |hasher| hasher.update(value.to_bits().to_be_bytes()));
    }

    /// Adds a phrase: its count and documents.
    pub(super) fn phrase(&mut self, term: &TermSeries) {
        self.add(term, Bucket::WHOLE, |hasher| {
            hasher.update(term.count.to_be_bytes());
            hasher.update(term.documents.to_be_bytes());
        });
    }

    /// Adds the keyness of a term that stands out against the baseline: G2, log ratio and its lower
    /// bound.
    pub(super) fn keyness(&mut self, term: &TermSeries, keyness: &Keyness) {
        self.add(term, Bucket::WHOLE, |hasher| {
            for number in [keyness.g2, keyness.log_ratio, keyness.lower] {
                hasher.update(number.to_bits().to_be_bytes());
            }
        });
    }

    fn add(&mut self, term: &TermSeries, bucket: Bucket, values: impl FnOnce(&mut Sha256)) {
        let slot = slot(term.kind, term.term.as_bytes());
        let place = usize::from(slot.wrapping_sub(self.slots.start));
        let Some(hasher) = self.hashers.get_mut(place) else { return };
        hasher.update([term.kind.byte()]);
        // A stored term is at most 1,024 bytes long.
        hasher.update((term.term.len() as u32).to_be_bytes());
        hasher.update(&term.term);
        hasher.update(bucket.0.to_be_bytes());
        values(hasher);
    }

    /// Returns the digest of each slot, in hexadecimal digits.
    pub(super) fn finish(self) -> Vec<String> {
        self.hashers.into_iter().map(|hasher| hex(&hasher.finalize())).collect()
    }
}
