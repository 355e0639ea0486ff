//! Seeded random counts. Owns the generator and the two distributions; knows nothing of scores.

/// splitmix64 (Steele, Lea, Flood 2014).
pub(super) struct Random(pub(super) u64);

impl Random {
    fn uniform(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((mixed ^ (mixed >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// Draws a count whose variance is `dispersion` times its mean: Poisson at 1, negative binomial
    /// above. Subtracts the probabilities of 0, 1, 2 ... from a uniform number; each probability
    /// follows from the one before.
    pub(super) fn count(&mut self, mean: f64, dispersion: f64) -> u64 {
        let size = mean / (dispersion - 1.0);
        let odds = 1.0 - 1.0 / dispersion;
        let poisson = dispersion <= 1.0;
        let mut left = self.uniform();
        let mut probability = if poisson { (-mean).exp() } else { dispersion.powf(-size) };
        let mut count = 0_u64;
        while left > probability && count < 100_000 {
            left -= probability;
            let following = count as f64 + 1.0;
            probability *=
                if poisson { mean / following } else { odds * (count as f64 + size) / following };
            count += 1;
        }
        count
    }

    /// Draws one of the values with equal probability.
    pub(super) fn choose<T: Copy>(&mut self, of: &[T]) -> T {
        of[(self.uniform() * of.len() as f64) as usize]
    }
}

#[test]
fn drawn_counts_have_the_given_mean_and_dispersion() {
    let mut random = Random(5);
    for (mean, dispersion) in [(0.3, 1.0), (10.0, 1.0), (0.3, 4.0), (10.0, 4.0), (80.0, 4.0)] {
        let counts: Vec<_> = (0..100_000).map(|_| random.count(mean, dispersion) as f64).collect();
        let average = counts.iter().sum::<f64>() / 1e5;
        let variance = counts.iter().map(|x| (x - average).powi(2)).sum::<f64>() / 1e5;
        assert!((average / mean - 1.0).abs() < 0.03, "mean {average} instead of {mean}");
        let found = variance / average;
        assert!((found / dispersion - 1.0).abs() < 0.06, "{found} instead of {dispersion}");
    }
}
