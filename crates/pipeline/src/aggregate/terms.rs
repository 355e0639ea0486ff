//! Turning the merged rows of a partition into the blocks that are served: the totals of each term,
//! its ranking, its series. Owns the summing of the rows of one term into one topic.

use std::sync::Arc;

use trends::detail::Detail;
use trends::facts::TermFacts;
use trends::result::TermBlock;
use trends::row::RowSum;
use trends::scores::Totals;
use trends::{Bucket, RowRef};

use super::ranking::RankCollector;
use super::windows::{KindDispersions, Windows};
use crate::block_writer::TermBlocks;
use crate::blocks::BlockSink;
use crate::plan::Analysis;
use crate::{Context, Error};

/// The writer of a partition's merged rows, which it takes in order.
pub(super) struct Terms {
    /// The totals of each term.
    whole: TermBlocks,
    /// The rows of each window, if rows are counted by window.
    series: Option<Windows>,
    /// The ranking; `None` for pairs, which may turn out to be no phrases.
    ranks: Option<RankCollector>,
    /// The sum of the current term's rows so far.
    sum: Option<RowSum>,
    facts: Vec<u8>,
}

impl Terms {
    /// Creates a writer of terms that are topics. `totals` are the totals of the whole run, for
    /// scores over time.
    pub(super) fn topics(
        context: &Context,
        analysis: &Analysis,
        totals: Option<Arc<Totals>>,
    ) -> Self {
        let ranks = RankCollector::new(context.limits.memory / 2, context.limits.spill.clone());
        Self { ranks: Some(ranks), ..Self::new(context, analysis, totals, ["terms", "series"]) }
    }

    /// Creates a writer of pairs; the score stage decides which of them are topics.
    pub(super) fn pairs(
        context: &Context,
        analysis: &Analysis,
        totals: Option<Arc<Totals>>,
    ) -> Self {
        Self::new(context, analysis, totals, ["pairs", "pair-series"])
    }

    fn new(
        context: &Context,
        analysis: &Analysis,
        totals: Option<Arc<Totals>>,
        [whole, series]: [&'static str; 2],
    ) -> Self {
        let block_size = context.limits.blocks.terms;
        let blocks = TermBlocks::of_terms(series, block_size);
        Self {
            whole: TermBlocks::of_terms(whole, block_size),
            series: analysis.window.map(|window| Windows::new(analysis, window, totals, blocks)),
            ranks: None,
            sum: None,
            facts: Vec::new(),
        }
    }

    pub(super) fn add(&mut self, row: &RowRef<'_>, sink: &mut BlockSink<'_>) -> Result<(), Error> {
        if let Some(series) = &mut self.series {
            series.add(row, sink)?;
        }
        match &mut self.sum {
            Some(sum) if (sum.first().kind, sum.first().term) == (row.kind, row.term) => {
                sum.add(row)?;
                Ok(())
            }
            Some(_) => {
                self.term(sink)?;
                if let Some(sum) = &mut self.sum {
                    sum.begin(row);
                }
                Ok(())
            }
            none => {
                *none = Some(RowSum::of(row));
                Ok(())
            }
        }
    }

    /// Writes the current term, whose last row has been added.
    fn term(&mut self, sink: &mut BlockSink<'_>) -> Result<(), Error> {
        let Some(sum) = &mut self.sum else { return Ok(()) };
        let row = sum.finish();
        if row.detail.is_empty() {
            let row = RowRef { bucket: Bucket::WHOLE, ..row };
            self.ranks.as_mut().map_or(Ok(()), |ranks| ranks.add(&row))?;
            return self.whole.add(&row, sink);
        }
        let term = String::from_utf8_lossy(row.term);
        let facts = TermFacts::of(&term, &row, &Detail::decode(row.detail)?);
        if let Some(ranks) = &mut self.ranks {
            self.facts.clear();
            facts.for_listing(&term).encode(&mut self.facts);
            ranks.add(&RowRef { detail: &self.facts, ..row })?;
        }
        self.facts.clear();
        facts.encode(&mut self.facts);
        self.whole.add(&RowRef { bucket: Bucket::WHOLE, detail: &self.facts, ..row }, sink)
    }

    pub(super) fn finish(mut self, sink: &mut BlockSink<'_>) -> Result<MergedTerms, Error> {
        self.term(sink)?;
        let terms = self.whole.finish(sink)?;
        let series = self.series.map(|series| series.finish(sink)).transpose()?;
        let (series, pooled) = series.unwrap_or_default();
        Ok(MergedTerms { terms, series, pooled, ranks: self.ranks })
    }
}

/// The blocks of a partition, and its topics.
pub(super) struct MergedTerms {
    pub(super) terms: Vec<TermBlock>,
    pub(super) series: Vec<TermBlock>,
    pub(super) pooled: KindDispersions,
    /// The topics, not ranked yet.
    pub(super) ranks: Option<RankCollector>,
}
