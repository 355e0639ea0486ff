//! The score stage: ranks the topics of one partition by what they do over time. Owns the way from
//! stored series to scored sections; the formulas are `trends::scores`.
//!
//! What needs all partitions was gathered by the stages before: the totals of each window by etl, the
//! dispersion of the terms by aggregate. So the number of partitions never shows.

mod ranks;
mod series;

use std::collections::BTreeMap;
use std::num::NonZeroU32;

use serde::{Deserialize, Serialize};
use store::Stage;
use store::marker::Marker;
use trends::digest::{hex, unhex};
use trends::facts::Facts;
use trends::format::ScoredTopic;
use trends::result::ScoredBlock;
use trends::scores::{BucketTotal, PooledDispersion, Scorer, Settings, Totals, WindowScore};
use trends::window::WindowTotals;
use trends::{Bucket, Kind, Score};

use ranks::Ranks;
pub(crate) use ranks::{SectionBlocks, Sections, merge_sections};
use series::{Series, TermSeries};

use crate::aggregate::AggregateReport;
use crate::blocks::BlockSink;
use crate::markers::{self, marked};
use crate::plan::{Analysis, Plan};
use crate::supersede::unless_superseded;
use crate::{Context, Error};

/// What the marker of a scored partition reports.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ScoreReport {
    /// Its topics by kind, score and window, in order.
    pub(crate) scored: Vec<ScoredBlock>,
    /// The digest of the scores of each of its slots, in hexadecimal digits.
    pub(crate) slots: Vec<String>,
}

/// What all partitions are scored with.
#[derive(Debug)]
pub(crate) struct Basis {
    totals: Totals,
    pooled: BTreeMap<Kind, PooledDispersion>,
    settings: Settings,
    scores: Vec<Score>,
}

impl Basis {
    /// The last window.
    pub(crate) fn latest(&self) -> Option<i64> {
        self.totals.closed().last().copied()
    }

    /// The pooled dispersion of each kind, as a result's index keeps it.
    pub(crate) fn pooled_digits(&self) -> impl Iterator<Item = (Kind, String)> {
        self.pooled.iter().map(|(kind, pooled)| (*kind, pooled_digits(pooled)))
    }

    /// The totals of the run's windows, `None` where no scores are asked for.
    pub(crate) fn totals(analysis: &Analysis, totals: &WindowTotals) -> Option<Totals> {
        let window = analysis.window.and_then(|window| u32::try_from(window).ok());
        let window = window.and_then(NonZeroU32::new).filter(|_| !analysis.scores.is_empty())?;
        let total = |(bucket, total): (&i64, &trends::window::WindowTotal)| BucketTotal {
            bucket: *bucket,
            documents: total.documents,
            with_author: total.with_author,
        };
        Some(Totals::new(window, totals.0.iter().map(total)))
    }

    /// What a run is scored with, `None` where no scores are asked for.
    pub(crate) fn of(
        plan: &Plan,
        totals: &WindowTotals,
        partitions: &[Marker<AggregateReport>],
    ) -> Result<Option<Self>, Error> {
        let Some(totals) = Self::totals(&plan.analysis, totals) else { return Ok(None) };
        let mut pooled: BTreeMap<Kind, PooledDispersion> = BTreeMap::new();
        for (kind, digits) in partitions.iter().flat_map(|partition| &partition.report.pooled) {
            let bytes = unhex(digits).and_then(|bytes| PooledDispersion::decode(&bytes).ok());
            let bytes = bytes.ok_or_else(|| {
                Error::Input(format!("the pooled dispersion of kind {kind} is damaged"))
            })?;
            pooled.entry(*kind).or_default().merge(&bytes);
        }
        let settings = plan.analysis.gates();
        Ok(Some(Self { totals, pooled, settings, scores: plan.analysis.scores.clone() }))
    }
}

/// The bytes of a pooled dispersion, in hexadecimal digits.
pub(crate) fn pooled_digits(pooled: &PooledDispersion) -> String {
    let mut bytes = Vec::new();
    pooled.encode(&mut bytes);
    hex(&bytes)
}

/// Scores a partition, unless an attempt did already. Returns the marker that counts.
pub(crate) fn score(
    context: &Context,
    plan: &Plan,
    basis: &Basis,
    aggregated: &Marker<AggregateReport>,
    partition: u16,
) -> Result<Marker<ScoreReport>, Error> {
    let index = u32::from(partition);
    if let Some(done) = markers::finished(context, plan, Stage::Score, index)? {
        return Ok(done);
    }
    unless_superseded(context, plan, || {
        let home = context.home(Stage::Score, index);
        let mut sink = BlockSink::new(context, home.clone());
        let slots = plan.partitions()?.slots(partition);
        let mut ranks = Ranks::new(context, basis.latest());
        let mut digest = ScoreDigest::new(slots);
        let series = Series::new(context, aggregated, index)?;
        let mut scorer = None;
        series.each_term(|term| {
            context.cancel.check()?;
            basis.term(term, &mut scorer, &mut ranks, &mut digest)
        })?;
        let ranked = ranks.finish(&mut sink)?;
        sink.finish()?;
        marked(context, plan, &home, ScoreReport { scored: ranked, slots: digest.finish() })
    })
}

