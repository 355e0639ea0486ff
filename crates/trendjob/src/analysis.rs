//! The terms to count and the scores to compute. Owns these settings; knows nothing of counting.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use vocabulary::{Kind, Profile, ReferenceChoice, Score};

use crate::{
    Duration, names,
    pattern::{LANGUAGE, SOURCE},
};

/// The terms to count and the scores to compute.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Analysis {
    /// The cleaning of text: Seed cleans as the original program did and counts words only; Social
    /// is for social media, with every kind of term and score.
    #[serde(default)]
    #[schemars(schema_with = "names::profile")]
    pub profile: Profile,
    /// The kinds of terms to count, each once. Kinds other than Word need profile Social.
    #[serde(default = "default_kinds", with = "names")]
    #[schemars(schema_with = "names::kinds", extend("x-kubernetes-list-type" = "set"))]
    pub kinds: Vec<Kind>,
    /// The length of a window, from 5m to 7d. Without it, times are not read and all records count
    /// as one window.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub window: Option<Duration>,
    /// Words that are not counted. By default the common words of the language of each record.
    /// Needs profile Social.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stop_words: Option<StopWords>,
    /// The scores to compute beside the count, each once. Needs profile Social.
    #[serde(default, skip_serializing_if = "Vec::is_empty", with = "names")]
    #[schemars(schema_with = "names::scores", extend("x-kubernetes-list-type" = "set"))]
    pub scores: Vec<Score>,
    /// The published result that score Keyness compares with. Needs profile Social.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub baseline: Option<Baseline>,
    /// True to guess the language of records without one, which selects their stop words. Takes
    /// about 5 microseconds per record. Needs profile Social.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detect_language: Option<bool>,
    /// Terms with fewer occurrences in the run keep no series and have no score over time. Without
    /// it, all terms keep theirs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 1_000_000))]
    pub series_floor: Option<u32>,
    /// The fewest distinct authors that a term needs in a window to burst there, if records have
    /// authors. Needs profile Social.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 1_000_000))]
    pub min_authors: Option<u32>,
    /// The fewest authors that a term needs in a window to burst there, or records if few have an
    /// author. Needs profile Social.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 1_000_000))]
    pub min_count: Option<u32>,
    /// The earlier windows that bursts are compared with: Trailing, those right before (7 days, and
    /// at least 24 windows), or Seasonal, those at the same time of up to 8 earlier weeks, or else
    /// days, for words that return every day or week. Trailing if it is not set. Needs profile
    /// Social.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "names::reference")]
    pub reference: Option<ReferenceChoice>,
    /// Terms and authors to exclude. Needs profile Social.
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
            reference: None,
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

/// Words that are not counted.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct StopWords {
    /// Languages whose common words are not counted, as codes of two or three letters. By default
    /// the language of each record, or nl, en and es if that has no list. With an empty list, only
    /// the further words are not counted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 64), inner(length(min = 2, max = 3), regex(pattern = LANGUAGE)))]
    pub languages: Option<Vec<String>>,
    /// Further words that are not counted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 2_000), inner(length(min = 1, max = 128)))]
    pub extra: Vec<String>,
}

/// A published result that scores compare with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Baseline {
    /// The source of the result.
    #[schemars(length(min = 1, max = 63), regex(pattern = SOURCE))]
    pub source: String,
    /// The generation of the result. Without it, the newest at the start of the run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1))]
    pub generation: Option<u64>,
}

/// Terms and authors to exclude.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Exclude {
    /// Terms, written as in results.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 2_000), inner(length(min = 1, max = 256)))]
    pub terms: Vec<String>,
    /// Authors, by their identity in the records. Their records are not counted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 2_000), inner(length(min = 1, max = 256)))]
    pub authors: Vec<String>,
}
