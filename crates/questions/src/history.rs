//! One term over time: its counts in each window.

use schemars::JsonSchema;
use serde::Serialize;
use store::View;
use store::published_result::WindowCount;
use trends::{Bucket, Kind};

use crate::schema::kinds;
use crate::term::below_floor;
use crate::{AuthorsAnswer, QuestionError, TermQuestion, windows};

/// The windows with a term, of one generation of a source.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "History")]
pub struct HistoryAnswer {
    /// The name of the source.
    pub source: String,
    /// The generation that the whole answer is from.
    pub generation: u64,
    /// The kind of the term.
    #[schemars(schema_with = "kinds")]
    pub kind: Kind,
    /// The term, as it is counted.
    pub term: String,
    /// The length of a window in seconds.
    pub window: u64,
    /// The windows with the term, ascending; all others are without it.
    pub windows: Vec<WindowAnswer>,
    /// The counts in records without a time; absent if there are none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub undated: Option<CountsAnswer>,
}

/// A term in a window.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Seen")]
pub struct WindowAnswer {
    /// The start of the window (RFC 3339).
    pub start: String,
    /// The counts in it.
    #[serde(flatten)]
    pub counts: CountsAnswer,
}

/// The counts of a term.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Counts")]
pub struct CountsAnswer {
    /// Number of occurrences.
    pub count: u64,
    /// Number of records it occurs in.
    pub documents: u64,
    /// Its distinct authors.
    #[serde(flatten)]
    pub authors: AuthorsAnswer,
}

impl CountsAnswer {
    fn of(counted: &WindowCount) -> Self {
        let WindowCount { count, documents, authors, .. } = *counted;
        Self { count, documents, authors: authors.into() }
    }
}

impl TermQuestion {
    /// Answers with the counts in each window of a result.
    pub async fn history(&self, view: &View) -> Result<HistoryAnswer, QuestionError> {
        let window = windows::length(view)?;
        let term = self.normalized(view);
        let series = view.series(self.kind, &term).await?;
        if series.is_empty() {
            return Err(below_floor(view, self.find(view, &term).await?));
        }
        let is_dated = |counted: &&WindowCount| counted.bucket != Bucket::WHOLE;
        let in_window = |counted: &WindowCount| WindowAnswer {
            start: windows::start(counted.bucket.0, window),
            counts: CountsAnswer::of(counted),
        };
        let generation = view.generation();
        Ok(HistoryAnswer {
            source: generation.source.to_string(),
            generation: generation.generation,
            kind: self.kind,
            term,
            window,
            windows: series.iter().filter(is_dated).map(in_window).collect(),
            undated: series.iter().find(|counted| !is_dated(counted)).map(CountsAnswer::of),
        })
    }
}