impl Basis {
    /// Scores one term and ranks it.
    fn term<'b>(
        &'b self,
        term: &TermSeries,
        scorer: &mut Option<(Kind, Scorer<'b>)>,
        ranks: &mut Ranks,
        digest: &mut ScoreDigest,
    ) -> Result<(), Error> {
        if scorer.as_ref().is_none_or(|(kind, _)| *kind != term.kind) {
            let none = PooledDispersion::default();
            let pooled = self.pooled.get(&term.kind).unwrap_or(&none);
            *scorer = Some((term.kind, Scorer::new(&self.totals, self.settings, pooled)));
        }
        let Some((_, scorer)) = scorer else { return Ok(()) };
        let last = self.latest();
        let mut bursts = Vec::new();
        let wants = |score| self.scores.contains(&score);
        let latest = scorer.term(&term.cells, |window| {
            if Some(window.bucket) != last && window.burst.is_some_and(|burst| burst > 0.0) {
                bursts.push(*window);
            }
        });
        let Some(latest) = latest else { return Ok(()) };
        digest.add(term, &latest);
        if wants(Score::Burst) {
            for window in &bursts {
                ranks.add(Score::Burst, term.in_window(window, window.burst))?;
            }
        }
        let values = [
            (Score::Burst, latest.burst),
            (Score::Peak, Some(latest.peak)),
            (Score::Popular, Some(latest.popular)),
        ];
        for (score, value) in values {
            if wants(score) && value.is_some_and(|value| value > 0.0) {
                ranks.add(score, term.in_window(&latest, value))?;
            }
        }
        Ok(())
    }
}

impl TermSeries {
    /// The term in a window, ranked by a value.
    fn in_window(&self, window: &WindowScore, value: Option<f64>) -> (Kind, Bucket, ScoredTopic) {
        let cell = self.cells.binary_search_by_key(&window.bucket, |cell| cell.bucket);
        let cell = cell.ok().and_then(|at| self.cells.get(at)).copied().unwrap_or_default();
        let topic = ScoredTopic {
            term: self.term.clone(),
            form: shown(&self.facts, &self.term),
            count: cell.count,
            documents: cell.documents,
            authors: self.facts.authors.map(|_| cell.authors),
            value: value.unwrap_or_default(),
            status: window.status,
            new: window.new,
            burst: window.burst,
            growth: window.growth,
            peak: window.peak,
            popular: window.popular,
        };
        (self.kind, Bucket(window.bucket), topic)
    }
}

fn shown(facts: &Facts, term: &str) -> Option<String> {
    facts.forms.first().map(|form| form.form.clone()).filter(|form| form != term)
}

/// Hashes the scores of terms in the last window as `trends::digest` hashes their rows: kind, length of
/// the term, term, bucket, then burst (or all bits set), growth, peak and popular by their bits, status
/// and new in one byte.
struct ScoreDigest {
    slots: std::ops::Range<u16>,
    hashers: Vec<sha2::Sha256>,
}

impl ScoreDigest {
    fn new(slots: std::ops::Range<u16>) -> Self {
        let hashers = slots.clone().map(|_| sha2::Sha256::default()).collect();
        Self { slots, hashers }
    }

    fn add(&mut self, term: &TermSeries, score: &WindowScore) {
        use sha2::Digest as _;
        let slot = trends::slot(term.kind, term.term.as_bytes());
        let place = usize::from(slot.wrapping_sub(self.slots.start));
        let Some(hasher) = self.hashers.get_mut(place) else { return };
        hasher.update([term.kind.byte()]);
        // A stored term is at most 1,024 bytes long.
        hasher.update((term.term.len() as u32).to_be_bytes());
        hasher.update(&term.term);
        hasher.update(score.bucket.to_be_bytes());
        hasher.update(score.burst.map_or(u64::MAX, f64::to_bits).to_be_bytes());
        for number in [score.growth, score.peak, score.popular] {
            hasher.update(number.to_bits().to_be_bytes());
        }
        hasher.update([score.status as u8 * 2 + u8::from(score.new)]);
    }

    fn finish(self) -> Vec<String> {
        use sha2::Digest as _;
        self.hashers.into_iter().map(|hasher| hex(&hasher.finalize())).collect()
    }
}

/// Scores all partitions that nobody scored, on all threads, and returns their markers in order.
pub(crate) fn all(
    context: &Context,
    plan: &Plan,
    basis: &Basis,
    partitions: &[Marker<AggregateReport>],
) -> Result<Vec<Marker<ScoreReport>>, Error> {
    crate::local::in_parallel(context, partitions.len(), |share, partition| {
        let aggregated = partitions.get(partition as usize);
        let aggregated = aggregated.ok_or(Error::Panicked)?;
        // There are at most 1,024 partitions.
        score(share, plan, basis, aggregated, partition as u16)
    })
}
