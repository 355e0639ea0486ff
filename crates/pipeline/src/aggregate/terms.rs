//! From the merged rows of a partition to what is served of each term: its totals, its ranking, its
//! series. Owns that rows of one term are one topic, and how blocks are cut.

use std::collections::BTreeMap;

use trends::detail::Detail;
use trends::facts::Facts;
use trends::format::RowWriter;
use trends::result::TermBlock;
use trends::row::RowSum;
use trends::scores::{Cell, PooledDispersion, Totals};
use trends::window::WindowTotals;
use trends::{Bucket, Kind, RowRef};

use super::ranking::RankCollector;
use crate::blocks::{BlockSink, unencodable};
use crate::plan::Analysis;
use crate::score::{Basis, pooled_digits};
use crate::{Context, Error};

/// Takes the merged rows of a partition, in order.
pub(super) struct Terms {
    whole: Blocks,
    /// Where rows are counted by window: those of each window.
    series: Option<Blocks>,
    /// Where scores are asked for.
    pool: Option<Pool>,
    ranks: RankCollector,
    /// The rows of the term that is coming in, added up.
    sum: Option<RowSum>,
    facts: Vec<u8>,
}

impl Terms {
    /// `totals` are those of the whole run.
    pub(super) fn new(context: &Context, analysis: &Analysis, totals: &WindowTotals) -> Self {
        let block_size = context.limits.blocks.terms;
        let has_windows = analysis.window.is_some();
        Self {
            whole: Blocks::new("terms", block_size),
            series: has_windows.then(|| Blocks::new("series", block_size)),
            pool: Basis::totals(analysis, totals).map(Pool::new),
            ranks: RankCollector::new(context.limits.memory, context.limits.spill.clone()),
            sum: None,
            facts: Vec::new(),
        }
    }

    pub(super) fn add(&mut self, row: &RowRef<'_>, sink: &mut BlockSink<'_>) -> Result<(), Error> {
        if let Some(series) = &mut self.series {
            self.facts.clear();
            let mut facts = Facts::default();
            if !row.detail.is_empty() {
                facts = Facts::of_window(&Detail::decode(row.detail)?);
                facts.encode(&mut self.facts);
            }
            if let Some(pool) = &mut self.pool {
                pool.add(row, facts.authors.unwrap_or(0));
            }
            series.add(&RowRef { detail: &self.facts, ..*row }, sink)?;
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

    /// Hands on the term that is complete.
    fn term(&mut self, sink: &mut BlockSink<'_>) -> Result<(), Error> {
        let Some(sum) = &mut self.sum else { return Ok(()) };
        let row = sum.finish();
        if row.detail.is_empty() {
            let row = RowRef { bucket: Bucket::WHOLE, ..row };
            self.ranks.add(&row)?;
            return self.whole.add(&row, sink);
        }
        let term = String::from_utf8_lossy(row.term);
        let facts = Facts::of(&term, row.count, &Detail::decode(row.detail)?);
        self.facts.clear();
        facts.for_listing(&term).encode(&mut self.facts);
        self.ranks.add(&RowRef { detail: &self.facts, ..row })?;
        self.facts.clear();
        facts.encode(&mut self.facts);
        self.whole.add(&RowRef { bucket: Bucket::WHOLE, detail: &self.facts, ..row }, sink)
    }

    pub(super) fn finish(mut self, sink: &mut BlockSink<'_>) -> Result<Merged, Error> {
        self.term(sink)?;
        let terms = self.whole.finish(sink)?;
        let series = self.series.map_or(Ok(Vec::new()), |series| series.finish(sink))?;
        let pooled = self.pool.map_or_else(BTreeMap::new, Pool::finish);
        Ok(Merged { terms, series, pooled, ranks: self.ranks })
    }
}

/// What was made of a partition's rows.
pub(super) struct Merged {
    pub(super) terms: Vec<TermBlock>,
    pub(super) series: Vec<TermBlock>,
    pub(super) pooled: BTreeMap<Kind, String>,
    /// The topics, to be ranked.
    pub(super) ranks: RankCollector,
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

    fn finish(mut self) -> BTreeMap<Kind, String> {
        self.end_term();
        let digits = |(kind, pooled): (Kind, PooledDispersion)| (kind, pooled_digits(&pooled));
        self.pooled.into_iter().map(digits).collect()
    }
}

/// Cuts rows into blocks and remembers the first key of each.
struct Blocks {
    name: &'static str,
    block_size: usize,
    writer: RowWriter,
    first: Option<(Kind, String)>,
    done: Vec<TermBlock>,
}

impl Blocks {
    fn new(name: &'static str, block_size: usize) -> Self {
        let writer = RowWriter::default();
        Self { name, block_size, writer, first: None, done: Vec::new() }
    }

    fn add(&mut self, row: &RowRef<'_>, sink: &mut BlockSink<'_>) -> Result<(), Error> {
        if self.first.is_none() {
            self.first = Some((row.kind, String::from_utf8_lossy(row.term).into_owned()));
        }
        self.writer.push(row);
        if self.writer.raw_len() >= self.block_size { self.cut(sink) } else { Ok(()) }
    }

    fn cut(&mut self, sink: &mut BlockSink<'_>) -> Result<(), Error> {
        if let Some((kind, first)) = self.first.take() {
            let rows = self.writer.rows();
            let name = format!("{}-{:06}", self.name, self.done.len());
            let block = sink.put(name, self.writer.finish().map_err(unencodable)?)?;
            self.done.push(TermBlock { kind, first, rows, block });
        }
        Ok(())
    }

    fn finish(mut self, sink: &mut BlockSink<'_>) -> Result<Vec<TermBlock>, Error> {
        self.cut(sink)?;
        Ok(self.done)
    }
}
