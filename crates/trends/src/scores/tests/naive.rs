//! The scores over time against their definitions in loops over all windows.

use proptest::prelude::*;

use super::*;

/// Four hours: a peak halves with every window, 12 windows are two days and 42 are seven.
const WINDOW: NonZeroU32 = NonZeroU32::new(4 * 3600).unwrap();
const REFERENCE: usize = 42;
const FIRST: i64 = -50;

/// The numbers of a window, whether its gates are open or not.
struct Numbers {
    significance: f64,
    burst: f64,
}

/// Returns the numbers by the formulas with sums of squares, `None` without enough history.
fn numbers(
    formula: Formula,
    documents: &[u64],
    counts: &[u64],
    now: usize,
    pooled: f64,
) -> Option<Numbers> {
    let reference = now.saturating_sub(REFERENCE)..now;
    let buckets: Vec<(f64, f64)> = reference
        .filter(|i| documents[*i] > 0)
        .map(|i| (counts[i] as f64, documents[i] as f64))
        .collect();
    let freedom = buckets.len() as f64 - 1.0;
    if freedom < 5.0 {
        return None;
    }
    let nr: f64 = buckets.iter().map(|(_, n)| n).sum();
    let d: f64 = buckets.iter().map(|(x, _)| x).sum();
    let prior = if d / buckets.len() as f64 >= 5.0 { pooled } else { pooled.min(4.0) };
    let dispersion = |values: &[f64]| {
        let sum: f64 = values.iter().sum();
        let squares: f64 = values.iter().zip(&buckets).map(|(x, (_, n))| x * x / n).sum();
        let own = (nr / sum * squares - sum) / freedom;
        let shrunk = (own * freedom + 4.0 * prior) / (freedom + 4.0);
        (sum, if sum > 0.0 { shrunk.max(1.0) } else { prior })
    };
    let values: Vec<f64> = buckets.iter().map(|(x, _)| *x).collect();
    let (sum, phi) = dispersion(&values);
    let winsorised: Vec<f64> = buckets
        .iter()
        .map(|(x, n)| {
            let expected = n * sum / nr;
            x.min(expected + 3.0 * (phi * expected).sqrt())
        })
        .collect();
    let (sum, phi) = dispersion(&winsorised);
    let ratio = documents[now] as f64 / nr;
    let expected = (sum + 0.5) * ratio;
    let (x, scale) = (counts[now] as f64, (phi * (1.0 + ratio)).sqrt());
    if formula == Formula::First {
        let z = 2.0 * ((x + 0.375).sqrt() - (expected + 0.375).sqrt()) / scale;
        return Some(Numbers { significance: z, burst: z });
    }
    let likelihood = if counts[now] == 0 { 0.0 } else { x * (x / expected).ln() };
    let root = (2.0 * (likelihood + expected - x)).abs().sqrt();
    let sign = if x < expected { -1.0 } else { 1.0 };
    // Bhattacharyya's coefficient: the sum of the roots of the products of both shares.
    let d: f64 = buckets.iter().map(|(x, _)| x).sum();
    let alike: f64 = buckets.iter().map(|(x, n)| (x / d * n / nr).sqrt()).sum();
    let typical = if d > 0.0 { d * ratio * alike * alike } else { 0.0 };
    Some(Numbers {
        significance: sign * root / scale,
        burst: (x - typical) / (typical + 0.5).sqrt(),
    })
}

/// Returns the burst and the significance of a window with its gates.
fn gated(formula: Formula, documents: &[u64], counts: &[u64], now: usize) -> Option<(f64, f64)> {
    let Numbers { significance, burst } = numbers(formula, documents, counts, now, 4.0)?;
    let is_within_chance = formula == Formula::Second && significance < 1.0;
    let is_open = counts[now] >= 5 && significance > 0.0 && !is_within_chance && burst > 0.0;
    Some(if is_open { (burst, significance) } else { (0.0, 0.0) })
}

/// Returns the peak, and the greatest decayed significance.
fn peaks(formula: Formula, documents: &[u64], counts: &[u64], now: usize) -> (f64, f64) {
    let decayed = |j: usize| {
        let is_window = documents[now - j] > 0;
        let score = if is_window { gated(formula, documents, counts, now - j) } else { None };
        let (burst, significance) = score.unwrap_or_default();
        (burst * 0.5_f64.powi(j as i32), significance * 0.5_f64.powi(j as i32))
    };
    let greater = |a: (f64, f64), b: (f64, f64)| (a.0.max(b.0), a.1.max(b.1));
    (0..=now.min(12)).map(decayed).fold((0.0, 0.0), greater)
}

fn popular(counts: &[u64], now: usize) -> f64 {
    let decayed = |j: usize| counts[now - j] as f64 * 0.5_f64.powf(j as f64 / 6.0);
    (0..=now).map(decayed).sum()
}

