//! What is counted and scored. Owns these settings; refuses to know how anything is counted.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Duration, pattern::LANGUAGE};

/// What is counted and scored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Analysis {
    /// How text is cleaned and cut into terms.
    #[serde(default)]
    pub profile: Profile,
    /// The kinds of terms that are counted, each once.
    #[serde(default = "default_kinds")]
    #[schemars(length(min = 1, max = 7), extend("x-kubernetes-list-type" = "set"))]
    pub kinds: Vec<Kind>,
    /// The length of a time bucket, from 5m to 7d. Without it no time is read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub window: Option<Duration>,
    /// The words that are not counted; only with profile Social.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stop_words: Option<StopWords>,
    /// The scores that are computed beside the count; only with profile Social.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(min = 1, max = 6), extend("x-kubernetes-list-type" = "set"))]
    pub scores: Vec<Score>,
    /// The published result that score Keyness compares with; only with profile Social.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub baseline: Option<Baseline>,
    /// Whether to guess the language of records that don't say theirs, for the choice of stop words; only
    /// with profile Social. It costs tens of microseconds a record.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detect_language: Option<bool>,
    /// Terms that occur less often in the run keep no series, and so have no score over time. All keep
    /// theirs when not said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 1_000_000))]
    pub series_floor: Option<u32>,
    /// The fewest authors of a term that is scored; only with profile Social.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 1_000_000))]
    pub min_authors: Option<u32>,
    /// The lowest count of a term that is scored; only with profile Social.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 1_000_000))]
    pub min_count: Option<u32>,
    /// Terms and authors that are left out; only with profile Social.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exclude: Option<Exclude>,
}

impl Default for Analysis {
    fn default() -> Self {
        Self {
            profile: Profile::default(),
            kinds: default_kinds(),
            window: None,
            stop_words: None,
            scores: Vec::new(),
            baseline: None,
            detect_language: None,
            series_floor: None,
            min_authors: None,
            min_count: None,
            exclude: None,
        }
    }
}

impl Analysis {
    /// Whether there is more to compute of a topic than its counts: then a run has a stage for it.
    pub fn needs_scoring(&self) -> bool {
        !self.scores.is_empty() || self.kinds.contains(&Kind::Phrase)
    }
}

fn default_kinds() -> Vec<Kind> {
    vec![Kind::Word]
}

/// How text is cleaned and cut into terms.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub enum Profile {
    /// The cleaning of the original program, exactly.
    #[default]
    Seed,
    /// Cleaning for social media, with every kind of term and score.
    Social,
}

/// A kind of term.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub enum Kind {
    /// A word of the running text.
    Word,
    /// A hashtag.
    Hashtag,
    /// A mention of an account.
    Mention,
    /// A cashtag.
    Cashtag,
    /// An emoji.
    Emoji,
    /// Words that belong together.
    Phrase,
    /// The domain of a link.
    Domain,
}

/// A score beside the count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub enum Score {
    /// How far a term is above what its past lets expect.
    Burst,
    /// The highest burst of late, decayed.
    Peak,
    /// How much a term stands out against the baseline.
    Keyness,
    /// The level of late, decayed.
    Popular,
    /// The score of Mastodon's trends: the authors of a day against those of the day before.
    ChiSquare,
    /// Occurrences in each window.
    Count,
}

/// The words that are not counted.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct StopWords {
    /// Languages whose common words are left out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 64), inner(length(min = 2, max = 3), regex(pattern = LANGUAGE)))]
    pub languages: Vec<String>,
    /// Further words.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 2_000), inner(length(min = 1, max = 128)))]
    pub extra: Vec<String>,
}

/// A published result that scores compare with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Baseline {
    /// The source it was published under.
    #[schemars(length(min = 1, max = 63), regex(pattern = crate::pattern::SOURCE))]
    pub source: String,
    /// Its generation; the newest at the start of the run when not said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1))]
    pub generation: Option<u64>,
}

/// Terms and authors that are left out.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Exclude {
    /// Terms, as they are written in results.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 2_000), inner(length(min = 1, max = 256)))]
    pub terms: Vec<String>,
    /// Authors, by their identity in the records.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 2_000), inner(length(min = 1, max = 256)))]
    pub authors: Vec<String>,
}
