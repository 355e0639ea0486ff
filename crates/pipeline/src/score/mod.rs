//! The score stage: ranks the topics of one partition by their course over time and against a
//! baseline, and decides which pairs are phrases. Owns the order of these steps, and the conditions
//! of each; the formulas are in `trends::scores`.
//!
//! The earlier stages have gathered the sums over all partitions: etl the totals of each window,
//! aggregate the dispersion of the terms and the margins of the pairs. So the number of partitions
//! changes nothing in the result.

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
use phrases::{MIN_BUDGET, PhraseSelection};
use ranks::Ranks;
pub(crate) use ranks::{SectionBlocks, merge_sections};
use series::{Series, TermSeries};
use time::{TermRanker, TimeBasis};

use crate::aggregate::AggregateReport;
use crate::attempt::Attempt;
use crate::blocks::BlockSink;
use crate::etl::CountedShards;
use crate::markers;
use crate::parallel::in_parallel;
use crate::plan::{PartitionIndex, Plan};
use crate::supersede::unless_superseded;
use crate::{Context, Error};

/// The blocks of a scored partition and their digests, in its marker.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ScoreReport {
    /// Its topics by kind, score and window, in order.
    pub(crate) scored: Vec<ScoredBlock>,
    /// Its phrases, if phrases are counted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) phrases: Option<PhraseBlocks>,
    /// The digest of the scores of each of its slots, in hexadecimal digits.
    pub(crate) slots: Vec<String>,
}

/// The sums over a whole run that each of its partitions is scored with.
#[derive(Debug)]
pub(crate) struct Basis {
    /// The sums for scores over time, if there is such a score.
    pub(crate) time: Option<TimeBasis>,
    /// All pairs of neighbouring words, if phrases are counted.
    pub(crate) pairs: Option<u64>,
    /// The number of windows.
    windows: usize,
    baseline: Option<Baseline>,
}

impl Basis {
    /// The last closed window.
    pub(crate) fn latest(&self) -> Option<i64> {
        self.time.as_ref().and_then(TimeBasis::latest)
    }

    /// Gathers the sums of a run, `None` if there is nothing to score.
    pub(crate) fn of(
        context: &Context,
        plan: &Plan,
        shards: &CountedShards,
        partitions: &[Marker<AggregateReport>],
    ) -> Result<Option<Self>, Error> {
        let analysis = &plan.analysis;
        if !analysis.needs_scoring() {
            return Ok(None);
        }
        let time = shards.timed_totals(analysis).map(|totals| {
            let (bursts, scores) = (analysis.bursts(), analysis.scores.clone());
            TimeBasis { totals, pooled: pooled(partitions), bursts, scores }
        });
        let reports = shards.iter().map(|shard| &shard.marker.report);
        let own = reports.map(|report| report.records.counted - report.excluded).sum();
        let baseline =
            analysis.baseline.as_ref().filter(|_| analysis.scores.contains(&Score::Keyness));
        Ok(Some(Self {
            time,
            pairs: analysis.kinds.contains(&Kind::Phrase).then(|| shards.pairs()),
            windows: shards.totals().len(),
            baseline: baseline.map(|pinned| Baseline::open(context, pinned, own)).transpose()?,
        }))
    }
}

/// Adds up the dispersion of all partitions.
fn pooled(partitions: &[Marker<AggregateReport>]) -> BTreeMap<Kind, PooledDispersion> {
    let mut sums: BTreeMap<Kind, PooledDispersion> = BTreeMap::new();
    for (kind, pooled) in partitions.iter().flat_map(|partition| &partition.report.pooled) {
        sums.entry(*kind).or_default().merge(pooled);
    }
    sums
}

/// Scores one partition of a run, unless an attempt has scored it. `partitions` are the markers of
/// all aggregated partitions. Does nothing if there is nothing to score.
///
/// # Errors
/// `Superseded` if a later run of the source has been published.
pub fn score_partition(
    context: &Context,
    plan: &Plan,
    shards: &CountedShards,
    partitions: &[Marker<AggregateReport>],
    partition: PartitionIndex,
) -> Result<(), Error> {
    match Basis::of(context, plan, shards, partitions)? {
        Some(basis) => score(context, plan, &basis, partitions, partition).map(drop),
        None => Ok(()),
    }
}

