//! Selects the pairs that may be phrases from the merged rows of neighbouring words. Drops a pair
//! that is too rare for a phrase, with all its counts; nearly all pairs are.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use trends::pair::PairTerm;
use trends::result::TermBlock;
use trends::scores::{MIN_PAIRS, Totals};
use trends::{Row, RowRef};

use super::rare_terms::RareTermFilter;
use super::terms::{MergedTerms, Terms};
use super::windows::KindDispersions;
use crate::block_writer::TermBlocks;
use crate::blocks::BlockSink;
use crate::plan::Analysis;
use crate::{Context, Error};

/// The pairs of a partition that may be phrases.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PairBlocks {
    /// Each left word's margin, followed by its pairs.
    pub terms: Vec<TermBlock>,
    /// The rows of `terms` by window; empty without windows.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub series: Vec<TermBlock>,
    /// The margins of right words, whose pairs may be in any partition.
    pub margins: Vec<TermBlock>,
}

/// Takes the merged rows of kind `Phrase`, in order.
pub(super) struct Pairs {
    margins: TermBlocks,
    terms: Terms,
    /// The margin of the current left word, until one of its pairs may be a phrase.
    left: Option<Row>,
    rare: RareTermFilter,
}

impl Pairs {
    /// `totals` are those of the whole run, for scores over time.
    pub(super) fn new(context: &Context, analysis: &Analysis, totals: Option<Arc<Totals>>) -> Self {
        Self {
            margins: TermBlocks::of_terms("margins", context.limits.blocks.terms),
            terms: Terms::pairs(context, analysis, totals),
            left: None,
            rare: RareTermFilter::new(MIN_PAIRS),
        }
    }

    /// Adds a row, whose term is `pair`.
    pub(super) fn add(
        &mut self,
        pair: PairTerm<'_>,
        row: &RowRef<'_>,
        sink: &mut BlockSink<'_>,
    ) -> Result<(), Error> {
        match pair {
            // A margin is at least as great as each of its pairs.
            PairTerm::Right(_) if row.count >= MIN_PAIRS => self.margins.add(row, sink),
            PairTerm::Right(_) => Ok(()),
            PairTerm::Left(_) => {
                self.left = (row.count >= MIN_PAIRS).then(|| row.to_row());
                Ok(())
            }
            PairTerm::Both(..) => {
                let Some(before) = self.rare.add(row) else { return Ok(()) };
                for row in self.left.take().into_iter().chain(before) {
                    self.terms.add(&row.as_ref(), sink)?;
                }
                self.terms.add(row, sink)
            }
        }
    }

    /// Stores the last blocks and adds the dispersion of the pairs to `all`.
    pub(super) fn finish(
        self,
        all: &mut KindDispersions,
        sink: &mut BlockSink<'_>,
    ) -> Result<PairBlocks, Error> {
        let MergedTerms { terms, series, pooled, .. } = self.terms.finish(sink)?;
        all.extend(pooled);
        Ok(PairBlocks { terms, series, margins: self.margins.finish(sink)? })
    }
}
