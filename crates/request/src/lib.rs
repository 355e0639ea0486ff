//! Translates a TrendJob into the types of the pipeline; the only crate that knows both. Expects a
//! checked spec; the caller decides where the files are on this machine.

use pipeline::input::{Compression, Identity};
use pipeline::plan::Spec;
use pipeline::{Analysis, CustomFormat, PinnedBaseline, RecordFormat};
use store::SourceName;
use store::retention::Retention;
use trendjob::{Input, Preset, TrendJobSpec};
use trends::social::LANGUAGE_METHOD;
use trends::{Partitions, Profile};

/// The languages whose common words profile `Social` doesn't count by default, in records whose own
/// language has no list: the original program's.
const DEFAULT_STOP_LANGUAGES: [&str; 3] = ["nl", "en", "es"];

/// The error for a spec that was not checked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidRequest {
    /// The source is not a valid name.
    #[error(transparent)]
    Source(#[from] store::InvalidName),
    /// The number of partitions is out of its range.
    #[error("spec.sharding.partitions is {0}: it must be from 1 to 1024")]
    Partitions(u32),
}

/// Returns the pipeline's spec of a run.
///
/// # Errors
/// If the spec was not checked.
pub fn spec(trendjob: &TrendJobSpec) -> Result<Spec, InvalidRequest> {
    let TrendJobSpec { source, input, sharding, .. } = trendjob;
    let partitions = Partitions::new(sharding.partitions);
    let has_config_map = input.volume.as_ref().is_some_and(|volume| volume.config_map.is_some());
    Ok(Spec {
        // Every pod has its own copy of a ConfigMap, with its own times.
        identity: if has_config_map { Identity::Content } else { Identity::Modified },
        compression: match input.compression {
            trendjob::Compression::Auto => None,
            trendjob::Compression::None => Some(Compression::None),
            trendjob::Compression::Gzip => Some(Compression::Gzip),
            trendjob::Compression::Zstd => Some(Compression::Zstd),
            trendjob::Compression::Bzip2 => Some(Compression::Bzip2),
        },
        record: record(input),
        max_malformed_percent: f64::from(input.max_malformed_percent),
        max_record_size: input.max_record_size.bytes(),
        chunk_size: sharding.chunk_size.bytes(),
        max_shards: sharding.max_shards,
        partitions: partitions.ok_or(InvalidRequest::Partitions(sharding.partitions))?,
        analysis: analysis(&trendjob.analysis),
        ..Spec::new(SourceName::new(source)?, input.uris.clone())
    })
}

fn record(input: &Input) -> RecordFormat {
    let trendjob::Record { preset, text, time, author, id, language } = &input.record;
    match preset {
        Preset::Twitter => RecordFormat::Twitter,
        Preset::DataSift => RecordFormat::DataSift,
        Preset::Mastodon => RecordFormat::Mastodon,
        Preset::Custom => RecordFormat::Custom(CustomFormat {
            text: text.clone(),
            time: time.clone(),
            author: author.clone(),
            id: id.clone(),
            language: language.clone(),
        }),
    }
}

/// Returns the analysis of a checked spec.
fn analysis(wanted: &trendjob::Analysis) -> Analysis {
    let is_social = wanted.profile == Profile::Social;
    let stop_words = wanted.stop_words.clone().unwrap_or_default();
    let own_stop_words = is_social && stop_words.languages.is_none();
    let default_languages = DEFAULT_STOP_LANGUAGES.iter().filter(|_| is_social);
    let default_languages = || default_languages.map(|language| (*language).to_owned()).collect();
    let mut scores = wanted.scores.clone();
    scores.sort_unstable();
    let mut kinds = wanted.kinds.clone();
    kinds.sort_unstable();
    let exclude = wanted.exclude.clone().unwrap_or_default();
    let detect_language = wanted.detect_language.unwrap_or(false);
    Analysis {
        profile: wanted.profile,
        kinds,
        window: wanted.window.map(trendjob::Duration::seconds),
        stop_languages: stop_words.languages.unwrap_or_else(default_languages),
        own_stop_words,
        stop_words: stop_words.extra,
        exclude_authors: exclude.authors,
        exclude_terms: exclude.terms,
        scores,
        baseline: wanted.baseline.as_ref().map(|baseline| PinnedBaseline {
            source: baseline.source.clone(),
            generation: baseline.generation,
            run: None,
        }),
        detect_language,
        language_method: detect_language.then(|| LANGUAGE_METHOD.to_owned()),
        series_floor: wanted.series_floor,
        min_count: wanted.min_count,
        min_authors: wanted.min_authors,
        reference: wanted.reference.unwrap_or_default(),
        ..Analysis::default()
    }
}

/// Returns the number of runs of a source that stay, and the time that a retired one stays.
pub fn retention(retention: &trendjob::Retention) -> Retention {
    Retention { runs: retention.runs as usize, grace: retention.grace.seconds() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn further_stop_words_leave_the_default_languages_and_an_empty_list_has_none() {
        let planned = |stop_words: Option<(Option<&[&str]>, &[&str])>| {
            let texts =
                |list: &[&str]| list.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
            let stop_words = stop_words.map(|(languages, extra)| trendjob::StopWords {
                languages: languages.map(texts),
                extra: texts(extra),
            });
            let profile = Profile::Social;
            let wanted =
                trendjob::Analysis { profile, stop_words, ..trendjob::Analysis::default() };
            let Analysis { stop_languages, own_stop_words, stop_words, .. } = analysis(&wanted);
            (stop_languages.join(" "), own_stop_words, stop_words.join(" "))
        };
        let of = |languages: &str, own, extra: &str| (languages.to_owned(), own, extra.to_owned());
        let default = DEFAULT_STOP_LANGUAGES.join(" ");
        assert_eq!(planned(None), of(&default, true, ""));
        assert_eq!(planned(Some((None, &["love"]))), of(&default, true, "love"));
        assert_eq!(planned(Some((Some(&[]), &["love"]))), of("", false, "love"));
        assert_eq!(planned(Some((Some(&["de"]), &[]))), of("de", false, ""));
        // The profile Seed has no setting of its own.
        assert_eq!(analysis(&trendjob::Analysis::default()).stop_languages, Vec::<String>::new());
    }

    #[test]
    fn a_plan_names_the_method_of_its_guesses_and_no_method_without_guesses() {
        for detect_language in [None, Some(false), Some(true)] {
            let wanted = trendjob::Analysis { detect_language, ..trendjob::Analysis::default() };
            let method = analysis(&wanted).language_method;
            let expected = (detect_language == Some(true)).then_some("lid.176/1");
            assert_eq!(method.as_deref(), expected, "{detect_language:?}");
        }
    }
}
