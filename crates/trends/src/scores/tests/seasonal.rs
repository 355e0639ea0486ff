//! The seasonal reference: which buckets it has, and how it judges terms with a daily cycle.

use super::random::Random;
use super::*;

const SEASONAL: BurstSettings = BurstSettings {
    gates: BurstGates { min_count: 5, min_authors: 3 },
    formula: Formula::Second,
    reference: ReferenceChoice::Seasonal,
};
const DAY: usize = 24;
const WEEK: usize = 7 * DAY;

/// Explains the last closed window of a source of 100 documents an hour.
fn explained(counts: &[u64]) -> Explanation {
    let totals = totals(HOUR, 0, &vec![100; counts.len() + 1]);
    let pool = PooledDispersion::default();
    let mut scorer = Scorer::new(&totals, SEASONAL, &pool);
    scorer.explain(&cells(0, counts), counts.len() as i64 - 1).unwrap()
}

#[test]
fn a_window_is_compared_with_the_same_hour_of_up_to_eight_weeks() {
    for (weeks, used) in [(3, 3), (8, 8), (11, 8)] {
        let last = weeks * WEEK;
        let mut counts = vec![1; last + 1];
        for week in 0..weeks {
            counts[week * WEEK] = 50 + week as u64;
        }
        let explained = explained(&counts);
        assert_eq!(explained.reference_period, Some(7 * 24 * 3600));
        assert_eq!(
            (explained.reference_buckets, explained.reference_documents),
            (used, 100 * used as u128)
        );
        let found: Vec<_> =
            explained.reference.iter().map(|cell| (cell.bucket, cell.measured)).collect();
        let expected: Vec<_> =
            (weeks - used..weeks).map(|week| ((week * WEEK) as i64, 50 + week as u64)).collect();
        assert_eq!(found, expected);
    }
}

#[test]
fn with_fewer_than_three_weeks_the_same_hours_of_days_are_taken_and_then_the_trailing_windows() {
    let period = |windows| explained(&vec![1; windows]).reference_period;
    assert_eq!(period(3 * WEEK), Some(24 * 3600));
    assert_eq!(period(3 * WEEK + 1), Some(7 * 24 * 3600));
    assert_eq!(period(3 * DAY + 1), Some(24 * 3600));
    assert_eq!(period(3 * DAY), None);
    let trailing = explained(&vec![1; 3 * DAY]);
    assert_eq!(trailing.reference_buckets, 3 * DAY - 1);
}

#[test]
fn windows_without_documents_are_in_no_seasonal_reference() {
    let mut documents = vec![100; 4 * DAY + 2];
    documents[2 * DAY] = 0;
    let totals = totals(HOUR, 0, &documents);
    let pool = PooledDispersion::default();
    let mut scorer = Scorer::new(&totals, SEASONAL, &pool);
    let explained = scorer.explain(&cells(0, &vec![7; 4 * DAY + 1]), 4 * DAY as i64).unwrap();
    let buckets: Vec<_> = explained.reference.iter().map(|cell| cell.bucket).collect();
    assert_eq!(buckets, [0, DAY as i64, 3 * DAY as i64]);
}

#[test]
fn windows_of_a_day_have_the_same_weekday_and_windows_of_a_week_the_trailing_reference() {
    for (days, expected) in [(1, Some(7 * 24 * 3600)), (7, None), (2, None)] {
        let window = NonZeroU32::new(days * 24 * 3600).unwrap();
        let totals = totals(window, 0, &[100; 32]);
        let pool = PooledDispersion::default();
        let mut scorer = Scorer::new(&totals, SEASONAL, &pool);
        let explained = scorer.explain(&cells(0, &[9; 31]), 30).unwrap();
        assert_eq!(explained.reference_period, expected, "{days} days");
    }
}

