//! What a manifest asks to be counted, in the pipeline's words.

use pipeline::{Analysis, PinnedBaseline, Profile};
use trends::{Kind, Score};

/// The languages whose common words the profile `Social` leaves out unless it is told: the original's.
pub const DEFAULT_STOP_LANGUAGES: [&str; 3] = ["nl", "en", "es"];

/// The analysis of a spec that has been checked.
pub fn analysis(asked: &trendjob::Analysis) -> Analysis {
    let kind = |kind: &trendjob::Kind| match kind {
        trendjob::Kind::Word => Kind::Word,
        trendjob::Kind::Hashtag => Kind::Hashtag,
        trendjob::Kind::Mention => Kind::Mention,
        trendjob::Kind::Cashtag => Kind::Cashtag,
        trendjob::Kind::Emoji => Kind::Emoji,
        trendjob::Kind::Phrase => Kind::Phrase,
        trendjob::Kind::Domain => Kind::Domain,
    };
    let is_social = asked.profile == trendjob::Profile::Social;
    let stop_words = asked.stop_words.clone().unwrap_or_else(|| trendjob::StopWords {
        languages: DEFAULT_STOP_LANGUAGES
            .map(str::to_owned)
            .into_iter()
            .filter(|_| is_social)
            .collect(),
        extra: Vec::new(),
    });
    let score = |score: &trendjob::Score| match score {
        trendjob::Score::Burst => Score::Burst,
        trendjob::Score::Peak => Score::Peak,
        trendjob::Score::Popular => Score::Popular,
        trendjob::Score::Keyness => Score::Keyness,
        trendjob::Score::ChiSquare => Score::ChiSquare,
        trendjob::Score::Count => Score::Count,
    };
    let mut scores: Vec<Score> = asked.scores.iter().map(score).collect();
    scores.sort_unstable();
    let exclude = asked.exclude.clone().unwrap_or_default();
    let mut kinds: Vec<Kind> = asked.kinds.iter().map(kind).collect();
    kinds.sort_unstable();
    Analysis {
        profile: match asked.profile {
            trendjob::Profile::Seed => Profile::Seed,
            trendjob::Profile::Social => Profile::Social,
        },
        kinds,
        window: asked.window.map(trendjob::Duration::seconds),
        stop_languages: stop_words.languages,
        stop_words: stop_words.extra,
        exclude_authors: exclude.authors,
        exclude_terms: exclude.terms,
        scores,
        baseline: asked.baseline.as_ref().map(|baseline| PinnedBaseline {
            source: baseline.source.clone(),
            generation: baseline.generation,
            run: None,
        }),
        detect_language: asked.detect_language.unwrap_or(false),
        series_floor: asked.series_floor,
        min_count: asked.min_count,
        min_authors: asked.min_authors,
    }
}
