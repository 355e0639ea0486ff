//! The closed buckets, the measure and the reach of a reference.

use super::*;

const DOCUMENTS: [u64; 30] = [100; 30];

fn total(bucket: i64, documents: u64) -> BucketTotal {
    BucketTotal { bucket, documents, with_author: 0 }
}

fn with_extra(others: &[BucketTotal]) -> Totals {
    let run = (0..).zip(DOCUMENTS).map(|(bucket, documents)| total(bucket, documents));
    Totals::new(HOUR, run.chain(others.iter().copied()))
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
    for others in [
        &[total(years_ahead, 1)][..],
        &[total(years_ahead, 1), total(years_ahead + 1, 1)],
        &[total(600_000, 5_000)],
    ] {
        let totals = with_extra(others);
        assert_eq!(totals.closed().last(), Some(&28), "{others:?}");
        assert_eq!(totals.ahead(), others.iter().map(|o| u128::from(o.documents)).sum::<u128>());
    }
}

#[test]
fn the_newest_bucket_has_at_least_a_hundredth_of_the_usual_documents() {
    let busy: Vec<_> = (0..30).map(|bucket| total(bucket, 900)).collect();
    // Together with the totals of `with_extra`, a bucket has 1,000 documents.
    let newest = |documents| {
        let others: Vec<_> = busy.iter().copied().chain([total(40, documents)]).collect();
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
    assert!(lacks_history(i64::MIN) && Totals::new(HOUR, []).lacks_history_before(0));
}

#[test]
fn records_without_a_time_are_in_no_window() {
    let totals = with_extra(&[total(i64::MIN, 1_000_000)]);
    assert_eq!(totals.closed().first(), Some(&0));
}

#[test]
fn totals_of_shards_add_up_in_any_order() {
    let shards = [total(3, 4), total(1, 2), total(3, 5), total(2, 1)];
    let merged = Totals::new(HOUR, shards);
    let whole = Totals::new(HOUR, [total(1, 2), total(2, 1), total(3, 9)]);
    assert_eq!(format!("{merged:?}"), format!("{whole:?}"));
}

#[test]
fn authors_are_the_measure_if_half_of_the_records_have_one() {
    let measure = |with_author| {
        let total = BucketTotal { bucket: 1, documents: 9, with_author };
        Totals::new(HOUR, [total, BucketTotal { bucket: 2, documents: 1, with_author: 1 }])
            .measure()
    };
    assert_eq!(measure(4), Measure::Authors);
    assert_eq!(measure(3), Measure::Documents);
    assert_eq!(Totals::new(HOUR, []).measure(), Measure::Documents);
}

#[test]
fn a_reference_reaches_back_seven_days_and_at_least_24_windows() {
    let windows = |seconds| Totals::new(NonZeroU32::new(seconds).unwrap(), []).reference_windows();
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
