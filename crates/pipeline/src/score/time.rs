//! Ranks the terms of a partition by their course over time. Owns the choice of the windows that
//! each score ranks; the formulas are in `trends::scores`.

use std::collections::BTreeMap;

use trends::scores::{
    BurstGates, ChiSquare, PEAK_FLOOR, PooledDispersion, Scorer, Totals, WindowScore,
};
use trends::{Bucket, Kind, Score};

use super::digest::ScoreDigest;
use super::ranks::Ranks;
use super::series::TermSeries;
use crate::Error;

/// The sums over a run and the settings that all its terms are scored with.
#[derive(Debug)]
pub(crate) struct TimeBasis {
    pub(super) totals: Totals,
    /// The pooled dispersion of each kind.
    pub(crate) pooled: BTreeMap<Kind, PooledDispersion>,
    pub(crate) gates: BurstGates,
    pub(super) scores: Vec<Score>,
}

/// Scores and ranks terms that come sorted by kind. The scorer of a kind serves all its terms.
pub(super) struct TermRanker<'a> {
    time: &'a TimeBasis,
    scorer: Option<(Kind, Scorer<'a>)>,
}

impl TimeBasis {
    fn has(&self, score: Score) -> bool {
        self.scores.contains(&score)
    }

    /// The last closed window.
    pub(super) fn latest(&self) -> Option<i64> {
        self.totals.closed().last().copied()
    }

    pub(super) fn ranker(&self) -> TermRanker<'_> {
        TermRanker { time: self, scorer: None }
    }
}

impl TermRanker<'_> {
    /// Scores one term and ranks it.
    pub(super) fn term(
        &mut self,
        term: &TermSeries,
        ranks: &mut Ranks,
        digest: &mut ScoreDigest,
    ) -> Result<(), Error> {
        let time = self.time;
        if self.scorer.as_ref().is_none_or(|(kind, _)| *kind != term.kind) {
            let none = PooledDispersion::default();
            let pooled = time.pooled.get(&term.kind).unwrap_or(&none);
            self.scorer = Some((term.kind, Scorer::new(&time.totals, time.gates, pooled)));
        }
        let Some((_, scorer)) = &mut self.scorer else { return Ok(()) };
        let last = time.latest();
        let (burst, peak) = (time.has(Score::Burst), time.has(Score::Peak));
        let counted = time.has(Score::Count);
        let (mut earlier, mut all) = (Vec::new(), Vec::new());
        let latest = scorer.score_term(&term.cells, |window| {
            if counted {
                all.push(*window);
            }
            let has_burst = window.burst.is_some_and(|burst| burst > 0.0);
            if Some(window.bucket) != last
                && (burst && has_burst || peak && window.peak >= PEAK_FLOOR)
            {
                earlier.push(*window);
            }
        });
        let Some(latest) = latest else { return Ok(()) };
        digest.window(term, &latest);
        for window in &earlier {
            let values = [(Score::Burst, window.burst), (Score::Peak, Some(window.peak))];
            time.rank(term, window, &values, ranks)?;
        }
        let values = [
            (Score::Burst, latest.burst),
            (Score::Peak, Some(latest.peak)),
            (Score::Popular, Some(latest.popular)),
        ];
        time.rank(term, &latest, &values, ranks)?;
        if time.has(Score::ChiSquare) {
            let value = ChiSquare::latest(&time.totals, &term.today);
            if value > 0.0 {
                digest.chi_square(term, latest.bucket, value);
                time.rank(term, &latest, &[(Score::ChiSquare, Some(value))], ranks)?;
            }
        }
        if counted { counts(term, &all, ranks) } else { Ok(()) }
    }
}

impl TimeBasis {
    fn rank(
        &self,
        term: &TermSeries,
        window: &WindowScore,
        values: &[(Score, Option<f64>)],
        ranks: &mut Ranks,
    ) -> Result<(), Error> {
        for (score, value) in values {
            if self.has(*score)
                && let Some(value) = value.filter(|value| *value > 0.0)
            {
                let key = (term.kind, *score, Bucket(window.bucket));
                ranks.add(key, value, || term.in_window(window, value))?;
            }
        }
        Ok(())
    }
}

/// Ranks a term by its count in each of its windows, with its other scores if the window is closed.
fn counts(term: &TermSeries, windows: &[WindowScore], ranks: &mut Ranks) -> Result<(), Error> {
    for cell in &term.cells {
        // Counts are far below 2^53.
        let value = cell.count as f64;
        ranks.add((term.kind, Score::Count, Bucket(cell.bucket)), value, || {
            let found = windows.binary_search_by_key(&cell.bucket, |window| window.bucket);
            match found {
                Ok(place) => term.in_window(&windows[place], value),
                Err(_) => term.counted(cell, value),
            }
        })?;
    }
    Ok(())
}
