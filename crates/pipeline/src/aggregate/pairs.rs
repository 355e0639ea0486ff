//! From the merged rows of neighbouring words to the pairs that may be phrases. Owns that a pair which is
//! seen too seldom to be one is dropped here, with all that was counted of it: nearly all are.

use serde::{Deserialize, Serialize};
use trends::pair::PairTerm;
use trends::result::TermBlock;
use trends::scores::MIN_PAIRS;
use trends::window::WindowTotals;
use trends::{Row, RowRef};

use super::held::Held;
use super::pooled::Pooled;
use super::terms::{Merged, Terms};
use crate::blocks::BlockSink;
use crate::plan::Analysis;
use crate::row_blocks::RowBlocks;
use crate::{Context, Error};

/// The pairs of a partition that may be phrases.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PairBlocks {
    /// Each left word's margin, followed by its pairs.
    pub terms: Vec<TermBlock>,
    /// The same by window; none without windows.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub series: Vec<TermBlock>,
    /// The margins of right words, whose pairs are in any partition.
    pub margins: Vec<TermBlock>,
}

/// Takes the merged rows of kind `Phrase`, in order.
pub(super) struct Pairs {
    margins: RowBlocks,
    terms: Terms,
    /// The margin of the left word whose pairs come in, until one of them may be a phrase.
    left: Option<Row>,
    held: Held,
}

impl Pairs {
    /// `totals` are those of the whole run.
    pub(super) fn new(context: &Context, analysis: &Analysis, totals: &WindowTotals) -> Self {
        Self {
            margins: RowBlocks::new("margins", context.limits.blocks.terms),
            terms: Terms::pairs(context, analysis, totals),
            left: None,
            held: Held::below(MIN_PAIRS),
        }
    }

    pub(super) fn add(&mut self, row: &RowRef<'_>, sink: &mut BlockSink<'_>) -> Result<(), Error> {
        match PairTerm::parse(row.term) {
            // A margin is at least as great as each of its pairs.
            Some(PairTerm::Right(_)) if row.count >= MIN_PAIRS => self.margins.add(row, sink),
            Some(PairTerm::Right(_)) => Ok(()),
            Some(PairTerm::Left(_)) => {
                self.left = (row.count >= MIN_PAIRS).then(|| row.to_row());
                Ok(())
            }
            Some(PairTerm::Both(..)) => self.both(row, sink),
            None => {
                let term = String::from_utf8_lossy(row.term);
                Err(Error::Input(format!("a partial holds the pair {term:?} that is none")))
            }
        }
    }

    fn both(&mut self, row: &RowRef<'_>, sink: &mut BlockSink<'_>) -> Result<(), Error> {
        let Some(before) = self.held.add(row) else { return Ok(()) };
        for row in self.left.take().into_iter().chain(before) {
            self.terms.add(&row.as_ref(), sink)?;
        }
        self.terms.add(row, sink)
    }

    pub(super) fn finish(self, sink: &mut BlockSink<'_>) -> Result<(PairBlocks, Pooled), Error> {
        let Merged { terms, series, pooled, .. } = self.terms.finish(sink)?;
        let margins = self.margins.finish(sink)?;
        Ok((PairBlocks { terms, series, margins }, pooled))
    }
}
