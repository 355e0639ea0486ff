//! The score stage: ranks the topics of one partition by what they do over time and against a baseline,
//! and tells which pairs are phrases. Owns the order of these, and when there is anything to score; the
//! formulas are `trends::scores`.
//!
//! What needs all partitions was gathered by the stages before: the totals of each window by etl, the
//! dispersion of the terms and the margins of the pairs by aggregate. So the number of partitions never
//! shows.

mod baseline;
mod digest;
mod phrases;
mod ranks;
mod series;
mod time;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use store::Stage;
use store::marker::Marker;
use trends::result::ScoredBlock;
use trends::scores::PooledDispersion;
use trends::{Bucket, Kind, Score};

use baseline::{Baseline, Lookup};
use digest::ScoreDigest;
pub(crate) use phrases::PhraseBlocks;
use ranks::Ranks;
pub(crate) use ranks::{SectionBlocks, merge_sections};
use series::{Series, TermSeries};
use time::{Clock, Timed};

use crate::aggregate::{AggregateReport, timed_totals};
use crate::blocks::BlockSink;
use crate::etl::{Shard, pairs, window_totals};
use crate::markers::{self, marked};
use crate::parallel::in_parallel;
use crate::plan::Plan;
use crate::supersede::unless_superseded;
use crate::{Context, Error};

/// What the marker of a scored partition reports.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ScoreReport {
    /// Its topics by kind, score and window, in order.
    pub(crate) scored: Vec<ScoredBlock>,
    /// Its phrases, where those are asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) phrases: Option<PhraseBlocks>,
    /// The digest of the scores of each of its slots, in hexadecimal digits.
    pub(crate) slots: Vec<String>,
}

/// What all partitions are scored with.
#[derive(Debug)]
pub(crate) struct Basis {
    /// Where scores over time are asked for.
    timed: Option<Timed>,
    /// All pairs of neighbouring words, where phrases are asked for.
    pairs: Option<u64>,
    baseline: Option<Baseline>,
}

impl Basis {
    /// The last window.
    pub(crate) fn latest(&self) -> Option<i64> {
        self.timed.as_ref().and_then(Timed::latest)
    }

    /// All pairs of neighbouring words, where phrases are asked for.
    pub(crate) fn pairs(&self) -> Option<u64> {
        self.pairs
    }

    /// Whether there are scores over time.
    pub(crate) fn is_timed(&self) -> bool {
        self.timed.is_some()
    }

    /// The pooled dispersion of each kind; empty without scores over time.
    pub(crate) fn pooled(&self) -> BTreeMap<Kind, PooledDispersion> {
        self.timed.as_ref().map(|timed| timed.pooled.clone()).unwrap_or_default()
    }

    /// What a run is scored with, `None` where there is nothing to score.
    pub(crate) fn of(
        context: &Context,
        plan: &Plan,
        shards: &[Shard],
        partitions: &[Marker<AggregateReport>],
    ) -> Result<Option<Self>, Error> {
        let analysis = &plan.analysis;
        if !analysis.needs_scoring() {
            return Ok(None);
        }
        let timed = timed_totals(analysis, &window_totals(shards)).map(|totals| {
            let (gates, scores) = (analysis.gates(), analysis.scores.clone());
            Timed { totals, pooled: pooled(partitions), gates, scores }
        });
        let reports = shards.iter().map(|shard| &shard.marker.report);
        let own = reports.map(|report| report.records.counted - report.excluded).sum();
        let baseline =
            analysis.baseline.as_ref().filter(|_| analysis.scores.contains(&Score::Keyness));
        Ok(Some(Self {
            timed,
            pairs: analysis.kinds.contains(&Kind::Phrase).then(|| pairs(shards)),
            baseline: baseline.map(|pinned| Baseline::open(context, pinned, own)).transpose()?,
        }))
    }
}

/// The dispersion of all partitions.
fn pooled(partitions: &[Marker<AggregateReport>]) -> BTreeMap<Kind, PooledDispersion> {
    let mut sums: BTreeMap<Kind, PooledDispersion> = BTreeMap::new();
    for (kind, pooled) in partitions.iter().flat_map(|partition| &partition.report.pooled) {
        sums.entry(*kind).or_default().merge(pooled);
    }
    sums
}

