//! Each score, on numbers small enough to check on paper.

use super::*;

#[test]
fn a_steady_term_bursts() {
    // W = 24, D = 24, own dispersion 0, so (0 + 4 * 4) / 27 < 1; E = 24.5 / 24.
    let totals = totals(HOUR, 0, &[100; 26]);
    let mut counts = [1; 25];
    counts[24] = 11;
    let cells = cells(0, &counts);
    let score = last(&totals, &cells);
    // Each root is that of 1 * 100, so M = 100 (24 * 10 / 2400)^2 = 1: (11 - 1) / sqrt(1.5).
    near(score.burst.unwrap(), 8.164_965_809_277_26);
    near(score.peak, 8.164_965_809_277_26);
    // 2 (11 ln(11 / E) - (11 - E)) = 32.341..., divided by 1 + 1 / 24.
    near(score.significance, 5.572_079_397_835_228);
    near(score.growth, 10.775_510_204_081_634);
    assert_eq!((score.status, score.new, score.measured), (Status::Rising, false, 11));

    let first = emitted_with(FIRST_FORMULA, &totals, &cells).pop().unwrap();
    near(first.burst.unwrap(), 4.293_917_276_185_278);
    assert_eq!(first.significance.to_bits(), first.burst.unwrap().to_bits());
    near(first.growth, 10.775_510_204_081_634);
    near(first.peak, 4.293_917_276_185_278);
    assert_eq!((first.status, first.new, first.measured), (Status::Trending, false, 11));
}

#[test]
fn an_old_burst_is_winsorised_in_the_reference() {
    // W = 10, D = 100, own dispersion 64, shrunk 592 / 13; limit 10 + 3 sqrt(10 * 592 / 13).
    let totals = totals(HOUR, 0, &[100; 12]);
    let mut counts = [2; 11];
    counts[4] = 82;
    counts[10] = 60;
    let cells = cells(0, &counts);
    let pool = PooledDispersion::default();
    let explained =
        Scorer::new(&totals, BurstSettings::current(), &pool).explain(&cells, 10).unwrap();
    let steps = explained.steps.unwrap();
    near(steps.raw.own.unwrap(), 64.0);
    near(steps.raw.dispersion, 592.0 / 13.0);
    near(explained.reference[4].limit, 74.019_227_880_860_64);
    near(steps.winsorised.sum, 92.019_227_880_860_64);
    near(steps.winsorised.own.unwrap(), 56.366_145_467_670_57);
    near(steps.winsorised.dispersion, 40.253_485_323_771_93);
    near(steps.expected, 9.251_922_788_086_043);
    near(steps.significance, 1.665_641_015_557_525_6);
    // The roots are 9 sqrt(200) and sqrt(8200): M = 100 ((9 sqrt(200) + sqrt(8200)) / 1000)^2.
    near(steps.typical.unwrap(), 4.745_124_725_475_826);
    near(steps.burst, 24.126_409_395_187_412);
    let mut first = Scorer::new(&totals, FIRST_FORMULA, &pool);
    let steps = first.explain(&cells, 10).unwrap().steps.unwrap();
    near(steps.significance, 1.402_838_149_671_826_5);
    assert_eq!((steps.typical, steps.burst.to_bits()), (None, steps.significance.to_bits()));
}

#[test]
fn a_new_term_has_the_pooled_dispersion() {
    // D = 0: E = 0.5 / 10, dispersion 4.
    let totals = totals(HOUR, 0, &[100; 12]);
    let score = last(&totals, &cells(10, &[8]));
    assert!(score.new);
    // M = 0: 8 / sqrt(0.5).
    near(score.burst.unwrap(), 11.313_708_498_984_76);
    near(score.significance, 3.852_472_082_482_210_5);
    near(score.growth, 160.0);
}

#[test]
fn a_peak_halves_every_four_hours_and_its_windows_are_emitted_without_the_term() {
    let totals = totals(HOUR, 0, &[100; 80]);
    let mut counts = [1; 31];
    counts[30] = 96;
    let emitted = emitted(&totals, &cells(0, &counts));
    let burst = emitted[30].burst.unwrap();
    assert!(burst >= 16.0 && emitted[30].significance >= 25.0, "{:?}", emitted[30]);
    let eight_hours_on = &emitted[38];
    assert_eq!((eight_hours_on.bucket, eight_hours_on.measured), (38, 0));
    near(eight_hours_on.peak, burst / 4.0);
    assert_eq!(eight_hours_on.status, Status::Cooling);
    assert_eq!((eight_hours_on.burst, eight_hours_on.significance.to_bits()), (Some(0.0), 0));
    let end = emitted.last().unwrap();
    assert!(end.peak >= 2.0 && end.peak * libm::exp2(-0.25) < 2.0, "{}", end.peak);
}

