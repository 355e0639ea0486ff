//! The aggregate stage: merges one partition over all shards. Owns the order of its steps, the
//! report of its marker, and the run-wide verdict on malformed lines.

mod pairs;
mod ranking;
mod rare_terms;
mod terms;
mod verdict;
mod windows;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use store::marker::Marker;
use store::{Stage, StoreError};
use trends::digest::{SlotHasher, hex};
use trends::pair::PairTerm;
use trends::result::{RankingPage, TermBlock};
use trends::scores::PooledDispersion;
use trends::{Kind, RowRef};

pub use pairs::PairBlocks;
use pairs::Pairs;
pub(crate) use ranking::{RankCollector, RankingPages};
use terms::{MergedTerms, Terms};
pub use verdict::check_records;

use crate::attempt::Attempt;
use crate::blocks::BlockSink;
use crate::etl::{CountedShards, missing};
use crate::markers;
use crate::passes::merge_rows;
use crate::plan::{PartitionIndex, Plan};
use crate::progress::Progress;
use crate::sorted::Blocks;
use crate::supersede::unless_superseded;
use crate::{Context, Error};

/// The blocks of a partition and their digests, in its marker.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AggregateReport {
    /// The digest of each slot of the partition, in hexadecimal digits.
    pub slots: Vec<String>,
    /// Its blocks of rows, in order.
    pub terms: Vec<TermBlock>,
    /// Its blocks of rows by window, in order; empty without windows.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub series: Vec<TermBlock>,
    /// The dispersion of its terms by kind; empty without scores over time.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub pooled: BTreeMap<Kind, PooledDispersion>,
    /// Pairs of neighbouring words that may be phrases, if phrases are counted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pairs: Option<PairBlocks>,
    /// Its topics in ranking order, by kind.
    pub rankings: BTreeMap<Kind, Vec<RankingPage>>,
    /// The failed shards that the run went on without.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub without: Vec<u32>,
}

/// Merges a partition, unless another attempt has finished it. `shards` are all shards of the
/// result, in order. Returns the partition's marker.
///
/// # Errors
/// `Superseded` if the partials were removed because a later run has been published.
pub fn aggregate(
    context: &Context,
    plan: &Plan,
    shards: &CountedShards,
    partition: PartitionIndex,
) -> Result<Marker<AggregateReport>, Error> {
    let finished = || markers::finished(context, plan, Stage::Aggregate, partition);
    let done = if let Some(done) = finished()? {
        done
    } else {
        let merged = unless_superseded(context, plan, || merged(context, plan, shards, partition));
        match merged {
            // Partials are removed once the run is published, so another attempt has marked this
            // partition by then.
            Err(error @ Error::Store(StoreError::Missing { .. })) => finished()?.ok_or(error)?,
            merged => merged?,
        }
    };
    Progress::add(&context.progress.partitions, 1);
    Ok(done)
}

/// Returns the markers of all partitions of a run, in order.
///
/// # Errors
/// `NotReady` with the numbers of the partitions that no attempt has finished.
pub fn all_finished(context: &Context, plan: &Plan) -> Result<Vec<Marker<AggregateReport>>, Error> {
    let indexes = plan.partition_indexes()?;
    let found = markers::all_finished(context, plan, Stage::Aggregate, indexes, |_| Ok(()))?;
    Ok(found.into_iter().map(|(_, marker)| marker).collect())
}

fn merged(
    context: &Context,
    plan: &Plan,
    shards: &CountedShards,
    partition: PartitionIndex,
) -> Result<Marker<AggregateReport>, Error> {
    let attempt = Attempt::new(context, plan, Stage::Aggregate, partition);
    let (analysis, totals) = (&plan.analysis, shards.timed_totals(&plan.analysis));
    let has_phrases = analysis.kinds.contains(&Kind::Phrase);
    let mut output = Output {
        partials: format!("the partials of run {} for partition {partition}", context.run),
        terms: Terms::topics(context, analysis, totals.clone()),
        pairs: has_phrases.then(|| Pairs::new(context, analysis, totals)),
        hasher: SlotHasher::new(plan.slots(partition)?),
        sink: BlockSink::new(&attempt),
    };
    let partials = shards.partials(partition).map(|(shard, blocks)| {
        let attempt = shard.marker.attempt_key(&context.run, Stage::Etl, shard.index.into());
        Blocks::stored(context, attempt, blocks)
    });
    // The other half of the memory is for the topics.
    let merged = merge_rows(context, context.limits.memory / 2, partials.collect(), |row| {
        context.cancel.check()?;
        output.add(&row)
    });
    merged.map_err(|error| error.with_blocks(&output.partials))?;
    attempt.mark(output.finish(missing(plan, shards))?)
}

/// The output of a merge.
struct Output<'a> {
    /// The name of the input in messages.
    partials: String,
    terms: Terms,
    pairs: Option<Pairs>,
    hasher: SlotHasher,
    sink: BlockSink<'a>,
}

impl Output<'_> {
    fn add(&mut self, row: &RowRef<'_>) -> Result<(), Error> {
        if !self.hasher.add(row) {
            return Err(self.misplaced(row, "term of another partition"));
        }
        match &mut self.pairs {
            Some(pairs) if row.kind == Kind::Phrase => match PairTerm::parse(row.term) {
                Some(pair) => pairs.add(pair, row, &mut self.sink),
                None => Err(self.misplaced(row, "pair without two words")),
            },
            _ => self.terms.add(row, &mut self.sink),
        }
    }

    fn misplaced(&self, row: &RowRef<'_>, what: &str) -> Error {
        let term = String::from_utf8_lossy(row.term);
        Error::damaged(&self.partials, format!("they hold {term:?}, a {what}"))
    }

    fn finish(mut self, without: Vec<u32>) -> Result<AggregateReport, Error> {
        let terms = self.terms.finish(&mut self.sink);
        let MergedTerms { terms, series, mut pooled, ranks } =
            terms.map_err(|error| error.with_blocks(&self.partials))?;
        let pairs = self.pairs.map(|pairs| pairs.finish(&mut pooled, &mut self.sink)).transpose();
        let pairs = pairs.map_err(|error| error.with_blocks(&self.partials))?;
        let rankings = ranks.map(|ranks| ranks.finish(&mut self.sink)).transpose()?;
        self.sink.finish()?;
        let slots = self.hasher.finish().iter().map(|digest| hex(digest)).collect();
        let rankings = rankings.unwrap_or_default();
        Ok(AggregateReport { slots, terms, series, pooled, pairs, rankings, without })
    }
}

#[cfg(test)]
mod tests;
