//! Sources with few, odd or enormous counts.

use super::*;

#[test]
fn a_source_with_one_bucket_has_no_closed_window_and_no_score() {
    let totals = totals(HOUR, 7, &[100]);
    assert_eq!(totals.closed(), [0_i64; 0]);
    let pool = PooledDispersion::default();
    let mut scorer = Scorer::new(&totals, BurstSettings::current(), &pool);
    assert_eq!(scorer.score_term(&cells(7, &[50]), |_| panic!("an open window is emitted")), None);
    assert_eq!(scorer.explain(&cells(7, &[50]), 7), None);
}

#[test]
fn a_source_without_documents_has_no_window() {
    let totals = totals(HOUR, 0, &[]);
    assert_eq!((totals.closed().len(), totals.ahead()), (0, 0));
    let pool = PooledDispersion::default();
    let mut scorer = Scorer::new(&totals, BurstSettings::current(), &pool);
    assert_eq!(scorer.score_term(&[], |_| {}), None);
}

#[test]
fn a_reference_of_fewer_than_six_buckets_gives_insufficient_history_and_no_burst() {
    let documents = [100; 9];
    let mut counts = [1; 8];
    counts[5] = 90;
    counts[6] = 90;
    let emitted = emitted(&totals(HOUR, 0, &documents), &cells(0, &counts));
    assert_eq!((emitted[5].burst, emitted[5].status), (None, Status::InsufficientHistory));
    assert_eq!((emitted[5].growth.to_bits(), emitted[5].peak.to_bits()), (0, 0));
    assert!(emitted[6].burst.is_some());
    let text = Scorer::new(
        &totals(HOUR, 0, &documents),
        BurstSettings::current(),
        &PooledDispersion::default(),
    )
    .explain(&cells(0, &counts), 5)
    .unwrap()
    .to_string();
    assert!(text.contains("insufficient history") && text.contains("no burst score"), "{text}");
}

#[test]
fn a_bucket_without_documents_is_no_window_even_if_a_term_has_a_cell_in_it() {
    let mut documents = [100; 20];
    documents[10] = 0;
    let emitted = emitted(&totals(HOUR, 0, &documents), &cells(0, &[3; 19]));
    assert!(emitted.iter().all(|score| score.bucket != 10));
    assert_eq!(emitted.len(), 18);
}

#[test]
fn a_term_is_new_in_its_first_window_only() {
    let totals = totals(HOUR, 0, &[1000; 40]);
    let emitted = emitted(&totals, &cells(20, &[500, 0, 0, 500]));
    let at = |bucket| emitted.iter().find(|score| score.bucket == bucket).unwrap();
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
    let mut scorer = Scorer::new(&totals, BurstSettings::current(), &pool);
    let explained = scorer.explain(&cells, bucket).unwrap();
    let steps = explained.steps.unwrap();
    near(steps.raw.own.unwrap(), 0.0);
    near(steps.raw.dispersion, 1.0);
    // x - E is 2^29 where E is 2^52, so the root of the deviance is 2^29 / 2^26 = 8.
    let expected = 8.0 / (1.0 + 1.0 / 168.0_f64).sqrt();
    assert!(
        (steps.significance / expected - 1.0).abs() < 1e-6,
        "{} instead of {expected}",
        steps.significance
    );
}

#[test]
fn buckets_at_the_ends_of_time_do_not_overflow() {
    let total = |bucket| (bucket, WindowTotal { documents: 9, with_author: 9 });
    let totals = Totals::new(HOUR, &[i64::MIN + 1, -1, i64::MAX].map(total).into_iter().collect());
    assert_eq!(totals.closed(), [i64::MIN + 1, -1]);
    let cell = |bucket| Cell { bucket, count: 9, documents: 9, authors: 9 };
    let emitted = emitted(&totals, &[i64::MIN + 1, -1, i64::MAX].map(cell));
    assert_eq!(emitted.len(), 2);
    assert!(emitted.iter().all(|score| score.status == Status::InsufficientHistory));
}
