//! The scores of one term over time. Owns which windows are told of, their states, the peak and
//! the popularity; knows nothing of how terms are ranked against each other.

use serde::{Deserialize, Serialize};

use super::burst::{Reference, steps};
use super::dispersion::{Point, PooledDispersion, prior};
use super::peak::{Decay, Peaks};
use super::totals::{MIN_HISTORY, Totals};
use super::{Cell, Settings};

/// A window in which the term is absent is told of while its peak is at least this.
pub const PEAK_FLOOR: f64 = 1.0;

const TRENDING: f64 = 4.0;
const RISING: f64 = 3.0;
const POPULAR_HALF_LIFE_SECONDS: f64 = 24.0 * 3600.0;

/// What a term is doing in a window.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Status {
    /// Fewer than 6 buckets before it have documents: there is no burst score.
    #[default]
    InsufficientHistory,
    /// The burst is at least 4.
    Trending,
    /// The burst is at least 3.
    Rising,
    /// The burst is below 3 and the peak at least 4.
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
    /// The measure of the run, of the term in the window.
    pub measured: u64,
    /// What the term is doing.
    pub status: Status,
    /// The term is in the window and was in none of its reference.
    pub new: bool,
    /// z, or 0 where it is negative or a gate is closed; nothing without enough history.
    pub burst: Option<f64>,
    /// The measure by what was expected, at most [`super::GROWTH_CAP`]; 0 where the burst is 0 or
    /// nothing.
    pub growth: f64,
    /// The greatest burst of the last 48 hours, halved for every 4 hours since.
    pub peak: f64,
    /// The sum of the measure over all windows so far, halved for every 24 hours since.
    pub popular: f64,
}

/// Scores the terms of a kind, one after the other.
#[derive(Debug)]
pub struct Scorer<'a> {
    pub(super) totals: &'a Totals,
    pub(super) settings: Settings,
    pub(super) pooled: f64,
    pub(super) pooled_terms: u64,
    pub(super) decay: Decay,
    /// The term that is being scored.
    points: Vec<Point>,
    peaks: Peaks,
}

/// How far the scores of a term have come.
#[derive(Default)]
struct Walk {
    /// The first point that is in the reference.
    first: usize,
    /// The point of the window, or the next one after it.
    next: usize,
    /// The measure over the points from `first` to before `next`.
    sum: u128,
    /// The popularity in the last window the term was in, and that window.
    popular: f64,
    bucket: i64,
}

impl<'a> Scorer<'a> {
    /// A scorer for terms of one kind, with the dispersion pooled over all of that kind.
    pub fn new(totals: &'a Totals, settings: Settings, pooled: &PooledDispersion) -> Self {
        Self {
            totals,
            settings,
            pooled: pooled.dispersion(),
            pooled_terms: pooled.terms(),
            decay: Decay::new(totals.window()),
            points: Vec::new(),
            peaks: Peaks::default(),
        }
    }

    /// Scores a term by its cells, ascending by bucket: tells `emit` of every window it is in and
    /// of those after in which its peak is at least [`PEAK_FLOOR`], in order, and returns its
    /// scores in the last window of the run, told of or not. Cells in buckets that aren't closed
    /// are left out; without a closed bucket there is nothing to say.
    ///
    /// Costs O(cells), and for every window that passes the gates O(cells in its reference).
    pub fn term(&mut self, cells: &[Cell], emit: impl FnMut(&WindowScore)) -> Option<WindowScore> {
        let last = self.totals.closed().len().checked_sub(1)?;
        Some(self.until(last, cells, emit))
    }

