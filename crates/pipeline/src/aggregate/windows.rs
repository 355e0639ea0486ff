//! Turns the merged rows of a partition into the series of each term, from which scores over time
//! are computed. Owns which terms have a series and which facts a window has.

use std::collections::BTreeMap;
use std::sync::Arc;

use trends::detail::{Authors, Detail};
use trends::facts::TermFacts;
use trends::result::TermBlock;
use trends::scores::{Cell, PooledDispersion, TermDispersion, Totals};
use trends::window::calendar_day;
use trends::{Bucket, Kind, RowRef, Score};

use super::rare_terms::{CurrentTerm, RareTermFilter};
use crate::Error;
use crate::block_writer::TermBlocks;
use crate::blocks::BlockSink;
use crate::plan::Analysis;

/// The dispersion of terms by kind.
pub(super) type KindDispersions = BTreeMap<Kind, PooledDispersion>;

/// Takes the merged rows of terms by window, in order.
pub(super) struct Windows {
    blocks: TermBlocks,
    /// The term of the last row.
    current: CurrentTerm,
    /// The dispersion of the terms, for scores over time.
    pool: Option<Pool>,
    /// The authors of each calendar day, for chi-square.
    today: Option<DayAuthors>,
    /// Drops the rows of terms below the series floor.
    rare: Option<RareTermFilter>,
    facts: Vec<u8>,
}

impl Windows {
    /// `totals` are those of the whole run, for scores over time; `window` is the seconds of a
    /// window.
    pub(super) fn new(
        analysis: &Analysis,
        window: u64,
        totals: Option<Arc<Totals>>,
        blocks: TermBlocks,
    ) -> Self {
        let by_day = analysis.scores.contains(&Score::ChiSquare);
        // A window is at most 7 days long.
        let today = DayAuthors::new(window as i64);
        Self {
            blocks,
            current: CurrentTerm::default(),
            pool: totals.map(Pool::new),
            today: by_day.then_some(today),
            rare: analysis.series_floor.map(|floor| RareTermFilter::new(floor.into())),
            facts: Vec::new(),
        }
    }

    pub(super) fn add(&mut self, row: &RowRef<'_>, sink: &mut BlockSink<'_>) -> Result<(), Error> {
        if let Some(rare) = &mut self.rare {
            let Some(before) = rare.add(row) else { return Ok(()) };
            for row in before {
                self.keep(&row.as_ref(), sink)?;
            }
        }
        self.keep(row, sink)
    }

    fn keep(&mut self, row: &RowRef<'_>, sink: &mut BlockSink<'_>) -> Result<(), Error> {
        let is_new = self.current.changes_to(row);
        self.facts.clear();
        let mut facts = TermFacts::default();
        if let (true, Some(today)) = (is_new, &mut self.today) {
            today.begin(0);
        }
        if !row.detail.is_empty() {
            let detail = Detail::decode(row.detail)?;
            facts = TermFacts::of_window(row, &detail);
            let today = self.today.as_mut();
            facts.today = today.and_then(|today| today.add(row, &detail.authors));
            facts.encode(&mut self.facts);
        }
        if let Some(pool) = &mut self.pool {
            pool.add(row, is_new, facts.authors.unwrap_or(0));
        }
        self.blocks.add(&RowRef { detail: &self.facts, ..*row }, sink)
    }

    pub(super) fn finish(
        self,
        sink: &mut BlockSink<'_>,
    ) -> Result<(Vec<TermBlock>, KindDispersions), Error> {
        let pooled = self.pool.map_or_else(BTreeMap::new, Pool::finish);
        Ok((self.blocks.finish(sink)?, pooled))
    }
}

/// The authors of a term since the beginning of a calendar day.
struct DayAuthors {
    window: i64,
    day: i64,
    /// The documents in windows with a known author.
    documents: u64,
    authors: Authors,
}

impl DayAuthors {
    fn new(window: i64) -> Self {
        Self { window, day: 0, documents: 0, authors: Authors::default() }
    }

    /// Begins a day.
    fn begin(&mut self, day: i64) {
        *self = Self { day, ..Self::new(self.window) };
    }

    /// Adds the authors of a window. Returns their number from the beginning of the day to the end
    /// of the window; `None` if the window has no day or no author is known.
    fn add(&mut self, row: &RowRef<'_>, authors: &Authors) -> Option<u64> {
        let day = calendar_day(row.bucket.0, self.window);
        if self.day != day {
            self.begin(day);
        }
        if row.bucket == Bucket::WHOLE || authors.is_empty() {
            return None;
        }
        self.documents = self.documents.saturating_add(row.documents);
        self.authors.merge(authors);
        Some(self.authors.number(self.documents))
    }
}

/// Gathers the dispersion of terms; the scores of all partitions are computed with the sum over all
/// partitions.
struct Pool {
    totals: Arc<Totals>,
    pooled: KindDispersions,
    /// The kind of the current term, and its dispersion over its windows so far.
    kind: Option<Kind>,
    term: TermDispersion,
}

impl Pool {
    fn new(totals: Arc<Totals>) -> Self {
        let term = TermDispersion::default();
        Self { totals, pooled: KindDispersions::new(), kind: None, term }
    }

    fn add(&mut self, row: &RowRef<'_>, is_new: bool, authors: u64) {
        if is_new {
            self.end_term();
            self.kind = Some(row.kind);
        }
        if row.bucket != Bucket::WHOLE {
            let RowRef { bucket: Bucket(bucket), count, documents, .. } = *row;
            self.term.add(&self.totals, &Cell { bucket, count, documents, authors });
        }
    }

    fn end_term(&mut self) {
        if let Some(kind) = self.kind.take() {
            self.pooled.entry(kind).or_default().add(&self.totals, &mut self.term);
        }
    }

    fn finish(mut self) -> KindDispersions {
        self.end_term();
        self.pooled
    }
}
