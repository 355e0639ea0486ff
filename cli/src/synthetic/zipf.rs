//! Ranks with the distribution of words and authors: rank r is drawn in proportion to 1 / ((r + 2)
//! (r + 4096)). This is Zipf's law among the first thousands and steeper beyond, where Ferrer i
//! Cancho and Solé found a second regime (2001). Owns the table; doesn't know what is ranked.
//!
//! The table is Walker's alias method in Vose's form. It is computed in integers: logarithms and
//! powers differ between C libraries, and a seed must give the same lines everywhere.

/// Number of ranks; a draw is one `u16`.
pub(super) const RANKS: usize = 1 << 16;

/// Mandelbrot's shift. Without it, every tenth word would be the most frequent one.
const SHIFT: u64 = 2;

/// The rank around which the second regime begins.
const CORE: u64 = 1 << 12;

#[derive(Debug, Clone, Copy, Default)]
struct Slot {
    /// A draw below this stays at the slot's own rank.
    keep: u32,
    /// The rank of all other draws.
    other: u16,
}

/// A table to draw ranks from.
#[derive(Debug)]
pub(super) struct Zipf(Box<[Slot]>);

impl Zipf {
    pub(super) fn new() -> Self {
        let weights =
            || (1..=RANKS as u64).map(|rank| (1 << 52) / ((rank + SHIFT) * (rank + CORE)));
        let mean: u64 = weights().sum();
        // Every weight times RANKS, so that their mean is the sum of the weights: below 2^56.
        let mut scaled: Vec<u64> = weights().map(|weight| weight * RANKS as u64).collect();
        let mut slots: Vec<Slot> =
            (0..=u16::MAX).map(|own| Slot { keep: u32::MAX, other: own }).collect();
        let (mut large, mut small): (Vec<u16>, Vec<u16>) =
            (0..=u16::MAX).partition(|rank| scaled[usize::from(*rank)] >= mean);
        while let (Some(poor), Some(&rich)) = (small.pop(), large.last()) {
            let share = scaled[usize::from(poor)];
            let keep = u32::try_from((u128::from(share) << 32) / u128::from(mean));
            slots[usize::from(poor)] = Slot { keep: keep.unwrap_or(u32::MAX), other: rich };
            let rest = scaled[usize::from(rich)] - (mean - share);
            scaled[usize::from(rich)] = rest;
            if rest < mean {
                large.pop();
                small.push(rich);
            }
        }
        Self(slots.into())
    }

    /// Returns the rank, from 0, of random bits. Uses the upper 48 of them.
    pub(super) fn rank(&self, random: u64) -> u16 {
        let [_, _, a, b, c, d, index @ ..] = random.to_le_bytes();
        let index = u16::from_le_bytes(index);
        let slot = self.0[usize::from(index)];
        if u32::from_le_bytes([a, b, c, d]) < slot.keep { index } else { slot.other }
    }
}

#[cfg(test)]
mod tests {
    use super::super::dice::{Dice, Purpose};
    use super::*;

    #[test]
    fn ranks_are_drawn_in_proportion_to_their_weights() {
        let zipf = Zipf::new();
        let mut dice = Dice::new(1, 1, Purpose::Contents);
        let mut counts = vec![0_u32; RANKS];
        let draws = 1_000_000;
        for _ in 0..draws {
            counts[usize::from(zipf.rank(dice.next()))] += 1;
        }
        let weight = |rank: u32| 1.0 / (f64::from(rank) + 2.0) / (f64::from(rank) + 4_096.0);
        let total: f64 = (1..=1 << 16).map(weight).sum();
        for rank in [1, 2, 3, 10, 50, 200, 4_000] {
            let expected = f64::from(draws) * weight(rank) / total;
            let off = (f64::from(counts[rank as usize - 1]) - expected).abs();
            assert!(off < 5.0 * expected.sqrt(), "rank {rank}: {off} off {expected}");
        }
        assert!(counts.iter().filter(|count| **count > 0).count() > 30_000, "the tail is long");
    }
}
