//! From the merged rows of a partition to the series of each term: what scores over time are made of. Owns
//! which terms have a series and what is told of each window.

use std::collections::BTreeMap;

use trends::detail::{Authors, Detail};
use trends::facts::Facts;
use trends::result::TermBlock;
use trends::scores::{Cell, PooledDispersion, Totals};
use trends::window::WindowTotals;
use trends::{Bucket, Kind, Row, RowRef, Score};

use crate::Error;
use crate::blocks::BlockSink;
use crate::plan::Analysis;
use crate::row_blocks::RowBlocks;
use crate::score::{Basis, pooled_digits};

/// Seconds of a calendar day.
const DAY: i64 = 86_400;

/// The dispersion of terms by kind: its bytes as hexadecimal digits.
pub(super) type Pooled = BTreeMap<Kind, String>;

/// Takes the merged rows of terms by window, in order.
pub(super) struct Windows {
    blocks: RowBlocks,
    /// Where scores over time are asked for.
    pool: Option<Pool>,
    /// Where authors are counted by calendar day, too.
    today: Option<Today>,
    /// A term that occurs less often in the run has no series.
    floor: u64,
    /// The rows of the term that comes in, until there are enough.
    held: Vec<Row>,
    term: Option<(Kind, Vec<u8>)>,
    seen: u64,
    facts: Vec<u8>,
}

impl Windows {
    /// `totals` are those of the whole run, `window` the seconds of a window.
    pub(super) fn new(
        analysis: &Analysis,
        window: u64,
        totals: &WindowTotals,
        blocks: RowBlocks,
    ) -> Self {
        let by_day = analysis.scores.contains(&Score::ChiSquare);
        // A window has at most 7 days.
        let today = by_day.then(|| Today::new(window as i64));
        Self {
            blocks,
            pool: Basis::totals(analysis, totals).map(Pool::new),
            today,
            floor: u64::from(analysis.series_floor.unwrap_or(0)),
            held: Vec::new(),
            term: None,
            seen: 0,
            facts: Vec::new(),
        }
    }

    pub(super) fn add(&mut self, row: &RowRef<'_>, sink: &mut BlockSink<'_>) -> Result<(), Error> {
        if self.floor <= 1 {
            return self.keep(row, sink);
        }
        let same =
            |(kind, term): &(Kind, Vec<u8>)| (*kind, term.as_slice()) == (row.kind, row.term);
        if !self.term.as_ref().is_some_and(same) {
            self.term = Some((row.kind, row.term.to_vec()));
            self.held.clear();
            self.seen = 0;
        }
        self.seen += row.count;
        if self.seen < self.floor {
            self.held.push(row.to_row());
            return Ok(());
        }
        for row in std::mem::take(&mut self.held) {
            self.keep(&row.as_ref(), sink)?;
        }
        self.keep(row, sink)
    }

    fn keep(&mut self, row: &RowRef<'_>, sink: &mut BlockSink<'_>) -> Result<(), Error> {
        self.facts.clear();
        let mut facts = Facts::default();
        if !row.detail.is_empty() {
            let detail = Detail::decode(row.detail)?;
            facts = Facts::of_window(&detail);
            facts.today = self.today.as_mut().and_then(|today| today.add(row, &detail.authors));
            facts.encode(&mut self.facts);
        }
        if let Some(pool) = &mut self.pool {
            pool.add(row, facts.authors.unwrap_or(0));
        }
        self.blocks.add(&RowRef { detail: &self.facts, ..*row }, sink)
    }

    pub(super) fn finish(
        self,
        sink: &mut BlockSink<'_>,
    ) -> Result<(Vec<TermBlock>, Pooled), Error> {
        let pooled = self.pool.map_or_else(BTreeMap::new, Pool::finish);
        Ok((self.blocks.finish(sink)?, pooled))
    }
}

/// The authors of a term from the beginning of a calendar day.
struct Today {
    window: i64,
    term: Option<(Kind, Vec<u8>)>,
    day: i64,
    authors: Authors,
}

impl Today {
    fn new(window: i64) -> Self {
        Self { window, term: None, day: 0, authors: Authors::default() }
    }

    /// Adds those of a window and tells how many there are by its end; `None` where nobody knows them.
    fn add(&mut self, row: &RowRef<'_>, authors: &Authors) -> Option<u64> {
        if row.bucket == Bucket::WHOLE || authors.is_empty() {
            return None;
        }
        let day = row.bucket.0.saturating_mul(self.window).div_euclid(DAY);
        let same =
            |(kind, term): &(Kind, Vec<u8>)| (*kind, term.as_slice()) == (row.kind, row.term);
        if !self.term.as_ref().is_some_and(same) || self.day != day {
            self.term = Some((row.kind, row.term.to_vec()));
            self.day = day;
            self.authors = Authors::default();
        }
        self.authors.merge(authors);
        Some(self.authors.estimate())
    }
}

/// Gathers the dispersion of terms, which the scores of all partitions are made with.
struct Pool {
    totals: Totals,
    pooled: BTreeMap<Kind, PooledDispersion>,
    /// The term whose windows come in.
    term: Option<(Kind, Vec<u8>)>,
    cells: Vec<Cell>,
}

impl Pool {
    fn new(totals: Totals) -> Self {
        Self { totals, pooled: BTreeMap::new(), term: None, cells: Vec::new() }
    }

    fn add(&mut self, row: &RowRef<'_>, authors: u64) {
        let same =
            |(kind, term): &(Kind, Vec<u8>)| (*kind, term.as_slice()) == (row.kind, row.term);
        if !self.term.as_ref().is_some_and(same) {
            self.end_term();
            self.term = Some((row.kind, row.term.to_vec()));
        }
        if row.bucket != Bucket::WHOLE {
            let RowRef { bucket: Bucket(bucket), count, documents, .. } = *row;
            self.cells.push(Cell { bucket, count, documents, authors });
        }
    }

    fn end_term(&mut self) {
        if let Some((kind, _)) = self.term.take() {
            self.pooled.entry(kind).or_default().add(&self.totals, &self.cells);
            self.cells.clear();
        }
    }

    fn finish(mut self) -> Pooled {
        self.end_term();
        let digits = |(kind, pooled): (Kind, PooledDispersion)| (kind, pooled_digits(&pooled));
        self.pooled.into_iter().map(digits).collect()
    }
}
