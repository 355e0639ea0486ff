//! The scores of one term over time. Owns the choice of the emitted windows, their statuses and the
//! popularity; doesn't rank terms against each other.

use serde::{Deserialize, Serialize};

use super::burst::burst_steps;
use super::dispersion::{Point, PooledDispersion};
use super::peak::{Decay, PeakCandidates};
use super::reference::{Chosen, History, choose, has_history, needed_from};
use super::totals::Totals;
use super::{BurstSettings, Cell, Formula};

/// The fewest points before a reference that are dropped at once.
const FORGOTTEN: usize = 1_024;
const POPULAR_HALF_LIFE_SECONDS: f64 = 24.0 * 3600.0;

/// The state of a term in a window.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Status {
    /// Fewer than 6 buckets of the reference have documents, so the window has no burst score.
    #[default]
    InsufficientHistory,
    /// The significance is at least that of trending terms ([`Formula::trending`]).
    Trending,
    /// The significance is lower, but at least that of rising terms ([`Formula::rising`]).
    Rising,
    /// The significance is lower still, but was that of a trending term in the last 48 hours and,
    /// halved for every 4 hours since, still is.
    Cooling,
    /// None of these.
    Steady,
}

/// The scores of a term in a window.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct WindowScore {
    /// The window.
    pub bucket: i64,
    /// The measure of the term in the window.
    pub measured: u64,
    /// The state of the term.
    pub status: Status,
    /// True if the term is in the window and in no bucket of its reference.
    pub new: bool,
    /// The burst, or 0 where it is negative or a gate is closed; `None` without enough history.
    pub burst: Option<f64>,
    /// The number of standard deviations by which the measure exceeds its expected value, which
    /// decides the status; 0 where the burst is 0 or `None`.
    pub significance: f64,
    /// The measure divided by its expected value, at most [`super::GROWTH_CAP`]; 0 where the burst
    /// is 0 or `None`.
    pub growth: f64,
    /// The greatest burst of the last 48 hours, each halved for every 4 hours since.
    pub peak: f64,
    /// The sum of the measure over all windows so far, each halved for every 24 hours since.
    pub popular: f64,
}

/// Scores the terms of a kind, one after the other.
#[derive(Debug)]
pub struct Scorer<'a> {
    pub(super) totals: &'a Totals,
    pub(super) settings: BurstSettings,
    pub(super) pooled: f64,
    pub(super) pooled_terms: u64,
    pub(super) decay: Decay,
    /// The points of the current term in all references of the current window, and the next one.
    /// Each term reuses their memory.
    points: Vec<Point>,
    /// A buffer for the points of a seasonal reference.
    picked: Vec<Point>,
    peaks: PeakCandidates,
    significances: PeakCandidates,
}

/// The sums over the trailing reference of a term, updated from window to window.
#[derive(Default)]
struct RunningSums {
    /// The index of the first point in the reference.
    first: usize,
    /// The index of the point of the window, or of the first point after it.
    next: usize,
    /// The measure over the points from `first` to before `next`.
    sum: u128,
    /// The popularity in the last window with the term.
    popular: f64,
    /// The last window with the term.
    bucket: i64,
}

impl<'a> Scorer<'a> {
    /// Creates a scorer for the terms of one kind; `pooled` is the dispersion of that kind.
    pub fn new(totals: &'a Totals, settings: BurstSettings, pooled: &PooledDispersion) -> Self {
        Self {
            totals,
            settings,
            pooled: pooled.dispersion(),
            pooled_terms: pooled.terms(),
            decay: Decay::new(totals.window()),
            points: Vec::new(),
            picked: Vec::new(),
            peaks: PeakCandidates::default(),
            significances: PeakCandidates::default(),
        }
    }

    /// Scores a term by its cells, ascending by bucket, and returns its scores in the last window
    /// of the run. Calls `emit`, in order, for every window with the term and for the windows
    /// after it in which the peak is at least [`Formula::peak_floor`]. Skips cells in buckets that are not
    /// closed. Returns `None` if no bucket is closed.
    ///
    /// Costs O(cells), and for every window that passes the gates O(cells in its reference).
    pub fn score_term(
        &mut self,
        cells: &[Cell],
        emit: impl FnMut(&WindowScore),
    ) -> Option<WindowScore> {
        let last = self.totals.closed().len().checked_sub(1)?;
        Some(self.score_until(last, cells, emit))
    }

    /// Scores a term up to the window at position `end` and returns its scores there.
    pub(super) fn score_until(
        &mut self,
        end: usize,
        cells: &[Cell],
        mut emit: impl FnMut(&WindowScore),
    ) -> WindowScore {
        let (totals, floor) = (self.totals, self.settings.formula.peak_floor());
        let points = cells.iter().filter_map(|cell| Point::of(totals, cell));
        let mut unread = points.take_while(|point| point.position <= end);
        self.points.clear();
        self.points.extend(unread.next());
        self.peaks.clear();
        self.significances.clear();
        let mut sums = RunningSums::default();
        let mut last = None;
        while let Some(Point { position, .. }) = self.points.get(sums.next).copied() {
            self.points.extend(unread.next());
            let score = self.score_window(position, &mut sums);
            emit(&score);
            last = Some(score);
            sums.add_next(&self.points);
            let following = self.points.get(sums.next).map_or(end + 1, |point| point.position);
            for position in position + 1..following {
                if self.peaks.at(self.totals.bucket(position), &self.decay) < floor {
                    break;
                }
                let score = self.score_window(position, &mut sums);
                emit(&score);
                last = Some(score);
            }
            let needed = || needed_from(totals, self.settings.reference, following.min(end));
            sums.forget(&mut self.points, needed);
        }
        let emitted = last.filter(|score| score.bucket == self.totals.bucket(end));
        emitted.unwrap_or_else(|| self.score_window(end, &mut sums))
    }

