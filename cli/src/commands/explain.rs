//! `trendjob explain SOURCE TERM`: the inputs and steps of a term's scores.

use std::fmt::{self, Write as _};

use questions::{
    DayAuthors, DaysAnswer, ExplainAnswer, ExplainQuestion, KeynessAnswer, PairAnswer,
};

use super::open;
use crate::args::{ExplainArgs, Format};
use crate::failure::Failure;
use crate::output::Output;
use crate::tables;

/// The last line if a number has `~`.
const LEGEND: &str = "~ estimate, standard error 1.6%; so is what is computed from it\n";

/// Prints the inputs and steps of the scores.
pub(crate) async fn explain(args: &ExplainArgs) -> Result<(), Failure> {
    let ExplainArgs { term, window, output } = args;
    let view = open::newest(&term.location, &term.source).await?;
    let question = ExplainQuestion { term: open::term(term), window: window.clone() };
    let answer = question.answer(&view).await?;
    match output {
        Format::Json => Output::json(&answer),
        _ => Output::print(&Steps(&answer).to_string()),
    }
}

/// The answer as text.
struct Steps<'a>(&'a ExplainAnswer);

impl fmt::Display for Steps<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ExplainAnswer { source, kind, term, phrase, keyness, chi_square, .. } = self.0;
        write!(f, "{kind} {term} of {source}")?;
        match (&self.0.start, &self.0.explanation) {
            (Some(start), Some(explanation)) => {
                writeln!(f, ", window from {start}\n{explanation}")?;
            }
            _ => f.write_char('\n')?,
        }
        if let Some(PairAnswer { together, left, right, pairs, npmi }) = phrase {
            writeln!(
                f,
                "phrase     NPMI = ln({together} x {pairs} / ({left} x {right})) / -ln({together} / {pairs}) = {npmi:.4}; a phrase has at least 0.3"
            )?;
        }
        if let Some(keyness) = keyness {
            let KeynessAnswer { documents, records, baseline_documents, baseline_records, .. } =
                keyness;
            let KeynessAnswer { g2, log_ratio, lower, .. } = keyness;
            writeln!(
                f,
                "keyness    {documents} of {records} records, in the baseline {baseline_documents} of {baseline_records}: G2 = {g2:.2}, log ratio = {log_ratio:.4}, its lower bound = {lower:.4}"
            )?;
        }
        if let Some(DaysAnswer { value, start, windows }) = chi_square {
            writeln!(
                f,
                "chisquare  {value:.4} in the last window, from {start}, by the authors of each day (UTC) so far:"
            )?;
            for DayAuthors { start, authors } in windows {
                let authors = tables::authors(authors);
                writeln!(f, "           by the end of the window from {start}: {authors}")?;
            }
        }
        if self.0.has_estimate() {
            f.write_str(LEGEND)?;
        }
        Ok(())
    }
}
