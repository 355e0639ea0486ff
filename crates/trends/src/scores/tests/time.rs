//! The closed buckets, the measure and the reach of a reference.

use super::*;

const DOCUMENTS: [u64; 30] = [100; 30];

/// Adds up totals of buckets, all without authors.
fn sum(totals: impl IntoIterator<Item = (i64, u64)>) -> WindowTotals {
    let mut sum = WindowTotals::default();
    for (bucket, documents) in totals {
        let total = WindowTotal { documents, with_author: 0 };
        sum.add(&[(bucket, total)].into_iter().collect());
    }
    sum
}

fn with_extra(others: &[(i64, u64)]) -> Totals {
    Totals::new(HOUR, &sum((0..).zip(DOCUMENTS).chain(others.iter().copied())))
}

#[test]
fn all_buckets_before_the_newest_are_closed() {
    assert_eq!(with_extra(&[]).closed().last(), Some(&28));
    assert_eq!(with_extra(&[]).closed().len(), 29);
}

#[test]
fn records_with_dates_far_ahead_close_no_more_buckets() {
    // One record a thousand years ahead, two in successive hours, and many with one default date.
    let years_ahead = 8_766_000;
    for others in
        [&[(years_ahead, 1)][..], &[(years_ahead, 1), (years_ahead + 1, 1)], &[(600_000, 5_000)]]
    {
        let totals = with_extra(others);
        assert_eq!(totals.closed().last(), Some(&28), "{others:?}");
        assert_eq!(totals.ahead(), others.iter().map(|o| u128::from(o.1)).sum::<u128>());
    }
}

#[test]
fn the_newest_bucket_has_at_least_a_hundredth_of_the_usual_documents() {
    let busy: Vec<_> = (0..30).map(|bucket| (bucket, 900)).collect();
    // Together with the totals of `with_extra`, a bucket has 1,000 documents.
    let newest = |documents| {
        let others: Vec<_> = busy.iter().copied().chain([(40, documents)]).collect();
        let totals = with_extra(&others);
        (totals.closed().last().copied(), totals.ahead())
    };
    assert_eq!(newest(9), (Some(28), 9));
    assert_eq!(newest(10), (Some(29), 0));
}

#[test]
fn a_short_source_closes_all_but_its_newest_bucket() {
    let totals = totals(HOUR, 0, &[5, 0, 5, 5]);
    assert_eq!(totals.closed(), [0, 2]);
}

#[test]
fn a_bucket_lacks_history_if_its_reference_has_fewer_than_six_buckets_with_documents() {
    let totals = totals(HOUR, 0, &[5, 0, 5, 5, 5, 5, 5, 5]);
    let lacks_history = |bucket| totals.lacks_history_before(bucket);
    assert_eq!([0, 1, 6, 7, 8].map(lacks_history), [true, true, true, false, false]);
    // From 168 hours later on, the first bucket is out of reach, and then the next one.
    assert_eq!([168 + 2, 168 + 3, i64::MAX].map(lacks_history), [false, true, true]);
    assert!(lacks_history(i64::MIN) && super::totals(HOUR, 0, &[]).lacks_history_before(0));
}

#[test]
fn records_without_a_time_are_in_no_window() {
    let totals = with_extra(&[(i64::MIN, 1_000_000)]);
    assert_eq!(totals.closed().first(), Some(&0));
}

#[test]
fn totals_of_shards_add_up_in_any_order() {
    assert_eq!(sum([(3, 4), (1, 2), (3, 5), (2, 1)]), sum([(1, 2), (2, 1), (3, 9)]));
}

#[test]
fn authors_are_the_measure_if_half_of_the_records_have_one() {
    let measure = |with_author| {
        let first = WindowTotal { documents: 9, with_author };
        let second = WindowTotal { documents: 1, with_author: 1 };
        Totals::new(HOUR, &[(1, first), (2, second)].into_iter().collect()).measure()
    };
    assert_eq!(measure(4), Measure::Authors);
    assert_eq!(measure(3), Measure::Documents);
    assert_eq!(totals(HOUR, 0, &[]).measure(), Measure::Documents);
}

#[test]
fn a_reference_reaches_back_seven_days_and_at_least_24_windows() {
    let windows =
        |seconds| Totals::of(Some(seconds), &WindowTotals::default()).unwrap().reference_windows();
    assert_eq!(windows(300), 2016);
    assert_eq!(windows(3600), 168);
    assert_eq!(windows(86_400), 24);
    assert_eq!(windows(604_800), 24);
    assert_eq!(windows(50_000), 24);
    assert_eq!(windows(7_000), 87);
}

#[test]
fn buckets_before_the_reference_do_not_count() {
    // The reference of window 199 begins at window 31.
    let totals = totals(HOUR, 0, &[100; 201]);
    let mut counts = [0; 200];
    counts[..31].fill(50);
    counts[199] = 8;
    assert!(last(&totals, &cells(0, &counts)).new);
    counts[31] = 1;
    assert!(!last(&totals, &cells(0, &counts)).new);
}
