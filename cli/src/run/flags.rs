//! The flags of `trendjob run` as fields of a TrendJob's spec. Owns the field that each flag sets;
//! `crates/trendjob` owns the defaults and limits of the fields.

use trendjob::rules::SOCIAL_ONLY;
use trendjob::{Analysis, FieldError, Preset, Record, TrendJobSpec, check_spec};
use trends::Profile;
use trends::scores::ReferenceChoice;

use crate::args::{AnalysisArgs, PresetName, ProfileName, ReferenceName, RunArgs};
use crate::failure::Failure;

/// A field, the flag that sets it, and a function that returns true if the user typed the flag.
type Flag = (&'static str, &'static str, fn(&RunArgs) -> bool);

const FLAGS: [Flag; 15] = [
    ("spec.source", "--source", |args| args.source.is_some()),
    ("spec.input.record.preset", "--preset", |args| args.preset.is_some()),
    ("spec.input.maxRecordSize", "--max-record-size", |args| args.max_record_size.is_some()),
    ("spec.sharding.chunkSize", "--chunk-size", |args| args.chunk_size.is_some()),
    ("spec.sharding.partitions", "--partitions", |args| args.partitions.is_some()),
    ("spec.analysis.kinds", "--kinds", |args| !args.analysis.kinds.is_empty()),
    ("spec.analysis.window", "--window", |args| args.analysis.window.is_some()),
    ("spec.analysis.stopWords", "--stop-words", |args| !args.analysis.stop_words.is_empty()),
    ("spec.analysis.scores", "--scores", |args| !args.analysis.scores.is_empty()),
    ("spec.analysis.baseline", "--baseline", |args| args.analysis.baseline.is_some()),
    ("spec.analysis.detectLanguage", "--detect-language", |args| args.analysis.detect_language),
    ("spec.analysis.seriesFloor", "--series-floor", |args| args.analysis.series_floor.is_some()),
    ("spec.analysis.minCount", "--min-count", |args| args.analysis.min_count.is_some()),
    ("spec.analysis.reference", "--reference", |args| args.analysis.reference.is_some()),
    ("spec.analysis.minAuthors", "--min-authors", |args| args.analysis.min_authors.is_some()),
];

/// Sets the fields whose flags were typed.
pub(super) fn apply(args: &RunArgs, spec: &mut TrendJobSpec) {
    set(&mut spec.source, args.source.clone());
    if let Some(preset) = args.preset {
        let preset = match preset {
            PresetName::Twitter => Preset::Twitter,
            PresetName::DataSift => Preset::DataSift,
            PresetName::Mastodon => Preset::Mastodon,
        };
        spec.input.record = Record { preset, ..Record::default() };
    }
    set(&mut spec.input.max_record_size, args.max_record_size);
    set(&mut spec.sharding.chunk_size, args.chunk_size);
    set(&mut spec.sharding.partitions, args.partitions);
    apply_to_analysis(&args.analysis, &mut spec.analysis);
}

fn apply_to_analysis(args: &AnalysisArgs, analysis: &mut Analysis) {
    let profile = args.profile.map(|profile| match profile {
        ProfileName::Seed => Profile::Seed,
        ProfileName::Social => Profile::Social,
    });
    set(&mut analysis.profile, profile);
    if !args.kinds.is_empty() {
        analysis.kinds = each_once(&args.kinds);
    }
    analysis.window = args.window.or(analysis.window);
    match args.stop_words.as_slice() {
        [] => {}
        [none] if none.eq_ignore_ascii_case("none") => {
            analysis.stop_words.get_or_insert_default().languages = Some(Vec::new());
        }
        languages => {
            let languages = languages.iter().map(|code| code.to_ascii_lowercase()).collect();
            analysis.stop_words.get_or_insert_default().languages = Some(languages);
        }
    }
    if !args.scores.is_empty() {
        analysis.scores = each_once(&args.scores);
    }
    analysis.baseline = args.baseline.clone().or_else(|| analysis.baseline.take());
    analysis.detect_language = args.detect_language.then_some(true).or(analysis.detect_language);
    analysis.series_floor = args.series_floor.or(analysis.series_floor);
    analysis.min_count = args.min_count.or(analysis.min_count);
    let reference = args.reference.map(|reference| match reference {
        ReferenceName::Trailing => ReferenceChoice::Trailing,
        ReferenceName::Seasonal => ReferenceChoice::Seasonal,
    });
    analysis.reference = reference.or(analysis.reference);
    analysis.min_authors = args.min_authors.or(analysis.min_authors);
}

fn set<T>(field: &mut T, typed: Option<T>) {
    if let Some(value) = typed {
        *field = value;
    }
}

fn each_once<T: Copy + Ord>(values: &[T]) -> Vec<T> {
    let mut values = values.to_vec();
    values.sort_unstable();
    values.dedup();
    values
}

/// Checks a spec by the rules for manifests. The errors name the flags that the user typed.
pub(super) fn check(args: &RunArgs, spec: &TrendJobSpec) -> Result<(), Failure> {
    let errors = check_spec(spec);
    let errors = errors.iter().filter(|error| !is_of_clusters_only(error));
    let messages: Vec<String> = errors.map(|error| message(args, error)).collect();
    if messages.is_empty() { Ok(()) } else { Err(Failure::usage(messages.join("; "))) }
}

/// Returns true if an error is about a limit of manifests that a local run doesn't have. A local
/// run reads any number of files (the limit keeps objects in etcd small, and the pipeline checks
/// schemes itself), and it can score the words of profile Seed.
fn is_of_clusters_only(error: &FieldError) -> bool {
    let scored = ["scores", "baseline", "minCount", "minAuthors"];
    let field = error.path.strip_prefix("spec.analysis.");
    error.path.starts_with("spec.input.uris")
        || (error.message.ends_with(SOCIAL_ONLY) && field.is_some_and(|one| scored.contains(&one)))
}

fn message(args: &RunArgs, error: &FieldError) -> String {
    let is_about = |field: &str| {
        let rest = error.path.strip_prefix(field);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
    };
    let flag = FLAGS.iter().find(|(field, _, is_typed)| is_about(field) && is_typed(args));
    match flag {
        Some((_, flag, _)) => format!("{flag}: {}", error.message),
        None => error.to_string(),
    }
}
