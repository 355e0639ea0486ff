//! Chance. Owns the one source of random numbers here; knows nothing of what is decided by them.
//!
//! splitmix64 of Guy Steele, Doug Lea and Christine Flood ("Fast splittable pseudorandom number
//! generators", 2014), with the constants of Sebastiano Vigna's public-domain `splitmix64.c`. It
//! is written out, so that no release of a crate can change what a seed makes.

const GOLDEN: u64 = 0x9E37_79B9_7F4A_7C15;

/// What a stream of numbers is for: streams of one record don't disturb each other.
#[derive(Debug, Clone, Copy)]
pub(super) enum Purpose {
    /// The contents of the record.
    Contents = 1,
    /// Whether it is malformed, and how.
    Damage = 2,
    /// The words that are the same for every seed.
    Vocabulary = 3,
}

/// A stream of random numbers.
#[derive(Debug)]
pub(super) struct Dice(u64);

impl Dice {
    /// The stream of one record of one seed.
    pub(super) fn new(seed: u64, record: u64, purpose: Purpose) -> Self {
        let place = mix(record.wrapping_mul(GOLDEN).wrapping_add(purpose as u64));
        Self(mix(seed.wrapping_add(GOLDEN)) ^ place)
    }

    /// The next 64 bits.
    pub(super) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(GOLDEN);
        mix(self.0)
    }

    /// A number below `limit`, or 0 if that is 0.
    pub(super) fn below(&mut self, limit: u32) -> u32 {
        // The upper half of 32 x 32 bits; its bias is below one in 4,000 for limits up to 2^20.
        let product = (self.next() >> 32) * u64::from(limit);
        let [_, _, _, _, upper @ ..] = product.to_le_bytes();
        u32::from_le_bytes(upper)
    }

    /// Whether something happens that happens `times` in `of`.
    pub(super) fn happens(&mut self, times: u32, of: u32) -> bool {
        self.below(of) < times
    }

    /// One of these, or the default of its type if there are none.
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
        let mut seen = [0; 7];
        for _ in 0..70_000 {
            seen[dice.below(7) as usize] += 1;
        }
        assert!(seen.iter().all(|count| (9_500..10_500).contains(count)), "{seen:?}");
    }
}
