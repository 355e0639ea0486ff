//! The analysis: the settings for counting and scoring, which the plan fixes for every attempt.
//! Owns their JSON in the plan; the stages follow them.

use serde::{Deserialize, Serialize};
pub use trends::Profile;
use trends::record::Fields;
use trends::scores::{BurstGates, BurstSettings, Formula, ReferenceChoice};
use trends::social::{LANGUAGE_METHOD, Settings, StopWords, segmentation};
use trends::window::DAY_SECONDS;
use trends::{Bucket, Kind, Score};

use crate::Error;

/// The largest number of windows that the records of a run may fall into: 9.5 years of 5 minutes
/// each.
const MAX_BUCKETS: usize = 1_000_000;

/// The settings for counting and scoring.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Analysis {
    /// The rules that turn text into terms.
    pub profile: Profile,
    /// The kinds that are counted, in ascending order, each once.
    pub kinds: Vec<Kind>,
    /// The length of a window in seconds. Without it no time is read and all rows are in one
    /// bucket.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub window: Option<u64>,
    /// Languages whose common words are not counted, as ISO 639-1 codes. Only for `Social`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub stop_languages: Vec<String>,
    /// True if the stop words of a record's own language apply to it, too, if that is not among the
    /// `stop_languages`. Only for `Social`.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub own_stop_words: bool,
    /// Further words that are not counted. Only for `Social`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub stop_words: Vec<String>,
    /// Authors whose records are excluded, by their identity in the records. Only for `Social`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub exclude_authors: Vec<String>,
    /// Terms that are not counted, as results write them. Only for `Social`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub exclude_terms: Vec<String>,
    /// The scores that topics are ranked by beside their count, in ascending order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub scores: Vec<Score>,
    /// The result that keyness compares with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub baseline: Option<PinnedBaseline>,
    /// True if the language of records without one is guessed. Only for `Social`.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub detect_language: bool,
    /// The method of these guesses, as [`LANGUAGE_METHOD`] names it: pods of another release, whose
    /// guesses may differ, stop. `None` if nothing is guessed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language_method: Option<String>,
    /// Terms with fewer occurrences in the run have no series, and so no score over time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub series_floor: Option<u32>,
    /// The lowest measure with which a term can have a burst in a window.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min_count: Option<u32>,
    /// The lowest number of authors with which a term can have a burst in a window.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min_authors: Option<u32>,
    /// The windows that a window is compared with.
    #[serde(default, skip_serializing_if = "ReferenceChoice::is_trailing")]
    pub reference: ReferenceChoice,
    /// The version of the burst score, which the plan decides: all pods of a run follow it.
    #[serde(default, skip_serializing_if = "Formula::is_first")]
    pub formula: Formula,
}

/// A published result to compare with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PinnedBaseline {
    /// The source of the result.
    pub source: String,
    /// The generation of the result. A plan always names it: the user's choice, or else the newest
    /// when the run was planned.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub generation: Option<u64>,
    /// The run of that generation. A plan always names it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run: Option<String>,
}

impl PinnedBaseline {
    /// Returns the baseline as the contents of a result name it.
    pub(crate) fn named(&self) -> Option<trends::result::Baseline> {
        let generation = self.generation?;
        Some(trends::result::Baseline { source: self.source.clone(), generation })
    }
}

/// Returns the name of a segmentation as messages show it.
pub(super) fn named_rules(segmentation: Option<String>) -> String {
    segmentation.unwrap_or_else(|| "rules without a name".to_owned())
}

fn wrong(what: &str) -> Result<(), Error> {
    Err(Error::Input(what.to_owned()))
}

impl Default for Analysis {
    fn default() -> Self {
        Self {
            profile: Profile::Seed,
            kinds: vec![Kind::Word],
            window: None,
            stop_languages: Vec::new(),
            own_stop_words: false,
            stop_words: Vec::new(),
            exclude_authors: Vec::new(),
            exclude_terms: Vec::new(),
            scores: Vec::new(),
            baseline: None,
            detect_language: false,
            language_method: None,
            series_floor: None,
            min_count: None,
            min_authors: None,
            reference: ReferenceChoice::default(),
            formula: Formula::default(),
        }
    }
}

impl Analysis {
    /// Returns true if a plan leaves the analysis out of its JSON: words of the profile `Seed`,
    /// over all time.
    pub fn is_default(&self) -> bool {
        *self == Self::default()
    }

    /// Checks that the settings fit together: the kinds and scores that the profile has, the window
    /// and the baseline that the scores need, and the languages with stop words.
    ///
    /// # Errors
    /// `Input` with the field and what would be right.
    pub fn check(&self) -> Result<(), Error> {
        if self.kinds.is_empty() {
            return wrong("no kind of term is counted: name at least one");
        }
        if self.window == Some(0) {
            return wrong("a window has no length: set one, such as 1h");
        }
        self.check_scores()?;
        match self.profile {
            Profile::Seed if self.kinds != [Kind::Word] => {
                wrong("profile Seed counts words only: choose profile Social to count other kinds")
            }
            Profile::Seed if self.scores.contains(&Score::ChiSquare) => wrong(
                "score chisquare counts authors, which profile Seed doesn't read: choose profile Social",
            ),
            Profile::Seed => Ok(()),
            Profile::Social => self.stop_words().map(drop),
        }
    }