fn status(formula: Formula, significance: Option<f64>, decayed: f64) -> Status {
    let (trending, rising) = if formula == Formula::First { (4.0, 3.0) } else { (6.25, 4.5) };
    match significance {
        None => Status::InsufficientHistory,
        Some(now) if now >= trending => Status::Trending,
        Some(now) if now >= rising => Status::Rising,
        Some(_) if decayed >= trending => Status::Cooling,
        Some(_) => Status::Steady,
    }
}

fn settings() -> impl Strategy<Value = BurstSettings> {
    prop_oneof![Just(FIRST_FORMULA), Just(BurstSettings::current())]
}

/// Generates the documents and counts of successive buckets: some without documents, most without
/// the term.
fn series() -> impl Strategy<Value = Vec<(u64, u64)>> {
    let documents = prop_oneof![1 => Just(0_u64), 6 => 100_u64..200];
    let count = prop_oneof![6 => Just(0_u64), 4 => 0_u64..9, 1 => 20_u64..100];
    let bucket =
        (documents, count).prop_map(|(documents, count)| (documents, count.min(documents)));
    prop::collection::vec(bucket, 0..110).prop_map(|mut series| {
        // The open bucket.
        series.push((150, 3));
        series
    })
}

proptest! {
    #[test]
    fn every_window_is_scored_by_the_definitions(settings in settings(), series in series()) {
        let formula = settings.formula;
        let floor = if formula == Formula::First { 1.0 } else { 2.0 };
        let (documents, counts): (Vec<_>, Vec<_>) = series.into_iter().unzip();
        let totals = totals(WINDOW, FIRST, &documents);
        let emitted = emitted_with(settings, &totals, &cells(FIRST, &counts));
        let index = |bucket: &i64| (bucket - FIRST) as usize;
        let windows: Vec<usize> = totals.closed().iter().map(index).collect();
        let expected: Vec<usize> = windows
            .iter()
            .copied()
            .filter(|now| counts[*now] > 0 || peaks(formula, &documents, &counts, *now).0 >= floor)
            .collect();
        let found: Vec<usize> = emitted.iter().map(|score| index(&score.bucket)).collect();
        prop_assert_eq!(found, expected);
        for score in &emitted {
            let now = index(&score.bucket);
            let naive = gated(formula, &documents, &counts, now);
            prop_assert_eq!(naive.is_some(), score.burst.is_some());
            let (burst, significance) = naive.unwrap_or_default();
            near(score.burst.unwrap_or(0.0), burst);
            near(score.significance, significance);
            let (peak, decayed) = peaks(formula, &documents, &counts, now);
            near(score.peak, peak);
            near(score.popular, popular(&counts, now));
            let naive_significance = naive.map(|(_, significance)| significance);
            prop_assert_eq!(score.status, status(formula, naive_significance, decayed));
            let before = &counts[now.saturating_sub(REFERENCE)..now];
            let new = naive.is_some() && counts[now] > 0 && before.iter().sum::<u64>() == 0;
            prop_assert_eq!(score.new, new);
        }
        if let Some(now) = windows.last() {
            near(last(&totals, &cells(FIRST, &counts)).popular, popular(&counts, *now));
        }
    }

    #[test]
    fn an_explanation_holds_the_published_scores_and_its_steps_lead_to_them(
        settings in settings(), series in series()
    ) {
        let (documents, counts): (Vec<_>, Vec<_>) = series.into_iter().unzip();
        let totals = totals(WINDOW, FIRST, &documents);
        let cells = cells(FIRST, &counts);
        let pool = PooledDispersion::default();
        let mut scorer = Scorer::new(&totals, settings, &pool);
        for score in emitted_with(settings, &totals, &cells) {
            let explained = scorer.explain(&cells, score.bucket).unwrap();
            prop_assert_eq!(explained.score.published, score);
            let now = (score.bucket - FIRST) as usize;
            let pooled = explained.pooled_dispersion;
            let naive = numbers(settings.formula, &documents, &counts, now, pooled);
            prop_assert_eq!(explained.steps.is_some(), naive.is_some());
            if let Some((steps, naive)) = explained.steps.zip(naive) {
                near(steps.significance, naive.significance);
                near(steps.burst, naive.burst);
            }
            let greatest = explained.peaks.iter().map(|peak| peak.decayed).fold(0.0, f64::max);
            near(greatest, score.peak);
            let GateStates { count, authors, excess, .. } = explained.gates;
            prop_assert_eq!(count && authors && excess, score.burst.is_some_and(|burst| burst > 0.0));
            if let Some(steps) = explained.steps {
                let sum: f64 = explained.reference.iter().map(|cell| cell.winsorised).sum();
                near(sum, steps.winsorised.sum);
            }
        }
    }
}
