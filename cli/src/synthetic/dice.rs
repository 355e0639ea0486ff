//! Random numbers. Owns their only source in this folder; doesn't know what they decide.
//!
//! splitmix64 of Guy Steele, Doug Lea and Christine Flood ("Fast splittable pseudorandom number
//! generators", 2014), with the constants of Sebastiano Vigna's public-domain `splitmix64.c`. It
//! is written out here so that no release of a crate can change the lines of a seed.

const GOLDEN: u64 = 0x9E37_79B9_7F4A_7C15;

/// The purpose of a stream of numbers. Each purpose has its own stream, so that a change in one
/// doesn't shift the others.
#[derive(Debug, Clone, Copy)]
pub(super) enum Purpose {
    /// The contents of the record.
    Contents = 1,
    /// The damage of the record, if it is malformed.
    Damage = 2,
    /// The words that are the same for every seed.
    Vocabulary = 3,
}

/// A stream of random numbers.
#[derive(Debug)]
pub(super) struct Dice(u64);

impl Dice {
    /// Creates the stream of one record and seed.
    pub(super) fn new(seed: u64, record: u64, purpose: Purpose) -> Self {
        let place = mix(record.wrapping_mul(GOLDEN).wrapping_add(purpose as u64));
        Self(mix(seed.wrapping_add(GOLDEN)) ^ place)
    }

    /// Returns the next 64 bits.
    pub(super) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(GOLDEN);
        mix(self.0)
    }

    /// Returns a number below `limit`, or 0 if `limit` is 0.
    pub(super) fn below(&mut self, limit: u32) -> u32 {
        // The upper half of 32 x 32 bits; its bias is below one in 4,000 for limits up to 2^20.
        let product = (self.next() >> 32) * u64::from(limit);
        let [_, _, _, _, upper @ ..] = product.to_le_bytes();
        u32::from_le_bytes(upper)
    }

    /// Returns true `times` in `of` times.
    pub(super) fn happens(&mut self, times: u32, of: u32) -> bool {
        self.below(of) < times
    }

    /// Returns one of these, or the default of the type if there are none.
    pub(super) fn pick<T: Copy + Default>(&mut self, from: &[T]) -> T {
        let length = u32::try_from(from.len()).unwrap_or(u32::MAX);
        from.get(self.below(length) as usize).copied().unwrap_or_default()
    }
}

fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_numbers_are_those_of_splitmix64() {
        // The first outputs of Vigna's program for the state 1234567.
        let mut dice = Dice(1_234_567);
        let numbers = [dice.next(), dice.next(), dice.next()];
        let expected =
            [6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423];
        assert_eq!(numbers, expected);
    }

    #[test]
    fn numbers_below_a_limit_fill_it_evenly() {
        let mut dice = Dice::new(1, 1, Purpose::Contents);
        let mut counts = [0; 7];
        for _ in 0..70_000 {
            counts[dice.below(7) as usize] += 1;
        }
        assert!(counts.iter().all(|count| (9_500..10_500).contains(count)), "{counts:?}");
    }
}
