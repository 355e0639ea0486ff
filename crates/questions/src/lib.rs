//! The questions that a reader asks of published results, and their answers: one type per question,
//! one JSON form per answer. Owns the resolution of windows and terms, and the reasons why a
//! question has no answer. Doesn't know HTTP, command lines, tables or caches: the callers parse a
//! question, map a [`QuestionError`] and render an answer.
//!
//! ```text
//! top       TopQuestion      the ranking by count, of one kind part by part or of several in one list
//! scored    ScoredQuestion   the ranking by a score in a window
//! topic     TermQuestion     one term: counts, forms, examples
//! history   TermQuestion     one term: its counts in each window
//! explain   ExplainQuestion  one term: the inputs and steps of its scores
//! sources   sources()        the newest result of each source
//! runs      runs()           the generations, and the runs that can be resumed
//! ```

mod authors;
mod error;
mod explain;
mod history;
mod runs;
pub mod schema;
mod scored;
mod sources;
mod term;
mod top;
mod topic;
mod windows;

pub use authors::AuthorsAnswer;
pub use error::QuestionError;
pub use explain::{DayAuthors, DaysAnswer, ExplainAnswer, ExplainQuestion, PairAnswer};
pub use history::{CountsAnswer, HistoryAnswer, WindowAnswer};
pub use runs::{RunsAnswer, runs};
pub use scored::{BaselineAnswer, KeynessAnswer, ScoredAnswer, ScoredQuestion, ScoredTopicAnswer};
pub use sources::{RecordsAnswer, SourceAnswer, SourcesAnswer, sources};
pub use term::TermQuestion;
pub use top::{Ranking, TopAnswer, TopQuestion, TopicRankAnswer, uncounted_kinds};
pub use topic::{ExampleAnswer, FormAnswer, TopicAnswer};

#[cfg(test)]
mod tests;
