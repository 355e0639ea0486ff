//! Mastodon's score of a whole run against an update at the end of every window.

use proptest::prelude::*;

use super::*;

/// Updates the score at the end of every closed window, in plain loops. The authors of a day so far
/// are those of its last window with the term.
fn updated_every_window(totals: &Totals, days: &[(i64, u64)], per_day: i64) -> f64 {
    let mut score = ChiSquare::default();
    let mut value = 0.0;
    for bucket in totals.closed() {
        let day = bucket.div_euclid(per_day);
        let by = |day: i64, until: i64| {
            let mut of_day =
                days.iter().filter(|(at, _)| at.div_euclid(per_day) == day && *at <= until);
            of_day.next_back().map_or(0, |(_, authors)| *authors)
        };
        let time = (bucket + 1) * (86_400 / per_day);
        value = score.update(time, by(day, *bucket), by(day - 1, i64::MAX));
    }
    value
}

proptest! {
    #[test]
    fn the_latest_score_equals_an_update_after_every_window(
        documents in prop::collection::vec(0_u64..4, 1..200),
        growth in prop::collection::vec((prop::bool::weighted(0.1), 0_u64..60), 200),
        per_day in prop::sample::select(vec![1_i64, 4, 24]),
        first in -500_i64..500,
    ) {
        let window = NonZeroU32::new(86_400 / per_day as u32).unwrap();
        let totals = totals(window, first, &documents);
        let mut days: Vec<(i64, u64)> = Vec::new();
        for ((bucket, documents), (is_in, more)) in (first..).zip(&documents).zip(growth) {
            if *documents > 0 && is_in {
                let same = |(at, _): &&(i64, u64)| at.div_euclid(per_day) == bucket.div_euclid(per_day);
                let before = days.last().filter(same).map_or(0, |(_, authors)| *authors);
                days.push((bucket, before + more));
            }
        }
        let expected = updated_every_window(&totals, &days, per_day);
        let found = ChiSquare::latest(&totals, &days);
        prop_assert_eq!(found.to_bits(), expected.to_bits(), "{} instead of {}", found, expected);
    }
}
