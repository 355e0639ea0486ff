//! Reading the stored terms of a partition and their series, term by term. Owns the check that both
//! have the same terms in the same order.

use store::Stage;
use store::marker::Marker;
use trends::facts::TermFacts;
use trends::format::ScoredTopic;
use trends::merge::Cursor as _;
use trends::result::TermBlock;
use trends::scores::{Cell, KeynessCounts, WindowScore};
use trends::{Bucket, Kind, RowRef};

use crate::aggregate::AggregateReport;
use crate::plan::PartitionIndex;
use crate::room::Held;
use crate::sorted::RowCursor;
use crate::{Context, Error};

/// The most windows of a term that a thread holds without room: five minutes each over a month.
const FEW: usize = 8_640;

/// The memory of a window of a term, in bytes.
const WINDOW: usize = size_of::<Cell>() + size_of::<(i64, u64)>();

/// The counts of one term, over all windows and in each.
#[derive(Debug, Default)]
pub(super) struct TermSeries {
    pub(super) kind: Kind,
    pub(super) term: String,
    pub(super) count: u64,
    pub(super) documents: u64,
    pub(super) facts: TermFacts,
    /// Ascending by bucket.
    pub(super) cells: Vec<Cell>,
    /// The bucket of each window with known authors, and the number of authors from the beginning
    /// of the window's day to the end of the window.
    pub(super) today: Vec<(i64, u64)>,
    /// The counts of records without a time, if rows are counted by window.
    pub(super) undated: Option<Cell>,
}

impl TermSeries {
    /// Returns the row of the term over all windows, with these facts.
    pub(super) fn whole<'a>(&'a self, facts: &'a [u8]) -> RowRef<'a> {
        let Self { kind, term, count, documents, .. } = self;
        let (term, bucket) = (term.as_bytes(), Bucket::WHOLE);
        RowRef { kind: *kind, term, bucket, count: *count, documents: *documents, detail: facts }
    }

    /// Returns the term in a window, ranked by a value.
    pub(super) fn in_window(&self, window: &WindowScore, value: f64) -> ScoredTopic {
        let cell = self.cells.binary_search_by_key(&window.bucket, |cell| cell.bucket);
        let cell = cell.ok().and_then(|at| self.cells.get(at)).copied().unwrap_or_default();
        ScoredTopic {
            status: window.status,
            new: window.new,
            burst: window.burst,
            significance: window.burst.map(|_| window.significance),
            growth: window.growth,
            peak: window.peak,
            popular: window.popular,
            ..self.counted(&cell, value)
        }
    }

    /// Returns the term with its counts in a window, ranked by a value.
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

    /// Returns the term in the whole run, ranked by its comparison with the baseline.
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

    /// Returns the most frequent form, unless it is the term.
    fn shown(&self) -> Option<String> {
        let form = self.facts.forms.first().map(|form| &form.form);
        form.filter(|form| **form != self.term).cloned()
    }

    /// Calls `window` with the stored row of each window; records without a time come first.
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
    terms: RowCursor<'a>,
    windows: RowCursor<'a>,
    /// The name of the partition in messages.
    partition: String,
    current: TermSeries,
    context: &'a Context,
    /// The number of windows of the run.
    most: usize,
    /// The room for the current term, if it is in many windows.
    held: Option<Held>,
}

impl<'a> Series<'a> {
    /// Opens the terms of an aggregated partition, and the rows of these terms by window. The run
    /// has `most` windows.
    pub(super) fn new(
        context: &'a Context,
        aggregated: &Marker<AggregateReport>,
        partition: PartitionIndex,
        [terms, series]: [&'a [TermBlock]; 2],
        most: usize,
    ) -> Result<Self, Error> {
        let attempt = aggregated.attempt_key(&context.run, Stage::Aggregate, partition.into());
        let terms = RowCursor::of_terms(context, attempt.clone(), terms)?;
        let windows = RowCursor::of_terms(context, attempt, series)?;
        let partition = format!("the aggregate blocks of run {}, index {partition}", context.run);
        let current = TermSeries::default();
        Ok(Self { terms, windows, partition, current, context, most, held: None })
    }

    /// Returns the next term, `None` after the last.
    pub(super) fn next_term(&mut self) -> Result<Option<&TermSeries>, Error> {
        let Self { terms, windows, partition, current, context, most, held } = self;
        if held.is_some() {
            (current.cells, current.today) = (Vec::new(), Vec::new());
            *held = None;
        }
        let Some(row) = terms.row() else {
            return if windows.row().is_none() {
                Ok(None)
            } else {
                Err(Error::damaged(partition, "a series has no term"))
            };
        };
        current.kind = row.kind;
        current.term.clear();
        current.term.push_str(&String::from_utf8_lossy(row.term));
        (current.count, current.documents) = (row.count, row.documents);
        current.facts = TermFacts::decode(row.detail, row.documents)
            .map_err(|error| terms.undecodable(&error))?;
        current.cells.clear();
        current.today.clear();
        current.undated = None;
        while let Some(row) = windows.row() {
            if (row.kind, row.term) != (current.kind, current.term.as_bytes()) {
                break;
            }
            let facts = TermFacts::decode(row.detail, row.documents)
                .map_err(|error| windows.undecodable(&error))?;
            let RowRef { bucket: Bucket(bucket), count, documents, .. } = row;
            let authors = facts.authors.unwrap_or(0);
            let cell = Cell { bucket, count, documents, authors };
            if row.bucket == Bucket::WHOLE {
                current.undated = Some(cell);
            } else {
                if current.cells.len() == FEW {
                    let bytes = *most * WINDOW;
                    *held = Some(context.rooms.series.wait(&context.runtime, bytes));
                    current.cells.reserve_exact(most.saturating_sub(FEW));
                }
                current.cells.push(cell);
                current.today.extend(facts.today.map(|today| (bucket, today)));
            }
            windows.advance()?;
        }
        terms.advance()?;
        Ok(Some(&self.current))
    }
}
