//! The inputs and steps of a term's scores: over time in one window, as a phrase, against a
//! baseline, and by the authors of each day.

use serde::Serialize;
use store::View;
use trends::facts::Margins;
use trends::scores::{ChiSquare, Explanation, PairCounts};
use trends::{Bucket, Kind, Score, Topic};

use crate::term::below_floor;
use crate::{AuthorsAnswer, KeynessAnswer, QuestionError, TermQuestion, windows};

/// A question about the inputs and steps of a term's scores.
#[derive(Debug, Clone)]
pub struct ExplainQuestion {
    /// The term.
    pub term: TermQuestion,
    /// Any time in the window, as text; the last window if `None`.
    pub window: Option<String>,
}

/// The inputs and steps of a term's scores, of one generation of a source.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ExplainAnswer {
    /// The name of the source.
    pub source: String,
    /// The generation that the whole answer is from.
    pub generation: u64,
    /// The kind of the term.
    pub kind: Kind,
    /// The term, as it is counted.
    pub term: String,
    /// The start of the window (RFC 3339); absent without scores over time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub start: Option<String>,
    /// The scores over time in the window.
    #[serde(flatten)]
    pub explanation: Option<Explanation>,
    /// The counts that make two words a phrase.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phrase: Option<PairAnswer>,
    /// The comparison with the baseline.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub keyness: Option<KeynessAnswer>,
    /// The inputs of the chi-square score.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub chi_square: Option<DaysAnswer>,
}

/// The counts of two neighbouring words, and their normalized pointwise mutual information.
#[derive(Debug, Serialize)]
pub struct PairAnswer {
    /// Occurrences of the pair.
    pub together: u64,
    /// Pairs with the left word on the left.
    pub left: u64,
    /// Pairs with the right word on the right.
    pub right: u64,
    /// All pairs of the run.
    pub pairs: u64,
    /// The normalized pointwise mutual information, from -1 to 1.
    pub npmi: f64,
}

/// The inputs of the chi-square score in the last window.
#[derive(Debug, Serialize)]
pub struct DaysAnswer {
    /// The score.
    pub value: f64,
    /// The start of the last window (RFC 3339).
    pub start: String,
    /// The windows up to the last one. The score of a window decays and the highest one counts, so
    /// the value may come from any of them.
    pub windows: Vec<DayAuthors>,
}

/// The authors of a calendar day (UTC), up to the end of a window.
#[derive(Debug, Serialize)]
pub struct DayAuthors {
    /// The start of the window (RFC 3339).
    pub start: String,
    /// The distinct authors from the beginning of the day to the end of the window.
    #[serde(flatten)]
    pub authors: AuthorsAnswer,
}

impl ExplainQuestion {
    /// Answers from a result.
    pub async fn answer(&self, view: &View) -> Result<ExplainAnswer, QuestionError> {
        let term = self.term.normalized(view);
        let topic = self.term.find(view, &term).await?;
        let over_time = self.over_time(view, &topic).await?;
        let (start, explanation) = over_time.unzip();
        let generation = view.generation();
        let answer = ExplainAnswer {
            source: generation.source.to_string(),
            generation: generation.generation,
            kind: topic.kind,
            start,
            explanation,
            phrase: pair(view, &topic),
            keyness: keyness(view, &topic).await?,
            chi_square: days(view, &topic).await?,
            term,
        };
        if answer.is_empty() {
            return Err(if view.contents().scores.contains(&Score::Keyness) {
                QuestionError::NoKeyness(answer.term)
            } else {
                QuestionError::NoScores(generation.source.clone())
            });
        }
        Ok(answer)
    }

    /// The scores in a window and its start; `None` if the run has no scores over time.
    async fn over_time(
        &self,
        view: &View,
        topic: &Topic,
    ) -> Result<Option<(String, Explanation)>, QuestionError> {
        if self.window.is_some() {
            windows::length(view)?;
        }
        if view.contents().gates.is_none() {
            return Ok(None);
        }
        let length = windows::length(view)?;
        let named = self.window.as_ref().map(|time| windows::bucket(time, length)).transpose()?;
        if topic.count < u64::from(view.contents().series_floor.unwrap_or(0)) {
            return Err(below_floor(view, topic.clone()));
        }
        let explained = view.explain(topic.kind, &topic.term, named).await?;
        let explanation = explained.ok_or_else(|| {
            let bucket = named.or_else(|| windows::latest(view)).unwrap_or_default();
            let short = windows::is_short(view, Score::Burst, Some(bucket));
            QuestionError::NoScoresInWindow { short }
        })?;
        Ok(Some((windows::start(explanation.score.published.bucket, length), explanation)))
    }
}

impl ExplainAnswer {
    /// Returns true if a number of authors is an estimate, and so what is computed from it.
    pub fn has_estimate(&self) -> bool {
        let days = self.chi_square.iter().flat_map(|days| &days.windows);
        self.explanation.as_ref().is_some_and(Explanation::has_estimate)
            || days.into_iter().any(|day| day.authors.authors_estimated.is_some())
    }

    fn is_empty(&self) -> bool {
        let Self { explanation, phrase, keyness, chi_square, .. } = self;
        explanation.is_none() && phrase.is_none() && keyness.is_none() && chi_square.is_none()
    }
}

fn pair(view: &View, topic: &Topic) -> Option<PairAnswer> {
    let Margins { left, right } = topic.facts.margins?;
    let (together, pairs) = (topic.count, view.contents().pairs?);
    let npmi = PairCounts { together, left, right, pairs }.npmi()?;
    Some(PairAnswer { together, left, right, pairs, npmi })
}

async fn keyness(view: &View, topic: &Topic) -> Result<Option<KeynessAnswer>, QuestionError> {
    if !view.contents().scores.contains(&Score::Keyness) {
        return Ok(None);
    }
    let ranked = view.scored(topic.kind, Score::Keyness, None).await?;
    let found = ranked.into_iter().find(|ranked| ranked.term == topic.term);
    Ok(found.and_then(|found| KeynessAnswer::of(&found.compared?)))
}

async fn days(view: &View, topic: &Topic) -> Result<Option<DaysAnswer>, QuestionError> {
    let has_score = view.contents().scores.contains(&Score::ChiSquare);
    let Some(totals) = view.windows().filter(|_| has_score) else { return Ok(None) };
    let length = totals.window().get().into();
    let series = view.series(topic.kind, &topic.term).await?;
    let dated = series.iter().filter(|window| window.bucket != Bucket::WHOLE);
    let days: Vec<_> = dated.filter_map(|window| Some((window.bucket.0, window.today?))).collect();
    let latest = totals.closed().last().copied().unwrap_or_default();
    let value = ChiSquare::latest(totals, &days);
    let past = days.into_iter().filter(|(bucket, _)| *bucket <= latest);
    let windows = past
        .map(|(bucket, authors)| DayAuthors {
            start: windows::start(bucket, length),
            authors: Some(authors).into(),
        })
        .collect();
    let start = windows::start(latest, length);
    Ok(Some(DaysAnswer { value, start, windows }))
}
