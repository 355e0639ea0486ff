//! Selecting the phrases among the pairs of a partition. Owns the reading of stored pairs and
//! margins and the writing of phrases; the rule for a phrase is in `trends::scores::PairCounts`.
//!
//! The margin of a word is the number of pairs with it on that side. The margin of a left word
//! precedes its pairs; the margin of a right word may be in any partition. So the pairs are read in
//! batches that fit into memory, and all margins are read once per batch.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};
use store::Stage;
use store::marker::Marker;
use trends::facts::{Margins, TermFacts};
use trends::merge::Cursor as _;
use trends::pair::PairTerm;
use trends::result::{RankingPage, TermBlock};
use trends::scores::PairCounts;
use trends::{Kind, RowRef};

use super::series::{Series, TermSeries};
use crate::aggregate::{AggregateReport, RankCollector};
use crate::block_writer::TermBlocks;
use crate::blocks::BlockSink;
use crate::plan::PartitionIndex;
use crate::sorted::RowCursor;
use crate::{Context, Error};

/// The smallest budget in bytes: with a smaller one, all margins would be read again after every
/// few pairs.
pub(super) const MIN_BUDGET: usize = 1 << 20;

/// Bytes of memory for a right word besides its text.
const WORD: usize = 64;
/// Bytes of memory for a row of a batch.
const PAIR: usize = size_of::<u64>();

/// The phrases of a partition, stored like terms of other kinds.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PhraseBlocks {
    /// Blocks of rows, in order.
    pub(crate) terms: Vec<TermBlock>,
    /// Blocks of rows by window, in order; empty without windows.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) series: Vec<TermBlock>,
    /// The phrases in ranking order.
    pub(crate) ranking: Vec<RankingPage>,
}

/// The output: the blocks of the phrases and their ranking.
struct Phrases {
    terms: TermBlocks,
    series: TermBlocks,
    ranks: RankCollector,
    facts: Vec<u8>,
}

/// The settings, sums and blocks from which the phrases of a partition are selected.
pub(super) struct PhraseSelection<'a> {
    pub(super) context: &'a Context,
    /// All partitions of the run.
    pub(super) partitions: &'a [Marker<AggregateReport>],
    pub(super) partition: PartitionIndex,
    /// Number of pairs of neighbouring words in the whole run.
    pub(super) pairs: u64,
    /// Number of windows of the whole run.
    pub(super) windows: usize,
    /// Approximate size of a batch in memory, in bytes.
    pub(super) budget: usize,
}

impl<'a> PhraseSelection<'a> {
    /// Stores the phrases of a partition and calls `phrase` for each, in order.
    pub(super) fn store(
        &self,
        aggregated: &'a Marker<AggregateReport>,
        sink: &mut BlockSink<'_>,
        mut phrase: impl FnMut(&TermSeries) -> Result<(), Error>,
    ) -> Result<PhraseBlocks, Error> {
        let Self { context, partition, pairs, budget, .. } = *self;
        let Some(stored) = &aggregated.report.pairs else { return Ok(PhraseBlocks::default()) };
        let mut candidates = Candidates {
            rows: self.rows(aggregated, partition.into(), &stored.terms)?,
            left: 0,
            budget,
        };
        let blocks = [&stored.terms[..], &stored.series];
        let mut terms = Series::new(context, aggregated, partition, blocks, self.windows)?;
        let mut phrases = Phrases::new(context);
        loop {
            let mut margins = HashMap::new();
            let batch = candidates.batch(&mut margins)?;
            if batch.is_empty() {
                return phrases.finish(sink);
            }
            self.read_margins(&mut margins)?;
            for left in batch {
                context.cancel.check()?;
                let term = terms.next_term()?;
                let term = term.ok_or(Error::Defect("a pair was read once, but not twice"))?;
                if let Some(margins) = margins_of_phrase(term, left, &margins, pairs) {
                    phrases.add(term, margins, sink)?;
                    phrase(term)?;
                }
            }
        }
    }

