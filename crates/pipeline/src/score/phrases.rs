//! Which pairs of a partition are phrases. Owns the way from stored pairs and margins to stored phrases;
//! the rule is `trends::scores::PairCounts`.
//!
//! The margin of a left word stands before its pairs; that of a right word is in any partition. So as
//! many pairs as the memory has room for are looked at, all margins are read once for them, and so on.

use std::collections::{HashMap, VecDeque};

use serde::{Deserialize, Serialize};
use store::Stage;
use store::document::AttemptKey;
use store::marker::Marker;
use trends::facts::{Margins, TermFacts};
use trends::merge::Cursor as _;
use trends::pair::PairTerm;
use trends::result::{RankingPage, TermBlock};
use trends::scores::PairCounts;
use trends::{Kind, RowRef};

use super::series::{Blocks, Series, TermSeries};
use crate::aggregate::{AggregateReport, RankCollector};
use crate::blocks::BlockSink;
use crate::row_blocks::RowBlocks;
use crate::{Context, Error};

/// A smaller budget would read all margins for every few pairs.
const MIN_BUDGET: usize = 1 << 20;

/// What a right word costs besides its bytes, and a pair that waits for it.
const WORD: usize = 64;
const PAIR: usize = size_of::<Candidate>();

/// The phrases of a partition, stored as the terms of other kinds are.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PhraseBlocks {
    /// Blocks of rows, in order.
    pub(crate) terms: Vec<TermBlock>,
    /// Blocks of rows by window, in order; none without windows.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) series: Vec<TermBlock>,
    /// The phrases in ranking order.
    pub(crate) ranking: Vec<RankingPage>,
}

/// Where phrases go.
struct Phrases {
    terms: RowBlocks,
    series: RowBlocks,
    ranks: RankCollector,
    facts: Vec<u8>,
}

/// Stores the phrases of a partition and tells `phrase` of each, in order. `pairs` are all of the run.
pub(super) fn select(
    context: &Context,
    partitions: &[Marker<AggregateReport>],
    partition: u16,
    pairs: u64,
    sink: &mut BlockSink<'_>,
    mut phrase: impl FnMut(&TermSeries) -> Result<(), Error>,
) -> Result<PhraseBlocks, Error> {
    let index = u32::from(partition);
    let aggregated = partitions.get(usize::from(partition)).ok_or(Error::Panicked)?;
    let Some(stored) = &aggregated.report.pairs else { return Ok(PhraseBlocks::default()) };
    let home = aggregated.attempt_key(&context.run, Stage::Aggregate, index);
    let mut candidates = Candidates {
        rows: Blocks::new(context, home, &stored.terms)?,
        left: 0,
        budget: context.limits.memory.max(MIN_BUDGET),
    };
    let mut terms = Series::pairs(context, aggregated, index)?;
    let mut phrases = Phrases::new(context);
    loop {
        let mut margins = HashMap::new();
        let mut batch = candidates.batch(&mut margins)?;
        if batch.is_empty() {
            return phrases.finish(sink);
        }
        read_margins(context, partitions, &mut margins)?;
        while let Some(candidate) = batch.pop_front() {
            context.cancel.check()?;
            let Some(term) = terms.next_term()? else { return Err(Error::Panicked) };
            if let Some(margins) = candidate.margins_of_phrase(term, &margins, pairs) {
                phrases.add(term, margins, sink)?;
                phrase(term)?;
            }
        }
    }
}

/// A stored row: a left margin, which is nothing to decide, or a pair and what is known of it.
#[derive(Debug, Clone, Copy)]
struct Candidate {
    left: u64,
    is_pair: bool,
}

impl Candidate {
    /// The margins of the pair, if it is a phrase.
    fn margins_of_phrase(
        self,
        term: &TermSeries,
        margins: &HashMap<Vec<u8>, u64>,
        pairs: u64,
    ) -> Option<Margins> {
        let Some(PairTerm::Both(_, right)) = PairTerm::parse(term.term.as_bytes()) else {
            return None;
        };
        let Self { left, is_pair } = self;
        let right = margins.get(right).copied().unwrap_or(0);
        let counts = PairCounts { together: term.count, left, right, pairs };
        // Pairs with stop words are not stored.
        let is_phrase = is_pair && counts.is_phrase(false, false);
        is_phrase.then_some(Margins { left, right })
    }
}

/// Reads ahead what is to be decided.
struct Candidates<'a> {
    rows: Blocks<'a>,
    /// The margin of the left word.
    left: u64,
    budget: usize,
}

impl Candidates<'_> {
    /// The next rows, none after the last; their right words are entered with a margin of 0.
    fn batch(&mut self, margins: &mut HashMap<Vec<u8>, u64>) -> Result<VecDeque<Candidate>, Error> {
        let mut batch = VecDeque::new();
        let mut bytes = 0;
        while let Some(row) = self.rows.row().filter(|_| bytes < self.budget) {
            let mut is_pair = false;
            match PairTerm::parse(row.term) {
                Some(PairTerm::Both(_, right)) => {
                    is_pair = true;
                    if !margins.contains_key(right) {
                        bytes += WORD + right.len();
                        margins.insert(right.to_vec(), 0);
                    }
                }
                _ => self.left = row.count,
            }
            bytes += PAIR;
            batch.push_back(Candidate { left: self.left, is_pair });
            self.rows.advance()?;
        }
        Ok(batch)
    }
}

/// Looks up the margins of right words.
fn read_margins(
    context: &Context,
    partitions: &[Marker<AggregateReport>],
    margins: &mut HashMap<Vec<u8>, u64>,
) -> Result<(), Error> {
    for (partition, aggregated) in (0..).zip(partitions) {
        let Some(stored) = &aggregated.report.pairs else { continue };
        let home: AttemptKey = aggregated.attempt_key(&context.run, Stage::Aggregate, partition);
        let mut rows = Blocks::new(context, home, &stored.margins)?;
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

impl Phrases {
    fn new(context: &Context) -> Self {
        let block_size = context.limits.blocks.terms;
        Self {
            terms: RowBlocks::new("phrases", block_size),
            series: RowBlocks::new("phrase-series", block_size),
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
