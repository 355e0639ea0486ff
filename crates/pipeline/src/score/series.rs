//! Reading the stored terms of a partition and their series, term by term. Owns that both have the same
//! terms in the same order.

use store::document::{AttemptKey, read_block};
use store::marker::Marker;
use store::{Stage, StoreError};
use trends::facts::TermFacts;
use trends::format::{RowReader, ScoredTopic};
use trends::merge::Cursor;
use trends::result::TermBlock;
use trends::scores::{Cell, KeynessCounts, WindowScore};
use trends::{Bucket, Kind, RowRef};

use crate::aggregate::AggregateReport;
use crate::{Context, Error};

/// One term and what was counted of it, over all and in each window.
#[derive(Debug, Default)]
pub(super) struct TermSeries {
    pub(super) kind: Kind,
    pub(super) term: String,
    pub(super) count: u64,
    pub(super) documents: u64,
    pub(super) facts: TermFacts,
    /// Ascending by bucket.
    pub(super) cells: Vec<Cell>,
    /// Of each window where it is known: its bucket, and the authors of its day so far.
    pub(super) today: Vec<(i64, u64)>,
    /// What records without a time counted, where rows are counted by window.
    pub(super) undated: Option<Cell>,
}

impl TermSeries {
    /// The row of the term over all windows, with these facts.
    pub(super) fn whole<'a>(&'a self, facts: &'a [u8]) -> RowRef<'a> {
        let Self { kind, term, count, documents, .. } = self;
        let (term, bucket) = (term.as_bytes(), Bucket::WHOLE);
        RowRef { kind: *kind, term, bucket, count: *count, documents: *documents, detail: facts }
    }

    /// The term in a window, ranked by a value.
    pub(super) fn in_window(&self, window: &WindowScore, value: f64) -> ScoredTopic {
        let cell = self.cells.binary_search_by_key(&window.bucket, |cell| cell.bucket);
        let cell = cell.ok().and_then(|at| self.cells.get(at)).copied().unwrap_or_default();
        ScoredTopic {
            status: window.status,
            new: window.new,
            burst: window.burst,
            growth: window.growth,
            peak: window.peak,
            popular: window.popular,
            ..self.counted(&cell, value)
        }
    }

    /// The term as it was counted in a window, ranked by a value.
    pub(super) fn counted(&self, cell: &Cell, value: f64) -> ScoredTopic {
        ScoredTopic {
            term: self.term.clone(),
            form: self.shown(),
            count: cell.count,
            documents: cell.documents,
            authors: self.facts.authors.map(|_| cell.authors),
            value,
            ..ScoredTopic::default()
        }
    }

    /// The term in the whole run, ranked by how it compares with the baseline.
    pub(super) fn compared(&self, compared: KeynessCounts, value: f64) -> ScoredTopic {
        ScoredTopic {
            term: self.term.clone(),
            form: self.shown(),
            count: self.count,
            documents: self.documents,
            authors: self.facts.authors,
            value,
            compared: Some(compared),
            ..ScoredTopic::default()
        }
    }

    /// How it was written most often, unless that is the term.
    fn shown(&self) -> Option<String> {
        let form = self.facts.forms.first().map(|form| &form.form);
        form.filter(|form| **form != self.term).cloned()
    }

    /// The stored rows of its windows, one after the other.
    pub(super) fn windows<E>(
        &self,
        mut window: impl FnMut(&RowRef<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut detail = Vec::new();
        let mut today = self.today.iter().copied().peekable();
        for cell in self.undated.iter().chain(&self.cells) {
            detail.clear();
            let authors = Some(cell.authors).filter(|authors| *authors > 0);
            let today = today.next_if(|(bucket, _)| *bucket == cell.bucket);
            let today = today.map(|(_, authors)| authors);
            TermFacts { authors, today, ..TermFacts::default() }.encode(&mut detail);
            let Cell { bucket, count, documents, .. } = *cell;
            let (term, bucket) = (self.term.as_bytes(), Bucket(bucket));
            let kind = self.kind;
            window(&RowRef { kind, term, bucket, count, documents, detail: &detail })?;
        }
        Ok(())
    }
}

/// The terms of a partition and their series.
pub(super) struct Series<'a> {
    terms: Blocks<'a>,
    windows: Blocks<'a>,
    current: TermSeries,
}

