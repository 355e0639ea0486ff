//! Ranks the terms of a partition by their course over time. Owns the choice of the windows that
//! each score ranks; the formulas are in `trends::scores`.

use std::collections::BTreeMap;
use std::iter::Peekable;
use std::slice;
use std::sync::Arc;

use trends::scores::{
    BurstSettings, Cell, ChiSquare, PooledDispersion, Scorer, Totals, WindowScore,
};
use trends::{Bucket, Kind, Score};

use super::digest::ScoreDigest;
use super::ranks::Ranks;
use super::series::TermSeries;
use crate::Error;

/// The sums over a run and the settings that all its terms are scored with.
#[derive(Debug)]
pub(crate) struct TimeBasis {
    pub(super) totals: Arc<Totals>,
    /// The pooled dispersion of each kind.
    pub(crate) pooled: BTreeMap<Kind, PooledDispersion>,
    pub(crate) bursts: BurstSettings,
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
            self.scorer = Some((term.kind, Scorer::new(&time.totals, time.bursts, pooled)));
        }
        let Some((_, scorer)) = &mut self.scorer else { return Ok(()) };
        // A term may have a score in each of a million windows: none is kept.
        let (mut counted, mut ranked) = (Counted::new(term), Ok(()));
        let latest = scorer.score_term(&term.cells, |window| {
            if ranked.is_ok() {
                ranked = time.window(term, window, ranks);
            }
            if time.has(Score::Count) && ranked.is_ok() {
                ranked = counted.window(window, ranks);
            }
        });
        ranked?;
        let Some(latest) = latest else { return Ok(()) };
        digest.window(term, &latest);
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
        if time.has(Score::Count) { counted.finish(ranks) } else { Ok(()) }
    }
}

impl TimeBasis {
    /// Ranks a term in a window before the last.
    fn window(
        &self,
        term: &TermSeries,
        window: &WindowScore,
        ranks: &mut Ranks,
    ) -> Result<(), Error> {
        let has_burst = window.burst.is_some_and(|burst| burst > 0.0);
        let is_ranked = self.has(Score::Burst) && has_burst
            || self.has(Score::Peak) && window.peak >= self.bursts.formula.peak_floor();
        if Some(window.bucket) == self.latest() || !is_ranked {
            return Ok(());
        }
        let values = [(Score::Burst, window.burst), (Score::Peak, Some(window.peak))];
        self.rank(term, window, &values, ranks)
    }

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
struct Counted<'a> {
    term: &'a TermSeries,
    /// The windows that are not ranked yet.
    cells: Peekable<slice::Iter<'a, Cell>>,
}

impl<'a> Counted<'a> {
    fn new(term: &'a TermSeries) -> Self {
        Self { term, cells: term.cells.iter().peekable() }
    }

    /// Ranks the windows up to a scored one, in which the term need not be.
    fn window(&mut self, window: &WindowScore, ranks: &mut Ranks) -> Result<(), Error> {
        while let Some(cell) = self.cells.next_if(|cell| cell.bucket <= window.bucket) {
            let scored = (cell.bucket == window.bucket).then_some(window);
            count(self.term, cell, scored, ranks)?;
        }
        Ok(())
    }

    /// Ranks the windows after the last scored one.
    fn finish(self, ranks: &mut Ranks) -> Result<(), Error> {
        let Self { term, mut cells } = self;
        cells.try_for_each(|cell| count(term, cell, None, ranks))
    }
}

fn count(
    term: &TermSeries,
    cell: &Cell,
    scored: Option<&WindowScore>,
    ranks: &mut Ranks,
) -> Result<(), Error> {
    // Counts are far below 2^53.
    let value = cell.count as f64;
    ranks.add((term.kind, Score::Count, Bucket(cell.bucket)), value, || match scored {
        Some(window) => term.in_window(window, value),
        None => term.counted(cell, value),
    })
}
