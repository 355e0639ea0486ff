//! What is counted of a record, as the plan fixes it for every attempt. Owns the settings and their
//! JSON in the plan; how they are followed is for the stages.

use serde::{Deserialize, Serialize};
pub use trends::Profile;
use trends::record::Fields;
use trends::scores::BurstGates;
use trends::social::{Settings, StopWords};
use trends::window::{DAY_SECONDS, WindowTotals};
use trends::{Bucket, Kind, Score};

use crate::Error;

/// The most windows the records of a run may fall into. Half a century of 5 minutes each would be more.
const MAX_BUCKETS: usize = 1_000_000;

/// What is counted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Analysis {
    /// How text becomes terms.
    pub profile: Profile,
    /// The kinds that are counted, ascending, each once.
    pub kinds: Vec<Kind>,
    /// The length of a window in seconds; without it no time is read and all rows are in one bucket.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub window: Option<u64>,
    /// Languages whose common words are not counted, as ISO 639-1 codes. Only for `Social`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub stop_languages: Vec<String>,
    /// Further words that are not counted. Only for `Social`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub stop_words: Vec<String>,
    /// Authors whose records count for nothing, by their identity in the records. Only for `Social`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub exclude_authors: Vec<String>,
    /// Terms that are not counted, as results write them. Only for `Social`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub exclude_terms: Vec<String>,
    /// What topics are ranked by beside their count, ascending; needs a window.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub scores: Vec<Score>,
    /// The result that keyness compares with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub baseline: Option<PinnedBaseline>,
    /// Whether to guess the language of records that don't say theirs. Only for `Social`.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub detect_language: bool,
    /// Terms with fewer occurrences in the run keep no series, and so have no score over time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub series_floor: Option<u32>,
    /// The lowest measure of a term in a window that has a burst there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min_count: Option<u32>,
    /// The fewest authors of a term in a window that has a burst there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min_authors: Option<u32>,
}

/// The result of a source.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PinnedBaseline {
    /// The source it was published under.
    pub source: String,
    /// Its generation; in a plan always, as asked for where the user said it, else the newest then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub generation: Option<u64>,
    /// The run that generation names; in a plan always.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run: Option<String>,
}

impl PinnedBaseline {
    /// As a result's index names it.
    pub(crate) fn named(&self) -> Option<trends::result::Baseline> {
        let generation = self.generation?;
        Some(trends::result::Baseline { source: self.source.clone(), generation })
    }
}

impl Default for Analysis {
    fn default() -> Self {
        Self {
            profile: Profile::Seed,
            kinds: vec![Kind::Word],
            window: None,
            stop_languages: Vec::new(),
            stop_words: Vec::new(),
            exclude_authors: Vec::new(),
            exclude_terms: Vec::new(),
            scores: Vec::new(),
            baseline: None,
            detect_language: false,
            series_floor: None,
            min_count: None,
            min_authors: None,
        }
    }
}

impl Analysis {
    /// Whether this is what plans say by saying nothing: the original's words, over all time.
    pub fn is_default(&self) -> bool {
        *self == Self::default()
    }

    /// Checks what only the profile knows: which kinds it finds, and that stop words of each
    /// language are known.
    ///
    /// # Errors
    /// `Input` with the field and what would be right.
    pub fn check(&self) -> Result<(), Error> {
        if self.kinds.is_empty() {
            return Err(Error::Input("no kind of term is asked for".to_owned()));
        }
        self.check_scores()?;
        match self.profile {
            Profile::Seed if self.kinds != [Kind::Word] => Err(Error::Input(
                "profile Seed counts words only: ask for profile Social to count other kinds"
                    .to_owned(),
            )),
            Profile::Seed if self.scores.contains(&Score::ChiSquare) => Err(Error::Input(
                "score chisquare counts authors, which profile Seed doesn't read: ask for profile Social"
                    .to_owned(),
            )),
            Profile::Seed => Ok(()),
            Profile::Social => self.settings().map(drop),
        }
    }

    /// Checks that records don't fall into more windows than a run may have.
    ///
    /// # Errors
    /// `Input` with what would be right.
    #[inline]
    pub(crate) fn check_windows(&self, totals: &WindowTotals) -> Result<(), Error> {
        if totals.0.len() > MAX_BUCKETS {
            return Err(self.too_many_windows());
        }
        Ok(())
    }

    #[cold]
    fn too_many_windows(&self) -> Error {
        Error::Input(format!(
            "the records fall into more than {MAX_BUCKETS} windows of {} s: choose a longer window, or look at the times of the records",
            self.window.unwrap_or_default()
        ))
    }

    fn check_scores(&self) -> Result<(), Error> {
        let wrong = |what: String| Err(Error::Input(what));
        let timed = self.scores.iter().find(|score| score.needs_window());
        if let (Some(score), None) = (timed, self.window) {
            return wrong(format!(
                "score {score} tells what terms do over time: say how long a window is, as 1h"
            ));
        }
        let is_asked = |score| self.scores.contains(&score);
        if is_asked(Score::ChiSquare)
            && self.window.is_some_and(|window| !u64::from(DAY_SECONDS).is_multiple_of(window))
        {
            return wrong(
                "score chisquare compares calendar days: choose a window that divides a day, as 1h, 6h or 24h"
                    .to_owned(),
            );
        }
        match (is_asked(Score::Keyness), &self.baseline) {
            (true, None) => wrong(
                "score keyness compares with a published result: name its source as the baseline (spec.analysis.baseline, --baseline)"
                    .to_owned(),
            ),
            (false, Some(_)) => wrong(
                "only score keyness compares with a baseline: ask for it, or leave the baseline out"
                    .to_owned(),
            ),
            _ => Ok(()),
        }
    }

    /// Returns true if the run has a score stage.
    pub fn needs_scoring(&self) -> bool {
        vocabulary::needs_scoring(&self.kinds, &self.scores)
    }

    /// The settings of the tokeniser of the profile `Social`.
    pub(crate) fn settings(&self) -> Result<Settings, Error> {
        let stop_words = StopWords::new(&self.stop_languages, &self.stop_words)
            .map_err(|error| Error::Input(error.to_string()))?;
        let kinds = self.kinds.iter().copied().collect();
        Ok(Settings { kinds, stop_words, detect_language: self.detect_language })
    }

    /// The minimums that a term must reach in a window to have a burst.
    pub(crate) fn gates(&self) -> BurstGates {
        let default = BurstGates::default();
        BurstGates {
            min_count: self.min_count.map_or(default.min_count, u64::from),
            min_authors: self.min_authors.map_or(default.min_authors, u64::from),
        }
    }

    /// Only the parts of a record that are needed.
    pub(crate) fn narrow(&self, fields: Fields) -> Fields {
        match self.profile {
            Profile::Seed => fields.text_only(self.window.is_some()),
            Profile::Social => fields,
        }
    }

    /// The window an event time falls into.
    pub(crate) fn bucket(&self, time: Option<i64>) -> Bucket {
        match (self.window, time) {
            // A window is at least 5 minutes and at most 7 days long.
            (Some(window), Some(time)) => Bucket(time.div_euclid(window as i64)),
            _ => Bucket::WHOLE,
        }
    }
}
