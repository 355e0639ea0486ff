//! What a manifest asks to be counted, in the pipeline's words.

use pipeline::{Analysis, Profile};
use trends::{Kind, Score};

/// The languages whose common words the profile `Social` leaves out unless it is told: the original's.
pub(crate) const DEFAULT_STOP_LANGUAGES: [&str; 3] = ["nl", "en", "es"];

/// The analysis of a spec that has been checked.
pub(crate) fn analysis(asked: &trendjob::Analysis) -> Analysis {
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
        trendjob::Score::Burst => Some(Score::Burst),
        trendjob::Score::Peak => Some(Score::Peak),
        trendjob::Score::Popular => Some(Score::Popular),
        // Refused before: not supported yet.
        trendjob::Score::Keyness => None,
    };
    let mut scores: Vec<Score> = asked.scores.iter().filter_map(score).collect();
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
        min_count: asked.min_count,
        min_authors: asked.min_authors,
    }
}
