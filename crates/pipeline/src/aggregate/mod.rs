//! The aggregate stage: merges one partition over all shards. Owns the order of its steps, what its
//! marker reports, and the run-wide verdict on malformed lines.

mod held;
mod pairs;
mod partials;
mod pooled;
mod ranking;
mod terms;
mod verdict;
mod windows;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use store::marker::Marker;
use store::{Stage, StoreError};
use trends::digest::{SlotHasher, hex};
use trends::merge::merge;
use trends::result::{RankingPage, TermBlock};
use trends::scores::PooledDispersion;
use trends::{Kind, RowRef};

pub use pairs::PairBlocks;
use pairs::Pairs;
use partials::PartialCursor;
pub(crate) use pooled::timed_totals;
pub(crate) use ranking::{Page, RankCollector};
use terms::{Merged, Terms};
pub use verdict::check_records;

use crate::blocks::BlockSink;
use crate::etl::{Shard, missing, window_totals};
use crate::markers::{self, marked};
use crate::plan::Plan;
use crate::progress::Progress;
use crate::supersede::unless_superseded;
use crate::{Context, Error};

/// What the marker of a partition reports.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AggregateReport {
    /// The digest of each of its slots, in hexadecimal digits.
    pub slots: Vec<String>,
    /// Its blocks of rows, in order.
    pub terms: Vec<TermBlock>,
    /// Its blocks of rows by window, in order; none without windows.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub series: Vec<TermBlock>,
    /// The dispersion of its terms by kind; empty without scores over time.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub pooled: BTreeMap<Kind, PooledDispersion>,
    /// Pairs of neighbouring words that may be phrases, where those are asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pairs: Option<PairBlocks>,
    /// Its topics in ranking order, by kind.
    pub rankings: BTreeMap<Kind, Vec<RankingPage>>,
    /// The shards it was made without.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub without: Vec<u32>,
}

/// Merges a partition, unless an attempt did already. `shards` are all that count, in order.
/// Returns the marker that counts.
///
/// # Errors
/// `OutsidePlan` if the plan has no such partition, `Superseded` if its partials were removed because a
/// later run has published.
pub fn aggregate(
    context: &Context,
    plan: &Plan,
    shards: &[Shard],
    partition: u16,
) -> Result<Marker<AggregateReport>, Error> {
    let index = u32::from(partition);
    plan.partition(index)?;
    let done = if let Some(done) = markers::finished(context, plan, Stage::Aggregate, index)? {
        done
    } else {
        let merged = unless_superseded(context, plan, || merged(context, plan, shards, partition));
        match merged {
            // Partials go as soon as the run is published, which was after another attempt was done.
            Err(error @ Error::Store(StoreError::Missing { .. })) => {
                let done = markers::finished(context, plan, Stage::Aggregate, index)?;
                done.ok_or(error)?
            }
            merged => merged?,
        }
    };
    Progress::add(&context.progress.partitions, 1);
    Ok(done)
}

/// All partitions of a run, in order.
///
/// # Errors
/// `NotReady` with the numbers of the partitions that nobody finished.
pub fn all_finished(context: &Context, plan: &Plan) -> Result<Vec<Marker<AggregateReport>>, Error> {
    let indexes = 0..plan.partitions;
    let found = markers::all_finished(context, plan, Stage::Aggregate, "partition", indexes)?;
    Ok(found.into_iter().map(|(_, marker)| marker).collect())
}

fn merged(
    context: &Context,
    plan: &Plan,
    shards: &[Shard],
    partition: u16,
) -> Result<Marker<AggregateReport>, Error> {
    let home = context.home(Stage::Aggregate, u32::from(partition));
    let (analysis, totals) = (&plan.analysis, window_totals(shards));
    let has_phrases = analysis.kinds.contains(&Kind::Phrase);
    let mut output = Output {
        terms: Terms::topics(context, analysis, &totals),
        pairs: has_phrases.then(|| Pairs::new(context, analysis, &totals)),
        hasher: SlotHasher::new(plan.partitions()?.slots(partition)),
        sink: BlockSink::new(context, home.clone()),
    };
    let cursors = PartialCursor::all(context, shards, partition)?;
    merge(cursors, |row| {
        context.cancel.check()?;
        output.add(&row)
    })?;
    let report = output.finish(missing(plan, shards))?;
    marked(context, plan, &home, report)
}

/// Where the merged rows of a partition go.
struct Output<'a> {
    terms: Terms,
    pairs: Option<Pairs>,
    hasher: SlotHasher,
    sink: BlockSink<'a>,
}

impl Output<'_> {
    fn add(&mut self, row: &RowRef<'_>) -> Result<(), Error> {
        if !self.hasher.add(row) {
            let term = String::from_utf8_lossy(row.term).into_owned();
            return Err(Error::Input(format!("a partial holds {term:?} of another partition")));
        }
        match &mut self.pairs {
            Some(pairs) if row.kind == Kind::Phrase => pairs.add(row, &mut self.sink),
            _ => self.terms.add(row, &mut self.sink),
        }
    }

    fn finish(mut self, without: Vec<u32>) -> Result<AggregateReport, Error> {
        let Merged { terms, series, mut pooled, ranks } = self.terms.finish(&mut self.sink)?;
        let pairs = self.pairs.map(|pairs| pairs.finish(&mut self.sink)).transpose()?;
        let pairs = pairs.map(|(blocks, of_pairs)| {
            pooled.extend(of_pairs);
            blocks
        });
        let rankings = ranks.map(|ranks| ranks.finish(&mut self.sink)).transpose()?;
        self.sink.finish()?;
        let slots = self.hasher.finish().iter().map(|digest| hex(digest)).collect();
        let rankings = rankings.unwrap_or_default();
        Ok(AggregateReport { slots, terms, series, pooled, pairs, rankings, without })
    }
}