#[test]
fn a_long_series_is_scored_as_if_all_of_its_windows_were_kept() {
    let mut random = Random(4);
    let counts: Vec<u64> = (0..9_000).map(|_| random.count(3.0, 4.0)).collect();
    let documents = vec![100; counts.len() + 1];
    let (totals, cells) = (totals(HOUR, 0, &documents), cells(0, &counts));
    let emitted = emitted_with(SEASONAL, &totals, &cells);
    for score in emitted.iter().filter(|score| score.measured >= 9).skip(200) {
        // The last eight weeks alone give the same burst.
        let from = score.bucket - (8 * WEEK) as i64;
        let recent: Vec<Cell> = cells.iter().copied().filter(|cell| cell.bucket >= from).collect();
        let pool = PooledDispersion::default();
        let mut scorer = Scorer::new(&totals, SEASONAL, &pool);
        let found = scorer.explain(&recent, score.bucket).unwrap().score;
        assert_eq!(
            (found.published.burst, found.published.significance),
            (score.burst, score.significance)
        );
    }
}

/// A daily cycle of terms: little at night, three times as much around noon.
const CYCLE: [f64; DAY] = [
    0.1, 0.1, 0.1, 0.1, 0.2, 0.3, 0.5, 0.8, 1.0, 1.0, 1.0, 1.0, 3.0, 3.0, 1.0, 1.0, 1.0, 1.0, 1.5,
    2.0, 2.0, 1.0, 0.5, 0.2,
];

/// Terms without a cycle.
const FLAT: [f64; DAY] = [1.0; DAY];

/// Returns the windows with at least 5 of the measure on the last day of `days`, and how many of
/// them trend, by the seasonal reference: of 700 terms with this dispersion, each with one of the
/// daily cycles. The mean at noon of that day is `noon` times the usual one.
fn trending(
    seed: u64,
    days: usize,
    dispersion: f64,
    cycles: &[[f64; DAY]],
    noon: f64,
) -> (usize, usize) {
    let mut random = Random(seed);
    let documents = vec![10_000; days * DAY + 1];
    let totals = totals(HOUR, 0, &documents);
    let mut pool = PooledDispersion::default();
    let terms: Vec<_> = (0..700)
        .map(|_| {
            let mean = random.choose(&[0.3, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0]);
            let cycle = random.choose(cycles);
            let counts: Vec<u64> = (0..days * DAY)
                .map(|hour| {
                    let last = if hour == (days - 1) * DAY + 12 { noon } else { 1.0 };
                    random.count(mean * cycle[hour % DAY] * last, dispersion)
                })
                .collect();
            let cells = cells(0, &counts);
            pooled(&mut pool, &totals, &cells);
            cells
        })
        .collect();
    let mut scorer = Scorer::new(&totals, SEASONAL, &pool);
    let (mut measured, mut trending) = (0, 0);
    for cells in &terms {
        scorer.score_term(cells, |score| {
            if score.bucket >= ((days - 1) * DAY) as i64 && score.measured >= 5 {
                measured += 1;
                trending += usize::from(score.status == Status::Trending);
            }
        });
    }
    (measured, trending)
}

#[test]
fn terms_with_a_daily_cycle_trend_at_most_once_in_a_thousand_windows() {
    for cycles in [&[CYCLE][..], &[CYCLE, FLAT]] {
        for dispersion in [1.0, 4.0] {
            let (mut windows, mut found) = (0, 0);
            // Three days, eight days and three weeks of reference.
            for (seed, days) in [(1, 4), (2, 9), (3, 9), (4, 24)] {
                let (measured, trending) = trending(seed, days, dispersion, cycles, 1.0);
                windows += measured;
                found += trending;
            }
            let of = format!("{} cycles at dispersion {dispersion}", cycles.len());
            assert!(found * 1_000 <= windows, "{found} of {windows} windows of {of}");
        }
    }
}

#[test]
fn an_eightfold_noon_is_found_in_spite_of_the_usual_noon() {
    // The means at noon are 0.9, 3, 6, 15, 30, 60 and 150 in equal shares.
    let (_, found) = trending(5, 24, 1.0, &[CYCLE], 8.0);
    assert!(found >= 350, "{found} of 700");
}