/// Scores every partition that no attempt has scored, if there is anything to score.
pub(crate) fn score_all(
    context: &Context,
    plan: &Plan,
    shards: &CountedShards,
    partitions: &[Marker<AggregateReport>],
) -> Result<(), Error> {
    match Basis::of(context, plan, shards, partitions)? {
        Some(basis) => all(context, plan, &basis, partitions).map(drop),
        None => Ok(()),
    }
}

/// Scores every partition that no attempt has scored, on all threads. Returns all markers in order.
pub(crate) fn all(
    context: &Context,
    plan: &Plan,
    basis: &Basis,
    partitions: &[Marker<AggregateReport>],
) -> Result<Vec<Marker<ScoreReport>>, Error> {
    in_parallel(context, plan.partition_indexes()?.collect(), |share, tasks| {
        tasks.each(share, |partition| score(share, plan, basis, partitions, partition))
    })
}

/// Scores a partition, unless an attempt has scored it. Returns the winning marker.
fn score(
    context: &Context,
    plan: &Plan,
    basis: &Basis,
    partitions: &[Marker<AggregateReport>],
    partition: PartitionIndex,
) -> Result<Marker<ScoreReport>, Error> {
    if let Some(done) = markers::finished(context, plan, Stage::Score, partition)? {
        return Ok(done);
    }
    let aggregated = partitions.get(partition.position());
    let aggregated =
        aggregated.ok_or(Error::Defect("a partition is scored before it is merged"))?;
    unless_superseded(context, plan, || {
        let attempt = Attempt::new(context, plan, Stage::Score, partition);
        let (mut sink, slots) = (BlockSink::new(&attempt), plan.slots(partition)?);
        let mut ranking = Ranking {
            ranker: basis.time.as_ref().map(TimeBasis::ranker),
            lookup: basis.baseline.as_ref().map(|baseline| baseline.lookup(context, slots.clone())),
            ranks: Ranks::new(context, basis.latest()),
            digest: ScoreDigest::new(slots),
        };
        if ranking.has_scores() {
            let AggregateReport { terms, series, .. } = &aggregated.report;
            let blocks = [&terms[..], series];
            let mut terms = Series::new(context, aggregated, partition, blocks, basis.windows)?;
            while let Some(term) = terms.next_term()? {
                context.cancel.check()?;
                ranking.term(term)?;
            }
        }
        let phrases = basis.pairs.map(|pairs| {
            let budget = context.limits.memory.max(MIN_BUDGET);
            let windows = basis.windows;
            let selection =
                PhraseSelection { context, partitions, partition, pairs, windows, budget };
            selection.store(aggregated, &mut sink, |term| {
                ranking.digest.phrase(term);
                ranking.term(term)
            })
        });
        let phrases = phrases.transpose()?;
        let Ranking { ranks, digest, .. } = ranking;
        let scored = ranks.finish(&mut sink)?;
        sink.finish()?;
        attempt.mark(ScoreReport { scored, phrases, slots: digest.finish() })
    })
}

/// Ranks the terms of a partition that are topics, one after the other: phrases last.
struct Ranking<'a> {
    ranker: Option<TermRanker<'a>>,
    lookup: Option<Lookup<'a>>,
    ranks: Ranks,
    digest: ScoreDigest,
}

impl Ranking<'_> {
    /// Returns true if terms are ranked by any score.
    fn has_scores(&self) -> bool {
        self.ranker.is_some() || self.lookup.is_some()
    }

    fn term(&mut self, term: &TermSeries) -> Result<(), Error> {
        let Self { ranker, lookup, ranks, digest } = self;
        if let Some(ranker) = ranker {
            ranker.term(term, ranks, digest)?;
        }
        let compared = lookup.as_mut().map_or(Ok(None), |lookup| lookup.compare(term))?;
        let Some((compared, keyness)) = compared else { return Ok(()) };
        digest.keyness(term, &keyness);
        ranks.add((term.kind, Score::Keyness, Bucket::WHOLE), keyness.lower, || {
            term.compared(compared, keyness.lower)
        })
    }
}

#[cfg(test)]
mod tests;
