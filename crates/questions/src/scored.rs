//! Topics by a score in a window. Owns the windows that a score is available in.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::Serialize;
use store::View;
use trends::format::ScoredTopic;
use trends::scores::{Keyness, KeynessCounts, Status};
use trends::{Kind, Score};

use crate::error::INSUFFICIENT_HISTORY;
use crate::schema::{kinds, scores, statuses};
use crate::{AuthorsAnswer, QuestionError, windows};

/// A question about topics by a score.
#[derive(Debug, Clone)]
pub struct ScoredQuestion {
    /// The kinds of the topics, at least one.
    pub kinds: BTreeSet<Kind>,
    /// The score.
    pub score: Score,
    /// Any time in the window, as text; the last window if `None`.
    pub window: Option<String>,
    /// The most topics of the answer.
    pub limit: usize,
}

/// Topics of a window by a score, of one generation of a source.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Scored")]
pub struct ScoredAnswer {
    /// The name of the source.
    pub source: String,
    /// The generation that the whole answer is from.
    pub generation: u64,
    /// The kind of the terms; absent if several were given.
    #[schemars(schema_with = "kinds")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kind: Option<Kind>,
    /// The score that ranks the topics.
    #[schemars(schema_with = "scores")]
    pub score: Score,
    /// The start of the window (RFC 3339); absent for keyness, which belongs to the whole run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub start: Option<String>,
    /// The length of the window in seconds; absent for keyness.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub window: Option<u64>,
    /// True if fewer than 6 earlier windows have records, too few for bursts; absent otherwise.
    #[serde(rename = "insufficientHistory", skip_serializing_if = "Option::is_none")]
    pub insufficient_history: Option<bool>,
    /// The baseline of keyness.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub baseline: Option<BaselineAnswer>,
    /// The topics, by rank.
    pub topics: Vec<ScoredTopicAnswer>,
}

/// A published result that topics stand out against.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Against")]
pub struct BaselineAnswer {
    /// The name of the source.
    pub source: String,
    /// Its generation.
    pub generation: u64,
}

/// The comparison of a topic with a baseline.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "Standing")]
pub struct KeynessAnswer {
    /// Number of records with the term.
    pub documents: u64,
    /// Number of all records.
    #[serde(rename = "all")]
    pub records: u64,
    /// Number of records of the baseline with the term.
    pub baseline_documents: u64,
    /// Number of all records of the baseline.
    #[serde(rename = "baselineAll")]
    pub baseline_records: u64,
    /// Dunning's log-likelihood ratio; from 15.13 on the difference is significant (p = 0.0001).
    pub g2: f64,
    /// The binary logarithm of the ratio of both frequencies.
    pub log_ratio: f64,
    /// The lower bound of the 95% confidence interval of the log ratio; topics are ranked by it.
    pub lower: f64,
}

impl KeynessAnswer {
    pub(crate) fn of(compared: &KeynessCounts) -> Option<Self> {
        let KeynessCounts { documents, records, baseline_documents, baseline_records } = *compared;
        let Keyness { g2, log_ratio, lower } = compared.keyness()?;
        Some(Self {
            documents,
            records,
            baseline_documents,
            baseline_records,
            g2,
            log_ratio,
            lower,
        })
    }
}

/// A topic, its rank and its scores.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "ScoredRank")]
pub struct ScoredTopicAnswer {
    /// Its rank, from 1.
    pub rank: u64,
    /// The kind of the term.
    #[schemars(schema_with = "kinds")]
    pub kind: Kind,
    /// The term, as it is counted.
    pub term: String,
    /// The most frequent form; absent if that is the term.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub form: Option<String>,
    /// Number of occurrences in the window.
    pub count: u64,
    /// Number of records of the window it occurs in.
    pub documents: u64,
    /// Its distinct authors in the window.
    #[serde(flatten)]
    pub authors: AuthorsAnswer,
    /// The score that ranks it.
    pub value: f64,
    /// The state of the topic in the window.
    #[schemars(schema_with = "statuses")]
    pub status: Status,
    /// True if it is in the window and in none of the windows it is compared with.
    pub new: bool,
    /// The excess of its measure over that of a typical earlier window, divided by the root of the
    /// latter; 0 if chance explains the excess; null with too little history.
    pub burst: Option<f64>,
    /// The distance of its measure from the expectation in standard deviations, which decides the
    /// status; 0 where the burst is 0; null with too little history.
    pub significance: Option<f64>,
    /// The ratio of its measure to the expectation.
    pub growth: f64,
    /// The highest burst of the last 48 hours, decayed.
    pub peak: f64,
    /// The recent level, decayed.
    pub popular: f64,
    /// The comparison with the baseline, in a ranking by keyness.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub keyness: Option<KeynessAnswer>,
    /// The phrase that stands for this word: most of the records with the word have it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phrase: Option<String>,
}

