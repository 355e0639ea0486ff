//! The gaps of a ranking: its hidden positions. Owns the arithmetic between stored positions and
//! shown ranks; knows nothing of topics.

/// Hidden positions, strictly ascending. The i-th, from 0, at position p, has p - i shown topics
/// before it. p - i never falls as i grows, so both directions are binary searches.
#[derive(Debug)]
pub(super) struct Gaps(Vec<u64>);

impl Gaps {
    /// No gaps.
    pub(super) const NONE: Self = Self(Vec::new());

    /// These positions, strictly ascending.
    pub(super) fn new(mut positions: Vec<u64>) -> Self {
        debug_assert!(positions.is_sorted_by(|one, next| one < next), "strictly ascending");
        positions.shrink_to_fit();
        Self(positions)
    }

    /// The number of hidden positions.
    pub(super) fn count(&self) -> u64 {
        self.0.len() as u64
    }

    /// The position of the topic that has `shown` shown topics before it.
    pub(super) fn position(&self, shown: u64) -> u64 {
        let (mut low, mut high) = (0, self.0.len());
        while low < high {
            let middle = low + (high - low) / 2;
            // Positions are strictly ascending from 0, so the i-th is at least i.
            if self.0.get(middle).is_some_and(|gap| gap - middle as u64 <= shown) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        shown.saturating_add(low as u64)
    }

    /// The number of shown topics before a position.
    pub(super) fn shown_before(&self, position: u64) -> u64 {
        position - self.0.partition_point(|gap| *gap < position) as u64
    }

    /// The number of topics from a position to the next gap; `u64::MAX` if no gap follows.
    pub(super) fn until_gap(&self, position: u64) -> u64 {
        let next = self.0.partition_point(|gap| *gap < position);
        self.0.get(next).map_or(u64::MAX, |gap| gap - position)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranks_and_positions_are_inverse_to_each_other() {
        for bits in 0_u32..1 << 10 {
            let gaps = Gaps::new((0..10).filter(|at| bits & 1 << at != 0).collect());
            let shown: Vec<u64> = (0..13).filter(|at| *at >= 10 || bits & 1 << at == 0).collect();
            for (rank, position) in shown.iter().enumerate() {
                assert_eq!(gaps.position(rank as u64), *position, "{bits:b}");
                assert_eq!(gaps.shown_before(*position), rank as u64, "{bits:b}");
                let until_gap =
                    shown[rank..].iter().zip(*position..).take_while(|(at, next)| *at == next);
                let expected = if gaps.0.iter().any(|gap| gap > position) {
                    until_gap.count() as u64
                } else {
                    u64::MAX
                };
                assert_eq!(gaps.until_gap(*position), expected, "{bits:b}");
            }
        }
    }
}