    /// Chooses the reference of the window at a position. `sums` are those of the current term at
    /// that window.
    fn reference(&mut self, position: usize, sums: &RunningSums) -> Option<Chosen<'_>> {
        let history = History {
            totals: self.totals,
            choice: self.settings.reference,
            pooled: self.pooled,
            points: &self.points[..sums.next],
            trailing: sums.first,
            sum: sums.sum,
        };
        choose(&history, position, &mut self.picked)
    }

    /// Returns the reference of the last window that was scored, which is at this position.
    pub(super) fn last_reference(&mut self, position: usize) -> Option<Chosen<'_>> {
        let start = self.totals.reference_start(position);
        let first = self.points.partition_point(|point| point.position < start);
        let next = self.points.partition_point(|point| point.position < position);
        let sum = self.points[first..next].iter().map(|point| u128::from(point.x)).sum();
        self.reference(position, &RunningSums { first, next, sum, ..RunningSums::default() })
    }

    fn score_window(&mut self, position: usize, sums: &mut RunningSums) -> WindowScore {
        let (totals, bucket) = (self.totals, self.totals.bucket(position));
        sums.remove_before(totals.reference_start(position), &self.points);
        let now = self.points.get(sums.next).filter(|point| point.position == position);
        let measured = now.map_or(0, |point| point.x);

        let BurstSettings { gates, formula, .. } = self.settings;
        let documents = totals.documents(position);
        let steps = gates
            .admits(totals.measure(), measured)
            .then(|| self.reference(position, sums))
            .flatten()
            .map(|chosen| burst_steps(formula, measured, documents, &chosen.reference))
            .filter(|steps| steps.is_burst(formula));
        let has_history = has_history(totals, position);
        let burst = has_history.then(|| steps.map_or(0.0, |steps| steps.burst));
        let significance = steps.map_or(0.0, |steps| steps.significance);
        self.peaks.push(bucket, burst.unwrap_or(0.0), &self.decay);
        self.significances.push(bucket, significance, &self.decay);
        let peak = self.peaks.at(bucket, &self.decay);
        let decayed = self.significances.at(bucket, &self.decay);
        WindowScore {
            bucket,
            measured,
            status: Status::of(formula, burst.map(|_| significance), decayed),
            new: has_history && sums.sum == 0 && measured > 0,
            burst,
            significance,
            growth: steps.map_or(0.0, |steps| steps.growth),
            peak,
            popular: sums.popularity(totals, bucket, measured),
        }
    }
}

impl RunningSums {
    /// Removes the points before position `start` from the reference.
    fn remove_before(&mut self, start: usize, points: &[Point]) {
        for point in &points[self.first..self.next] {
            if point.position >= start {
                break;
            }
            self.sum -= u128::from(point.x);
            self.first += 1;
        }
    }

    /// Adds the point of the window to the reference of the windows after it.
    fn add_next(&mut self, points: &[Point]) {
        self.sum += points.get(self.next).map_or(0, |point| u128::from(point.x));
        self.next += 1;
    }

    /// Drops the points before the position that is still needed, if they are many.
    fn forget(&mut self, points: &mut Vec<Point>, needed: impl FnOnce() -> usize) {
        if self.first > FORGOTTEN && self.first * 2 > points.len() {
            let needed = needed();
            let dropped = points[..self.first].partition_point(|point| point.position < needed);
            points.drain(..dropped);
            self.next -= dropped;
            self.first -= dropped;
        }
    }

    /// Returns the popularity in a window. It decays from the last window with the term, so it
    /// doesn't depend on which of the windows between are scored.
    fn popularity(&mut self, totals: &Totals, bucket: i64, measured: u64) -> f64 {
        // Before the first window with the term, `self.bucket` holds no window to decay from.
        let decayed = if self.popular > 0.0 {
            let windows = bucket.saturating_sub(self.bucket) as f64;
            let seconds = windows * f64::from(totals.window().get());
            self.popular * libm::exp2(-seconds / POPULAR_HALF_LIFE_SECONDS)
        } else {
            0.0
        };
        let popular = decayed + measured as f64;
        if measured > 0 {
            (self.popular, self.bucket) = (popular, bucket);
        }
        popular
    }
}

impl Status {
    /// Returns the status of a window by its significance, `None` without enough history, and by
    /// the greatest significance of the last 48 hours after decay.
    fn of(formula: Formula, significance: Option<f64>, decayed: f64) -> Self {
        match significance {
            None => Self::InsufficientHistory,
            Some(now) if now >= formula.trending() => Self::Trending,
            Some(now) if now >= formula.rising() => Self::Rising,
            Some(_) if decayed >= formula.trending() => Self::Cooling,
            Some(_) => Self::Steady,
        }
    }
}