impl ScoredTopicAnswer {
    fn new((rank, (kind, topic)): (u64, (Kind, ScoredTopic))) -> Self {
        Self {
            rank,
            kind,
            term: topic.term,
            form: topic.form,
            count: topic.count,
            documents: topic.documents,
            authors: topic.authors.into(),
            value: topic.value,
            status: topic.status,
            new: topic.new,
            burst: topic.burst,
            significance: topic.significance,
            growth: topic.growth,
            peak: topic.peak,
            popular: topic.popular,
            keyness: topic.compared.as_ref().and_then(KeynessAnswer::of),
            phrase: topic.phrase,
        }
    }

    /// The term as it is shown to people: its most frequent form.
    pub fn shown(&self) -> &str {
        self.form.as_deref().unwrap_or(&self.term)
    }
}

impl ScoredQuestion {
    /// Answers from a result.
    pub async fn answer(&self, view: &View) -> Result<ScoredAnswer, QuestionError> {
        let window = self.window(view)?;
        let bucket = window.map(|(bucket, _)| bucket);
        let topics = view.mixed_scored(&self.kinds, self.score, bucket, self.limit).await?;
        let generation = view.generation();
        let baseline = view.contents().baseline.as_ref();
        Ok(ScoredAnswer {
            source: generation.source.to_string(),
            generation: generation.generation,
            kind: self.kinds.first().copied().filter(|_| self.kinds.len() == 1),
            score: self.score,
            start: window.map(|(bucket, length)| windows::start(bucket, length)),
            window: window.map(|(_, length)| length),
            insufficient_history: windows::is_short(view, self.score, bucket).then_some(true),
            baseline: baseline.map(|baseline| BaselineAnswer {
                source: baseline.source.clone(),
                generation: baseline.generation,
            }),
            topics: (1..).zip(topics).map(ScoredTopicAnswer::new).collect(),
        })
    }

    /// The bucket and the length of the window; `None` for a score of the whole run.
    fn window(&self, view: &View) -> Result<Option<(i64, u64)>, QuestionError> {
        let score = self.score;
        if !view.contents().scores.contains(&score) {
            let published = view.generation().source.clone();
            return Err(QuestionError::NotRanked { published, score });
        }
        if !score.needs_window() {
            return match self.window {
                Some(_) => Err(QuestionError::WholeRunOnly(score)),
                None => Ok(None),
            };
        }
        let length = windows::length(view)?;
        let latest = windows::latest(view);
        let bucket = match &self.window {
            Some(time) => windows::bucket(time, length)?,
            None => latest.unwrap_or_default(),
        };
        let is_another = |latest: &i64| *latest != bucket && !score.is_of_every_window();
        if let Some(latest) = latest.filter(is_another) {
            let latest = windows::start(latest, length);
            return Err(QuestionError::LastWindowOnly { score, latest });
        }
        Ok(Some((bucket, length)))
    }

    /// A sentence for people about topics that an answer lacks; `None` if it has all.
    pub fn note(&self, view: &View, answer: &ScoredAnswer) -> Option<String> {
        let missing = || answer.topics.is_empty().then(|| self.missing_window(view)).flatten();
        let short = || answer.insufficient_history.map(|_| INSUFFICIENT_HISTORY.to_owned());
        crate::uncounted_kinds(view, &self.kinds).or_else(missing).or_else(short)
    }

    /// A sentence about a window that has no records or has not ended; `None` for any other window.
    fn missing_window(&self, view: &View) -> Option<String> {
        let (bucket, length) = self.window(view).ok()??;
        let windows = view.windows()?.closed();
        let (first, last) = windows.first().zip(windows.last())?;
        windows.binary_search(&bucket).is_err().then(|| {
            let source = &view.generation().source;
            let [start, first, last] =
                [bucket, *first, *last].map(|bucket| windows::start(bucket, length));
            format!(
                "{source} has no records in the window from {start}, or the window has not ended: the first window is from {first}, the last from {last}"
            )
        })
    }
}