    /// Checks that this is not above the number of windows that a run may have.
    ///
    /// # Errors
    /// `Input` with what would be right.
    #[inline]
    pub(crate) fn check_windows(&self, windows: usize) -> Result<(), Error> {
        if windows > MAX_BUCKETS {
            return Err(self.too_many_windows());
        }
        Ok(())
    }

    #[cold]
    fn too_many_windows(&self) -> Error {
        Error::Input(format!(
            "the records fall into more than {MAX_BUCKETS} windows of {} s: choose a longer window, or check the times of the records",
            self.window.unwrap_or_default()
        ))
    }

    fn check_scores(&self) -> Result<(), Error> {
        let timed = self.scores.iter().find(|score| score.needs_window());
        if let (Some(score), None) = (timed, self.window) {
            return wrong(&format!(
                "score {score} measures terms over time: set the length of a window, such as 1h"
            ));
        }
        let has = |score| self.scores.contains(&score);
        if has(Score::ChiSquare)
            && self.window.is_some_and(|window| !u64::from(DAY_SECONDS).is_multiple_of(window))
        {
            return wrong(
                "score chisquare compares calendar days: choose a window that divides a day, such as 1h, 6h or 24h",
            );
        }
        match (has(Score::Keyness), &self.baseline) {
            (true, None) => wrong(
                "score keyness compares with a published result: name its source as the baseline (spec.analysis.baseline, --baseline)",
            ),
            (false, Some(_)) => wrong(
                "only score keyness compares with a baseline: add that score, or remove the baseline",
            ),
            _ => Ok(()),
        }
    }

    /// Returns true if the run has a score stage.
    pub fn needs_scoring(&self) -> bool {
        vocabulary::needs_scoring(&self.kinds, &self.scores)
    }

    fn stop_words(&self) -> Result<StopWords, Error> {
        let stop_words = StopWords::new(&self.stop_languages, &self.stop_words)
            .map_err(|error| Error::Input(error.to_string()))?;
        Ok(if self.own_stop_words { stop_words.with_own_lists() } else { stop_words })
    }

    /// Returns the name of the rules and tables that cut text into words in this program, `None` for
    /// `Seed`, whose words need none.
    pub(crate) fn segmentation(&self) -> Option<String> {
        (self.profile == Profile::Social).then(segmentation)
    }

    /// Returns the settings of the tokeniser of the profile `Social`.
    ///
    /// # Errors
    /// `Input` if the plan was made by a release that guesses languages by another method, or for
    /// a language without stop words.
    pub(crate) fn settings(&self) -> Result<Settings, Error> {
        let method = self.language_method.as_deref();
        if self.detect_language && method != Some(LANGUAGE_METHOD) {
            return Err(Error::Input(format!(
                "the plan guesses languages by {}, this program by {LANGUAGE_METHOD}: run all stages with the release that made the plan, or start a new run",
                method.unwrap_or("the method of an earlier release"),
            )));
        }
        let kinds = self.kinds.iter().copied().collect();
        let stop_words = self.stop_words()?;
        Ok(Settings { kinds, stop_words, detect_language: self.detect_language })
    }

    /// Returns the analysis as a new plan has it: with the current version of the burst score, if
    /// there is a score over time.
    pub(crate) fn planned(&self) -> Self {
        let is_scored = self.scores.iter().any(|score| score.needs_window());
        let formula = if is_scored { Formula::CURRENT } else { Formula::default() };
        Self { formula, ..self.clone() }
    }

    /// Returns what the run decides about its bursts.
    pub(crate) fn bursts(&self) -> BurstSettings {
        let default = BurstGates::default();
        let gates = BurstGates {
            min_count: self.min_count.map_or(default.min_count, u64::from),
            min_authors: self.min_authors.map_or(default.min_authors, u64::from),
        };
        BurstSettings { gates, formula: self.formula, reference: self.reference }
    }

    /// Returns only those fields of a record that are needed.
    pub(crate) fn narrow(&self, fields: Fields) -> Fields {
        match self.profile {
            Profile::Seed => fields.text_only(self.window.is_some()),
            Profile::Social => fields,
        }
    }

    /// Returns the window of an event time.
    pub(crate) fn bucket(&self, time: Option<i64>) -> Bucket {
        match (self.window, time) {
            // A window is at least 5 minutes and at most 7 days long.
            (Some(window), Some(time)) => Bucket(time.div_euclid(window as i64)),
            _ => Bucket::WHOLE,
        }
    }
}
