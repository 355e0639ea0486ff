//! What is counted and scored. Owns these settings; refuses to know how anything is counted.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use vocabulary::{Kind, Profile, Score};

use crate::{
    Duration, names,
    pattern::{LANGUAGE, SOURCE},
};

/// What is counted and scored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Analysis {
    /// How text is cleaned and cut into terms.
    #[serde(default)]
    #[schemars(schema_with = "names::profile")]
    pub profile: Profile,
    /// The kinds of terms that are counted, each once.
    #[serde(default = "default_kinds", with = "names")]
    #[schemars(schema_with = "names::kinds", extend("x-kubernetes-list-type" = "set"))]
    pub kinds: Vec<Kind>,
    /// The length of a time bucket, from 5m to 7d. Without it no time is read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub window: Option<Duration>,
    /// The words that are not counted; only with profile Social.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stop_words: Option<StopWords>,
    /// The scores that are computed beside the count; only with profile Social.
    #[serde(default, skip_serializing_if = "Vec::is_empty", with = "names")]
    #[schemars(schema_with = "names::scores", extend("x-kubernetes-list-type" = "set"))]
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
    /// Returns true if the run has a score stage.
    pub fn needs_scoring(&self) -> bool {
        vocabulary::needs_scoring(&self.kinds, &self.scores)
    }
}

fn default_kinds() -> Vec<Kind> {
    vec![Kind::Word]
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
    #[schemars(length(min = 1, max = 63), regex(pattern = SOURCE))]
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
