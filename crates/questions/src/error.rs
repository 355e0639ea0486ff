//! The error of a question that has no answer. Owns the messages and their one-word reasons; the
//! callers choose the status or exit code.

use store::{SourceName, StoreError};
use trends::{Kind, Score};

/// The error of a question that has no answer. Each message names the fault and the remedy.
#[derive(Debug, thiserror::Error)]
pub enum QuestionError {
    /// The window, given as this text, is not written as a time.
    #[error("{0:?} is not a time: write the window as 2016-03-01 or 2016-03-01T12:00:00Z")]
    NotATime(String),
    /// The score is ranked in the last window only, and another one was given.
    #[error(
        "score {score} is ranked in the last window only, which begins at {latest}: leave the window out"
    )]
    LastWindowOnly {
        /// The score.
        score: Score,
        /// The start of the last window (RFC 3339).
        latest: String,
    },
    /// This score belongs to the whole run, and a window was given.
    #[error("score {0} belongs to the whole run: leave the window out")]
    WholeRunOnly(Score),
    /// The run did not rank topics by this score.
    #[error(
        "{published} is not ranked by {score}: name it in spec.analysis.scores, or with --scores {score}"
    )]
    NotRanked {
        /// The source.
        published: SourceName,
        /// The score.
        score: Score,
    },
    /// The run of this source ranked topics by no score at all.
    #[error(
        "{0} has no scores: run it with spec.analysis.window and scores, or with --window 1h --scores burst,peak,popular"
    )]
    NoScores(SourceName),
    /// The run of this source did not count by windows.
    #[error(
        "{0} was not counted by windows: give their length in spec.analysis.window, or with --window 1h"
    )]
    NoWindows(SourceName),
    /// The term was not counted.
    #[error("{published} has no {kind} {term:?}; the kinds it counted are {counted}")]
    UnknownTerm {
        /// The source.
        published: SourceName,
        /// The kind of the term.
        kind: Kind,
        /// The term, as the profile of the run writes it.
        term: String,
        /// The counted kinds, separated by commas.
        counted: String,
    },
    /// The term is excluded.
    #[error("{published} has no {kind} {term:?}: it is excluded")]
    ExcludedTerm {
        /// The source.
        published: SourceName,
        /// The kind of the term.
        kind: Kind,
        /// The term, as the profile of the run writes it.
        term: String,
    },
    /// The term occurs too seldom for its counts by window to be kept.
    #[error(
        "{kind} {term:?} has no series: it occurs {count} times, and the run keeps series of terms with at least {floor} occurrences (spec.analysis.seriesFloor, --series-floor)"
    )]
    BelowFloor {
        /// The kind of the term.
        kind: Kind,
        /// The term, as the profile of the run writes it.
        term: String,
        /// Its occurrences in the run.
        count: u64,
        /// The fewest occurrences of a term with a series.
        floor: u32,
    },
    /// The window has no scores.
    #[error(
        "there are no scores for this window: no record was counted in it, or it had not ended{}",
        if *.short { format!("; {INSUFFICIENT_HISTORY}") } else { String::new() }
    )]
    NoScoresInWindow {
        /// True if too few windows before it have records for a burst.
        short: bool,
    },
    /// This term, as the profile of the run writes it, is not in the ranking by keyness, the only
    /// score of the run.
    #[error(
        "{0} is not among the terms that stand out most against the baseline: its G2 is below 15.13, it is rarer than in the baseline, or 10,000 others rank above it"
    )]
    NoKeyness(String),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The explanation of a window without bursts, for people.
pub(crate) const INSUFFICIENT_HISTORY: &str =
    "insufficient history: a burst needs records in at least 6 windows before it";

impl QuestionError {
    /// Returns true if the question itself is wrong, whatever is published.
    pub fn is_usage(&self) -> bool {
        self.reason() == "Usage"
    }

    /// The reason as one word, for machines.
    pub const fn reason(&self) -> &'static str {
        match self {
            Self::NotATime(_) | Self::LastWindowOnly { .. } | Self::WholeRunOnly(_) => "Usage",
            Self::NotRanked { .. } | Self::NoScores(_) | Self::NoKeyness(_) => "NoScores",
            Self::NoWindows(_) => "NoWindows",
            Self::UnknownTerm { .. } | Self::ExcludedTerm { .. } => "UnknownTerm",
            Self::BelowFloor { .. } => "NoSeries",
            Self::NoScoresInWindow { .. } => "NoWindow",
            Self::Store(_) => "Store",
        }
    }
}