/// Scores one partition of a run whose partitions are all merged, unless an attempt did already. Where
/// there is nothing to score, nothing is done.
///
/// # Errors
/// `Superseded` if a run of the source that was started later is published already; an input error if there
/// is no such partition.
pub fn score_partition(
    context: &Context,
    plan: &Plan,
    shards: &[Shard],
    partitions: &[Marker<AggregateReport>],
    partition: u16,
) -> Result<(), Error> {
    let Some(basis) = Basis::of(context, plan, shards, partitions)? else { return Ok(()) };
    if usize::from(partition) >= partitions.len() {
        let merged = partitions.len();
        return Err(Error::Input(format!("partition {partition} is none of the {merged} merged")));
    }
    score(context, plan, &basis, partitions, partition).map(drop)
}

/// Scores every partition that nobody scored yet, where there is anything to score.
pub(crate) fn score_all(
    context: &Context,
    plan: &Plan,
    shards: &[Shard],
    partitions: &[Marker<AggregateReport>],
) -> Result<(), Error> {
    match Basis::of(context, plan, shards, partitions)? {
        Some(basis) => all(context, plan, &basis, partitions).map(drop),
        None => Ok(()),
    }
}

/// Scores all partitions that nobody scored, on all threads, and returns their markers in order.
pub(crate) fn all(
    context: &Context,
    plan: &Plan,
    basis: &Basis,
    partitions: &[Marker<AggregateReport>],
) -> Result<Vec<Marker<ScoreReport>>, Error> {
    in_parallel(context, partitions.len(), |share, partition| {
        // There are at most 1,024 partitions.
        score(share, plan, basis, partitions, partition as u16)
    })
}

/// Scores a partition, unless an attempt did already. Returns the marker that counts.
fn score(
    context: &Context,
    plan: &Plan,
    basis: &Basis,
    partitions: &[Marker<AggregateReport>],
    partition: u16,
) -> Result<Marker<ScoreReport>, Error> {
    let index = u32::from(partition);
    if let Some(done) = markers::finished(context, plan, Stage::Score, index)? {
        return Ok(done);
    }
    unless_superseded(context, plan, || {
        let home = context.home(Stage::Score, index);
        let mut sink = BlockSink::new(context, home.clone());
        let mut ranking = Ranking {
            clock: basis.timed.as_ref().map(Timed::clock),
            lookup: basis.baseline.as_ref().map(|baseline| baseline.lookup(context)),
            ranks: Ranks::new(context, basis.latest()),
            digest: ScoreDigest::new(plan.partitions()?.slots(partition)),
        };
        if ranking.is_asked() {
            let aggregated = partitions.get(usize::from(partition)).ok_or(Error::Panicked)?;
            let mut terms = Series::topics(context, aggregated, index)?;
            while let Some(term) = terms.next_term()? {
                context.cancel.check()?;
                ranking.term(term)?;
            }
        }
        let phrases = basis.pairs.map(|pairs| {
            phrases::select(context, partitions, partition, pairs, &mut sink, |term| {
                ranking.digest.phrase(term);
                ranking.term(term)
            })
        });
        let phrases = phrases.transpose()?;
        let Ranking { ranks, digest, .. } = ranking;
        let scored = ranks.finish(&mut sink)?;
        sink.finish()?;
        marked(context, plan, &home, ScoreReport { scored, phrases, slots: digest.finish() })
    })
}

/// Ranks the terms of a partition that are topics, one after the other: phrases last.
struct Ranking<'a> {
    clock: Option<Clock<'a>>,
    lookup: Option<Lookup<'a>>,
    ranks: Ranks,
    digest: ScoreDigest,
}

impl Ranking<'_> {
    /// Whether terms are ranked by anything.
    fn is_asked(&self) -> bool {
        self.clock.is_some() || self.lookup.is_some()
    }

    fn term(&mut self, term: &TermSeries) -> Result<(), Error> {
        let Self { clock, lookup, ranks, digest } = self;
        if let Some(clock) = clock {
            clock.term(term, ranks, digest)?;
        }
        let compared = lookup.as_mut().map_or(Ok(None), |lookup| lookup.compare(term))?;
        let Some((compared, keyness)) = compared else { return Ok(()) };
        digest.keyness(term, &keyness);
        let Bucket(whole) = Bucket::WHOLE;
        ranks.add(Score::Keyness, term.kind, whole, keyness.lower, || {
            term.compared(compared, keyness.lower)
        })
    }
}
