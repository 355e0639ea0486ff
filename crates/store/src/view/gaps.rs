//! Positions that are left out of a ranking. Owns the arithmetic between stored positions and shown
//! ranks; knows nothing of what stands there.

/// Positions, ascending, each once. The i-th of them has as many shown topics before it as its position
/// minus i, which never falls: so both ways are a binary search.
#[derive(Debug)]
pub(super) struct Gaps(Vec<u64>);

impl Gaps {
    /// Nothing is left out.
    pub(super) const NONE: Self = Self(Vec::new());

    /// These positions, ascending, each once.
    pub(super) fn new(mut positions: Vec<u64>) -> Self {
        debug_assert!(positions.is_sorted_by(|one, next| one < next), "each once, in order");
        positions.shrink_to_fit();
        Self(positions)
    }

    /// How many there are.
    pub(super) fn count(&self) -> u64 {
        self.0.len() as u64
    }

    /// The position of the topic with `shown` others shown before it, if there is one.
    pub(super) fn position(&self, shown: u64) -> u64 {
        let (mut low, mut high) = (0, self.0.len());
        while low < high {
            let middle = low + (high - low) / 2;
            // Positions are distinct and ascend from 0: the i-th is at least i.
            if self.0.get(middle).is_some_and(|gap| gap - middle as u64 <= shown) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        shown.saturating_add(low as u64)
    }

    /// How many topics before a position are shown.
    pub(super) fn shown_before(&self, position: u64) -> u64 {
        position - self.0.partition_point(|gap| *gap < position) as u64
    }

    /// How many topics are shown from a position on until one is left out; without end if none is.
    pub(super) fn run(&self, position: u64) -> u64 {
        let next = self.0.partition_point(|gap| *gap < position);
        self.0.get(next).map_or(u64::MAX, |gap| gap - position)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranks_and_positions_are_each_others_inverse() {
        for bits in 0_u32..1 << 10 {
            let gaps = Gaps::new((0..10).filter(|at| bits & 1 << at != 0).collect());
            let shown: Vec<u64> = (0..13).filter(|at| *at >= 10 || bits & 1 << at == 0).collect();
            for (rank, position) in shown.iter().enumerate() {
                assert_eq!(gaps.position(rank as u64), *position, "{bits:b}");
                assert_eq!(gaps.shown_before(*position), rank as u64, "{bits:b}");
                let run =
                    shown[rank..].iter().zip(*position..).take_while(|(at, next)| *at == next);
                let expected = if gaps.0.iter().any(|gap| gap > position) {
                    run.count() as u64
                } else {
                    u64::MAX
                };
                assert_eq!(gaps.run(*position), expected, "{bits:b}");
            }
        }
    }
}