#[test]
fn gates_close_on_a_small_measure_and_on_few_authors() {
    let totals = totals(HOUR, 0, &[100; 26]);
    let mut cells = cells(24, &[4]);
    assert_eq!(last(&totals, &cells).burst, Some(0.0));
    // One account floods: 90 records, one author.
    cells[0] = Cell { bucket: 24, count: 90, documents: 90, authors: 1 };
    assert_eq!(last(&totals, &cells).burst, Some(0.0));
    let gates = BurstGates { min_count: 1, min_authors: 9 };
    let settings = BurstSettings { gates, ..BurstSettings::current() };
    let pool = PooledDispersion::default();
    let mut scorer = Scorer::new(&totals, settings, &pool);
    let mut burst = |authors| {
        let cell = Cell { bucket: 24, count: 90, documents: 90, authors };
        scorer.score_term(&[cell], |_| {}).unwrap().burst.unwrap()
    };
    assert_eq!(burst(8).to_bits(), 0.0_f64.to_bits());
    assert!(burst(9) > 0.0);
}

#[test]
fn a_term_eight_times_as_frequent_has_significant_keyness() {
    let found = keyness(20, 1000, 5, 2000).unwrap();
    near(found.g2, 23.185_311_077_839_18);
    near(found.log_ratio, 2.897_399_579_050_534_2);
    near(found.lower, 1.543_946_895_069_375_5);
    assert!(found.is_significant());
    let reversed = keyness(5, 2000, 20, 1000).unwrap();
    near(reversed.g2, -found.g2);
    near(reversed.log_ratio, -found.log_ratio);
}

#[test]
fn keyness_is_negative_without_the_term_zero_at_equal_rates_and_none_without_documents() {
    let found = keyness(0, 1000, 30, 1000).unwrap();
    near(found.g2, -42.045_701_284_851_7);
    near(found.log_ratio, -5.930_737_337_562_886);
    let equal = keyness(7, 700, 11, 1100).unwrap();
    near(equal.g2, 0.0);
    assert!(!equal.is_significant());
    assert_eq!(keyness(0, 0, 1, 10), None);
    assert_eq!(keyness(11, 10, 1, 10), None);
}

#[test]
fn keyness_of_counts_near_2_to_the_53_keeps_its_precision() {
    let all = 1_u64 << 53;
    let found = keyness(all - 1, all, all - 3, all).unwrap();
    assert!(found.g2 >= 0.0 && found.g2 < 2.0 && found.lower.is_finite(), "{found:?}");
    let found = keyness(all / 2 + (1 << 40), all, all / 2, all).unwrap();
    // A shift of d between two halves of n: four cells of (d / 2)^2 / (n / 2), that is 2 d^2 / n.
    let expected = 2.0 * 2_f64.powi(80) / 2_f64.powi(53);
    assert!((found.g2 / expected - 1.0).abs() < 1e-6, "{} instead of {expected}", found.g2);
}

#[test]
fn chi_square_halves_every_four_hours_and_is_forgotten_after_two_days() {
    near(ChiSquare::score(20, 5), 45.0);
    near(ChiSquare::score(20, 0), 361.0);
    near(ChiSquare::score(4, 0), 0.0);
    near(ChiSquare::score(9, 10), 0.0);
    let mut tag = ChiSquare::default();
    let hour = 3600;
    near(tag.update(0, 20, 5), 45.0);
    near(tag.update(8 * hour, 12, 5), 45.0 / 4.0);
    near(tag.update(9 * hour, 25, 5), 80.0);
    near(tag.update(57 * hour, 0, 25), 80.0 / 4096.0);
    near(tag.update(57 * hour + 1, 10, 5), 5.0);
}

#[test]
fn a_frequent_pair_with_high_npmi_and_without_stop_words_is_a_phrase() {
    let pair = PairCounts { together: 10, left: 20, right: 40, pairs: 1000 };
    near(pair.npmi().unwrap(), 0.548_455_006_504_028_3);
    assert!(pair.is_phrase(false, false));
    assert!(!pair.is_phrase(true, false) && !pair.is_phrase(false, true));
    assert!(!PairCounts { together: 4, ..pair }.is_phrase(false, false));
    // As often together as by chance: 20 * 40 / 80.
    let chance = PairCounts { pairs: 80, ..pair };
    near(chance.npmi().unwrap(), 0.0);
    assert!(!chance.is_phrase(false, false));
    let only = PairCounts { together: 9, left: 9, right: 9, pairs: 9 };
    near(only.npmi().unwrap(), 1.0);
    assert_eq!(PairCounts { together: 0, ..pair }.npmi(), None);
    assert_eq!(PairCounts { left: 9, ..pair }.npmi(), None);
    assert_eq!(PairCounts { pairs: 39, ..pair }.npmi(), None);
}

#[test]
fn a_phrase_stands_for_a_word_with_seven_in_ten_of_its_documents_in_the_phrase() {
    assert!(phrase_stands_for_word(7, 10));
    assert!(!phrase_stands_for_word(69, 100));
    assert!(!phrase_stands_for_word(0, 0));
    assert!(phrase_stands_for_word(u64::MAX, u64::MAX));
}