    /// The same up to the window at a place, which is the one that is returned.
    pub(super) fn until(
        &mut self,
        end: usize,
        cells: &[Cell],
        mut emit: impl FnMut(&WindowScore),
    ) -> WindowScore {
        self.points.clear();
        self.points.extend(Point::of(self.totals, cells).take_while(|point| point.place <= end));
        self.peaks.clear();
        let mut walk = Walk::default();
        let mut last = None;
        while let Some(Point { place, .. }) = self.points.get(walk.next).copied() {
            let score = self.window(place, &mut walk);
            emit(&score);
            last = Some(score);
            walk.pass(&self.points);
            let following = self.points.get(walk.next).map_or(end + 1, |point| point.place);
            for place in place + 1..following {
                if self.peaks.at(self.totals.bucket(place), &self.decay) < PEAK_FLOOR {
                    break;
                }
                let score = self.window(place, &mut walk);
                emit(&score);
                last = Some(score);
            }
        }
        let told = last.filter(|score| score.bucket == self.totals.bucket(end));
        told.unwrap_or_else(|| self.window(end, &mut walk))
    }

    /// The points before the window at a place that are in its reference, and the point in it.
    pub(super) fn around(&self, place: usize) -> (&[Point], Option<Point>) {
        let start = self.totals.reference(place);
        let first = self.points.partition_point(|point| point.place < start);
        let next = self.points.partition_point(|point| point.place < place);
        let now = self.points.get(next).filter(|point| point.place == place);
        (&self.points[first..next], now.copied())
    }

    /// What the window at a place is compared with, `None` without enough history.
    pub(super) fn reference<'p>(
        &self,
        place: usize,
        points: &'p [Point],
        sum: u128,
    ) -> Option<Reference<'p>> {
        let totals = self.totals;
        let buckets = totals.history(place);
        let prior = prior(self.pooled, sum, buckets);
        let documents = totals.documents_between(totals.reference(place), place);
        let enough = buckets >= MIN_HISTORY;
        enough.then_some(Reference { points, sum, documents, buckets, prior })
    }

    fn window(&mut self, place: usize, walk: &mut Walk) -> WindowScore {
        let (totals, bucket) = (self.totals, self.totals.bucket(place));
        walk.leave(totals.reference(place), &self.points);
        let now = self.points.get(walk.next).filter(|point| point.place == place);
        let measured = now.map_or(0, |point| point.x);
        let reference = self.reference(place, &self.points[walk.first..walk.next], walk.sum);

        let admitted = self.settings.admits(totals.measure(), measured);
        let scored = reference.filter(|_| admitted);
        let scored = scored.map(|reference| steps(measured, totals.documents(place), &reference));
        let scored = scored.filter(|steps| steps.z > 0.0);
        let burst = reference.map(|_| scored.map_or(0.0, |steps| steps.z));
        self.peaks.push(bucket, burst.unwrap_or(0.0), &self.decay);
        let peak = self.peaks.at(bucket, &self.decay);
        WindowScore {
            bucket,
            measured,
            status: Status::of(burst, peak),
            new: reference.is_some() && walk.sum == 0 && measured > 0,
            burst,
            growth: scored.map_or(0.0, |steps| steps.growth),
            peak,
            popular: walk.popularity(totals, bucket, measured),
        }
    }
}

impl Walk {
    /// The points before `start` leave the reference.
    fn leave(&mut self, start: usize, points: &[Point]) {
        for point in &points[self.first..self.next] {
            if point.place >= start {
                break;
            }
            self.sum -= u128::from(point.x);
            self.first += 1;
        }
    }

    /// The point of the window joins the reference of those after it.
    fn pass(&mut self, points: &[Point]) {
        self.sum += points.get(self.next).map_or(0, |point| u128::from(point.x));
        self.next += 1;
    }

    /// Decayed from the last window the term was in, so that it doesn't matter which of the
    /// windows between are asked for.
    fn popularity(&mut self, totals: &Totals, bucket: i64, measured: u64) -> f64 {
        // Before the first window there is nothing to decay, and no time to decay it over.
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
    fn of(burst: Option<f64>, peak: f64) -> Self {
        match burst {
            None => Self::InsufficientHistory,
            Some(burst) if burst >= TRENDING => Self::Trending,
            Some(burst) if burst >= RISING => Self::Rising,
            Some(_) if peak >= TRENDING => Self::Cooling,
            Some(_) => Self::Steady,
        }
    }
}
