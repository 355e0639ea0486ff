//! The analysis of a TrendJob in the pipeline's words.

use pipeline::{Analysis, PinnedBaseline};
use trends::Profile;

/// The languages whose common words profile `Social` doesn't count by default: the original
/// program's.
pub const DEFAULT_STOP_LANGUAGES: [&str; 3] = ["nl", "en", "es"];

/// Returns the analysis of a checked spec.
pub fn analysis(wanted: &trendjob::Analysis) -> Analysis {
    let is_social = wanted.profile == Profile::Social;
    let stop_words = wanted.stop_words.clone().unwrap_or_else(|| trendjob::StopWords {
        languages: DEFAULT_STOP_LANGUAGES
            .map(str::to_owned)
            .into_iter()
            .filter(|_| is_social)
            .collect(),
        extra: Vec::new(),
    });
    let mut scores = wanted.scores.clone();
    scores.sort_unstable();
    let mut kinds = wanted.kinds.clone();
    kinds.sort_unstable();
    let exclude = wanted.exclude.clone().unwrap_or_default();
    Analysis {
        profile: wanted.profile,
        kinds,
        window: wanted.window.map(trendjob::Duration::seconds),
        stop_languages: stop_words.languages,
        stop_words: stop_words.extra,
        exclude_authors: exclude.authors,
        exclude_terms: exclude.terms,
        scores,
        baseline: wanted.baseline.as_ref().map(|baseline| PinnedBaseline {
            source: baseline.source.clone(),
            generation: baseline.generation,
            run: None,
        }),
        detect_language: wanted.detect_language.unwrap_or(false),
        series_floor: wanted.series_floor,
        min_count: wanted.min_count,
        min_authors: wanted.min_authors,
    }
}
