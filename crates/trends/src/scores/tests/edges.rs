//! Sources with little, odd or enormous contents.

use super::*;

#[test]
fn a_source_with_one_window_has_nothing_closed_and_no_score() {
    let totals = totals(HOUR, 7, &[100]);
    assert_eq!(totals.closed(), [0_i64; 0]);
    let pool = PooledDispersion::default();
    let mut scorer = Scorer::new(&totals, Settings::default(), &pool);
    assert_eq!(scorer.term(&cells(7, &[50]), |_| panic!("told of an open window")), None);
    assert_eq!(scorer.explain(&cells(7, &[50]), 7), None);
}

#[test]
fn a_source_without_documents_has_no_window() {
    let totals = Totals::new(HOUR, []);
    assert_eq!((totals.closed().len(), totals.ahead()), (0, 0));
    let pool = PooledDispersion::default();
    let mut scorer = Scorer::new(&totals, Settings::default(), &pool);
    assert_eq!(scorer.term(&[], |_| {}), None);
}

#[test]
fn fewer_than_six_buckets_before_are_insufficient_history_and_no_number() {
    let documents = [100; 9];
    let mut counts = [1; 8];
    counts[5] = 90;
    counts[6] = 90;
    let told = told(&totals(HOUR, 0, &documents), &cells(0, &counts));
    assert_eq!((told[5].burst, told[5].status), (None, Status::InsufficientHistory));
    assert_eq!((told[5].growth.to_bits(), told[5].peak.to_bits()), (0, 0));
    assert!(told[6].burst.is_some());
    let text = Scorer::new(
        &totals(HOUR, 0, &documents),
        Settings::default(),
        &PooledDispersion::default(),
    )
    .explain(&cells(0, &counts), 5)
    .unwrap()
    .to_string();
    assert!(text.contains("insufficient history") && text.contains("no burst score"), "{text}");
}

#[test]
fn a_bucket_without_documents_is_no_window_even_where_a_term_claims_to_be_in_it() {
    let mut documents = [100; 20];
    documents[10] = 0;
    let told = told(&totals(HOUR, 0, &documents), &cells(0, &[3; 19]));
    assert!(told.iter().all(|score| score.bucket != 10));
    assert_eq!(told.len(), 18);
}

#[test]
fn a_term_of_one_bucket_is_new_there_and_known_after() {
    let totals = totals(HOUR, 0, &[1000; 40]);
    let told = told(&totals, &cells(20, &[500, 0, 0, 500]));
    let at = |bucket| told.iter().find(|score| score.bucket == bucket).unwrap();
    assert!(at(20).new && !at(23).new);
    assert_eq!(at(20).status, Status::Trending);
    assert!(at(23).burst < at(20).burst);
}

#[test]
fn counts_near_2_to_the_53_are_scored_without_overflow_or_cancellation() {
    let n = 1_u64 << 53;
    let totals = totals(HOUR, i64::MAX - 200, &[n; 171]);
    let mut counts = [n / 2; 170];
    counts[169] = n / 2 + (1 << 29);
    let pool = PooledDispersion::default();
    let cells = cells(i64::MAX - 200, &counts);
    let bucket = i64::MAX - 200 + 169;
    let mut scorer = Scorer::new(&totals, Settings::default(), &pool);
    let explained = scorer.explain(&cells, bucket).unwrap();
    let steps = explained.steps.unwrap();
    near(steps.raw.own.unwrap(), 0.0);
    near(steps.raw.dispersion, 1.0);
    // 2^29 more than 2^52, of which the square root is 2^26.
    let expected = 8.0 / (1.0 + 1.0 / 168.0_f64).sqrt();
    assert!((steps.z / expected - 1.0).abs() < 1e-6, "{} instead of {expected}", steps.z);
}

#[test]
fn buckets_at_the_ends_of_time_do_not_overflow() {
    let total = |bucket| BucketTotal { bucket, documents: 9, with_author: 9 };
    let totals = Totals::new(HOUR, [i64::MIN + 1, -1, i64::MAX].map(total));
    assert_eq!(totals.closed(), [i64::MIN + 1, -1]);
    let cell = |bucket| Cell { bucket, count: 9, documents: 9, authors: 9 };
    let told = told(&totals, &[i64::MIN + 1, -1, i64::MAX].map(cell));
    assert_eq!(told.len(), 2);
    assert!(told.iter().all(|score| score.status == Status::InsufficientHistory));
}