impl<'a> Series<'a> {
    /// The terms that are topics.
    pub(super) fn topics(
        context: &'a Context,
        aggregated: &'a Marker<AggregateReport>,
        partition: u32,
    ) -> Result<Self, Error> {
        let report = &aggregated.report;
        Self::new(context, aggregated, partition, [&report.terms, &report.series])
    }

    /// The pairs that may be phrases.
    pub(super) fn pairs(
        context: &'a Context,
        aggregated: &'a Marker<AggregateReport>,
        partition: u32,
    ) -> Result<Self, Error> {
        let pairs = aggregated.report.pairs.as_ref();
        let blocks = pairs.map_or([&[][..]; 2], |pairs| [&pairs.terms, &pairs.series]);
        Self::new(context, aggregated, partition, blocks)
    }

    fn new(
        context: &'a Context,
        aggregated: &'a Marker<AggregateReport>,
        partition: u32,
        [terms, series]: [&'a [TermBlock]; 2],
    ) -> Result<Self, Error> {
        let home = aggregated.attempt_key(&context.run, Stage::Aggregate, partition);
        let windows = Blocks::new(context, home.clone(), series)?;
        let terms = Blocks::new(context, home, terms)?;
        Ok(Self { terms, windows, current: TermSeries::default() })
    }

    /// The next term, `None` after the last.
    pub(super) fn next_term(&mut self) -> Result<Option<&TermSeries>, Error> {
        let Self { terms, windows, current } = self;
        let Some(row) = terms.row() else {
            return if windows.row().is_none() {
                Ok(None)
            } else {
                Err(Error::Input("a partition has a series of no term of its own".to_owned()))
            };
        };
        current.kind = row.kind;
        current.term.clear();
        current.term.push_str(&String::from_utf8_lossy(row.term));
        (current.count, current.documents) = (row.count, row.documents);
        current.facts = TermFacts::decode(row.detail).map_err(|error| terms.damaged(&error))?;
        current.cells.clear();
        current.today.clear();
        current.undated = None;
        while let Some(row) = windows.row() {
            if (row.kind, row.term) != (current.kind, current.term.as_bytes()) {
                break;
            }
            let told = TermFacts::decode(row.detail).map_err(|error| windows.damaged(&error))?;
            let RowRef { bucket: Bucket(bucket), count, documents, .. } = row;
            let authors = told.authors.unwrap_or(0);
            let cell = Cell { bucket, count, documents, authors };
            if row.bucket == Bucket::WHOLE {
                current.undated = Some(cell);
            } else {
                current.cells.push(cell);
                current.today.extend(told.today.map(|today| (bucket, today)));
            }
            windows.advance()?;
        }
        terms.advance()?;
        Ok(Some(&self.current))
    }
}

/// The rows of some blocks, one after the other.
pub(super) struct Blocks<'a> {
    context: &'a Context,
    home: AttemptKey,
    unread: std::slice::Iter<'a, TermBlock>,
    current: Option<(&'a TermBlock, RowReader)>,
}

impl<'a> Blocks<'a> {
    pub(super) fn new(
        context: &'a Context,
        home: AttemptKey,
        blocks: &'a [TermBlock],
    ) -> Result<Self, Error> {
        let mut rows = Self { context, home, unread: blocks.iter(), current: None };
        rows.next_block()?;
        Ok(rows)
    }

    fn next_block(&mut self) -> Result<(), Error> {
        self.current = None;
        if let Some(block) = self.unread.next() {
            let bytes =
                self.context.wait(read_block(&*self.context.store, &self.home, &block.block))?;
            let reader = RowReader::open(&bytes).map_err(|error| {
                StoreError::undecodable(self.home.block(&block.block.name).to_string(), &error)
            })?;
            self.current = Some((block, reader));
        }
        Ok(())
    }

    fn damaged(&self, error: &trends::format::FormatError) -> Error {
        let name = self.current.as_ref().map_or("", |(block, _)| &block.block.name);
        let key = self.home.block(name).to_string();
        Error::Store(StoreError::undecodable(key, error))
    }
}

impl Cursor for Blocks<'_> {
    type Error = Error;

    fn row(&self) -> Option<RowRef<'_>> {
        self.current.as_ref().and_then(|(_, reader)| reader.row())
    }

    fn advance(&mut self) -> Result<(), Error> {
        if let Some((_, reader)) = &mut self.current
            && let Err(error) = reader.advance()
        {
            return Err(self.damaged(&error));
        }
        if self.row().is_none() { self.next_block() } else { Ok(()) }
    }
}
