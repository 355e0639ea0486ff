//! Reading the stored series of a partition, term by term, with what is told of each term.

use store::document::{Home, read_block};
use store::marker::Marker;
use store::{Stage, StoreError};
use trends::facts::Facts;
use trends::format::RowReader;
use trends::merge::Cursor as _;
use trends::result::TermBlock;
use trends::scores::Cell;
use trends::{Bucket, Kind, RowRef};

use crate::aggregate::AggregateReport;
use crate::{Context, Error};

/// One term and what was counted of it in each window.
#[derive(Debug, Default)]
pub(super) struct TermSeries {
    pub(super) kind: Kind,
    pub(super) term: String,
    pub(super) facts: Facts,
    /// Ascending by bucket; records without a time are in none.
    pub(super) cells: Vec<Cell>,
}

/// The series and the terms of a partition; both have the same terms in the same order.
pub(super) struct Series<'a> {
    series: Blocks<'a>,
    terms: Blocks<'a>,
}

impl<'a> Series<'a> {
    pub(super) fn new(
        context: &'a Context,
        aggregated: &'a Marker<AggregateReport>,
        partition: u32,
    ) -> Result<Self, Error> {
        let home = aggregated.home(&context.run, Stage::Aggregate, partition);
        let series = Blocks::new(context, home.clone(), &aggregated.report.series)?;
        let terms = Blocks::new(context, home, &aggregated.report.terms)?;
        Ok(Self { series, terms })
    }

    /// Calls `term` with each, in order.
    pub(super) fn each_term(
        mut self,
        mut term: impl FnMut(&TermSeries) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let mut current = TermSeries::default();
        while let Some(row) = self.terms.row() {
            current.kind = row.kind;
            current.term.clear();
            current.term.push_str(&String::from_utf8_lossy(row.term));
            current.facts =
                Facts::decode(row.detail).map_err(|error| self.terms.damaged(&error))?;
            current.cells.clear();
            while let Some(row) = self.series.row() {
                if (row.kind, row.term) != (current.kind, current.term.as_bytes()) {
                    break;
                }
                let told =
                    Facts::decode(row.detail).map_err(|error| self.series.damaged(&error))?;
                let RowRef { bucket: Bucket(bucket), count, documents, .. } = row;
                let authors = told.authors.unwrap_or(0);
                if row.bucket != Bucket::WHOLE {
                    current.cells.push(Cell { bucket, count, documents, authors });
                }
                self.series.advance()?;
            }
            term(&current)?;
            self.terms.advance()?;
        }
        if self.series.row().is_some() {
            return Err(Error::Input("a partition has a series of no term of its own".to_owned()));
        }
        Ok(())
    }
}

/// The rows of some blocks, one after the other.
struct Blocks<'a> {
    context: &'a Context,
    home: Home,
    unread: std::slice::Iter<'a, TermBlock>,
    current: Option<(&'a TermBlock, RowReader)>,
}

impl<'a> Blocks<'a> {
    fn new(context: &'a Context, home: Home, blocks: &'a [TermBlock]) -> Result<Self, Error> {
        let mut rows = Self { context, home, unread: blocks.iter(), current: None };
        rows.next_block()?;
        Ok(rows)
    }

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