    /// Looks up the margins of right words.
    fn read_margins(&self, margins: &mut HashMap<Vec<u8>, u64>) -> Result<(), Error> {
        for (partition, aggregated) in (0..).zip(self.partitions) {
            let Some(stored) = &aggregated.report.pairs else { continue };
            let mut rows = self.rows(aggregated, partition, &stored.margins)?;
            while let Some(RowRef { term, count, .. }) = rows.row() {
                if let Some(PairTerm::Right(word)) = PairTerm::parse(term)
                    && let Some(margin) = margins.get_mut(word)
                {
                    *margin = count;
                }
                rows.advance()?;
            }
        }
        Ok(())
    }

    fn rows(
        &self,
        aggregated: &Marker<AggregateReport>,
        partition: u32,
        blocks: &'a [TermBlock],
    ) -> Result<RowCursor<'a>, Error> {
        let attempt = aggregated.attempt_key(&self.context.run, Stage::Aggregate, partition);
        RowCursor::of_terms(self.context, attempt, blocks)
    }
}

/// Returns the margins of a stored row if it is a phrase; `left` is the margin of its left word.
/// A row that holds a margin is no pair, so it returns `None`.
fn margins_of_phrase(
    term: &TermSeries,
    left: u64,
    margins: &HashMap<Vec<u8>, u64>,
    pairs: u64,
) -> Option<Margins> {
    let Some(PairTerm::Both(_, right)) = PairTerm::parse(term.term.as_bytes()) else {
        return None;
    };
    let right = margins.get(right).copied().unwrap_or(0);
    let counts = PairCounts { together: term.count, left, right, pairs };
    // Pairs with stop words are not stored.
    counts.is_phrase(false, false).then_some(Margins { left, right })
}

/// Reads the pairs of a partition in batches.
struct Candidates<'a> {
    rows: RowCursor<'a>,
    /// The margin of the current left word.
    left: u64,
    budget: usize,
}

impl Candidates<'_> {
    /// Reads the next batch of rows; it is empty after the last row. Returns the margin of the left
    /// word of each row, and inserts the right words into `margins` with a margin of 0.
    fn batch(&mut self, margins: &mut HashMap<Vec<u8>, u64>) -> Result<Vec<u64>, Error> {
        let mut batch = Vec::new();
        let mut bytes = 0;
        while let Some(row) = self.rows.row().filter(|_| bytes < self.budget) {
            match PairTerm::parse(row.term) {
                Some(PairTerm::Both(_, right)) => {
                    if !margins.contains_key(right) {
                        bytes += WORD + right.len();
                        margins.insert(right.to_vec(), 0);
                    }
                }
                _ => self.left = row.count,
            }
            bytes += PAIR;
            batch.push(self.left);
            self.rows.advance()?;
        }
        Ok(batch)
    }
}

impl Phrases {
    fn new(context: &Context) -> Self {
        let block_size = context.limits.blocks.terms;
        Self {
            terms: TermBlocks::of_terms("phrases", block_size),
            series: TermBlocks::of_terms("phrase-series", block_size),
            ranks: RankCollector::new(context.limits.memory, context.limits.spill.clone()),
            facts: Vec::new(),
        }
    }

    fn add(
        &mut self,
        term: &TermSeries,
        margins: Margins,
        sink: &mut BlockSink<'_>,
    ) -> Result<(), Error> {
        let Self { terms, series, ranks, facts } = self;
        facts.clear();
        TermFacts { margins: Some(margins), ..term.facts.clone() }.encode(facts);
        terms.add(&term.whole(facts), sink)?;
        term.windows(|row| series.add(row, sink))?;
        facts.clear();
        term.facts.for_listing(&term.term).encode(facts);
        ranks.add(&term.whole(facts))
    }

    fn finish(self, sink: &mut BlockSink<'_>) -> Result<PhraseBlocks, Error> {
        let mut rankings = self.ranks.finish(sink)?;
        Ok(PhraseBlocks {
            terms: self.terms.finish(sink)?,
            series: self.series.finish(sink)?,
            ranking: rankings.remove(&Kind::Phrase).unwrap_or_default(),
        })
    }
}
