//! The scores over time against their definitions in loops over all windows.

use proptest::prelude::*;

use super::*;

/// Four hours: a peak halves with every window, 12 windows are two days and 42 are seven.
const WINDOW: NonZeroU32 = NonZeroU32::new(4 * 3600).unwrap();
const REFERENCE: usize = 42;
const FIRST: i64 = -50;

/// Returns z by the formula with sums of squares, `None` without enough history.
fn z(documents: &[u64], counts: &[u64], now: usize, pooled: f64) -> Option<f64> {
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
    let x = counts[now] as f64;
    Some(2.0 * ((x + 0.375).sqrt() - (expected + 0.375).sqrt()) / (phi * (1.0 + ratio)).sqrt())
}

fn burst(documents: &[u64], counts: &[u64], now: usize) -> Option<f64> {
    let z = z(documents, counts, now, 4.0)?;
    Some(if counts[now] >= 5 { z.max(0.0) } else { 0.0 })
}

fn peak(documents: &[u64], counts: &[u64], now: usize) -> f64 {
    let decayed = |j: usize| {
        let score = if documents[now - j] > 0 { burst(documents, counts, now - j) } else { None };
        score.unwrap_or(0.0) * 0.5_f64.powi(j as i32)
    };
    (0..=now.min(12)).map(decayed).fold(0.0, f64::max)
}

fn popular(counts: &[u64], now: usize) -> f64 {
    let decayed = |j: usize| counts[now - j] as f64 * 0.5_f64.powf(j as f64 / 6.0);
    (0..=now).map(decayed).sum()
}

fn status(burst: Option<f64>, peak: f64) -> Status {
    match burst {
        None => Status::InsufficientHistory,
        Some(burst) if burst >= 4.0 => Status::Trending,
        Some(burst) if burst >= 3.0 => Status::Rising,
        Some(_) if peak >= 4.0 => Status::Cooling,
        Some(_) => Status::Steady,
    }
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
    fn every_window_is_scored_by_the_definitions(series in series()) {
        let (documents, counts): (Vec<_>, Vec<_>) = series.into_iter().unzip();
        let totals = totals(WINDOW, FIRST, &documents);
        let emitted = emitted(&totals, &cells(FIRST, &counts));
        let index = |bucket: &i64| (bucket - FIRST) as usize;
        let windows: Vec<usize> = totals.closed().iter().map(index).collect();
        let expected: Vec<usize> = windows
            .iter()
            .copied()
            .filter(|now| counts[*now] > 0 || peak(&documents, &counts, *now) >= 1.0)
            .collect();
        let found: Vec<usize> = emitted.iter().map(|score| index(&score.bucket)).collect();
        prop_assert_eq!(found, expected);
        for score in &emitted {
            let now = index(&score.bucket);
            let naive = burst(&documents, &counts, now);
            prop_assert_eq!(naive.is_some(), score.burst.is_some());
            near(score.burst.unwrap_or(0.0), naive.unwrap_or(0.0));
            near(score.peak, peak(&documents, &counts, now));
            near(score.popular, popular(&counts, now));
            let status = status(naive, peak(&documents, &counts, now));
            prop_assert_eq!(score.status, status);
            let before = &counts[now.saturating_sub(REFERENCE)..now];
            let new = naive.is_some() && counts[now] > 0 && before.iter().sum::<u64>() == 0;
            prop_assert_eq!(score.new, new);
        }
        if let Some(now) = windows.last() {
            near(last(&totals, &cells(FIRST, &counts)).popular, popular(&counts, *now));
        }
    }

    #[test]
    fn an_explanation_holds_the_published_scores_and_its_steps_lead_to_them(series in series()) {
        let (documents, counts): (Vec<_>, Vec<_>) = series.into_iter().unzip();
        let totals = totals(WINDOW, FIRST, &documents);
        let cells = cells(FIRST, &counts);
        let pool = PooledDispersion::default();
        let mut scorer = Scorer::new(&totals, BurstGates::default(), &pool);
        for score in emitted(&totals, &cells) {
            let explained = scorer.explain(&cells, score.bucket).unwrap();
            prop_assert_eq!(explained.score.published, score);
            let now = (score.bucket - FIRST) as usize;
            let naive = z(&documents, &counts, now, explained.pooled_dispersion);
            near(explained.steps.map_or(0.0, |steps| steps.z), naive.unwrap_or(0.0));
            let greatest = explained.peaks.iter().map(|peak| peak.decayed).fold(0.0, f64::max);
            near(greatest, score.peak);
            let GateStates { count, authors, excess, .. } = explained.gates;
            prop_assert_eq!(count && authors && excess, score.burst.is_some_and(|z| z > 0.0));
            if let Some(steps) = explained.steps {
                let sum: f64 = explained.reference.iter().map(|cell| cell.winsorised).sum();
                near(sum, steps.winsorised.sum);
            }
        }
    }
}
