//! The flags of `trendjob run`. Owns their names and help. The crate `trendjob` owns the limits of
//! flags that are fields of a TrendJob.

use std::path::PathBuf;

use clap::{Args as Flags, ValueEnum};
use trendjob::{Baseline, Duration, Size};
use trends::{Kind, Score};

use super::{Format, ListenArgs, table_or_json};

/// Flags of `run`.
#[derive(Debug, Flags)]
#[command(mut_arg("listen", |listen| listen.requires("serve")))]
#[command(mut_arg("metrics_listen", |listen| listen.requires("serve")))]
pub(crate) struct RunArgs {
    /// A manifest (.yaml or .yml), or files, folders and quoted globs; - reads standard input.
    #[arg(value_name = "JOB.yaml|URI", required_unless_present = "resume")]
    pub(crate) inputs: Vec<String>,
    /// The name to publish under: a-z, 0-9 and -, at most 63 characters.
    #[arg(long, value_name = "NAME", allow_hyphen_values = true)]
    pub(crate) source: Option<String>,
    /// The format of the records [default: twitter].
    #[arg(long, value_enum, ignore_case = true)]
    pub(crate) preset: Option<PresetName>,
    #[command(flatten)]
    pub(crate) analysis: AnalysisArgs,
    /// Number of shards to cut the input into; chunks become smaller if needed.
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub(crate) shards: Option<u32>,
    /// Threads to use [default: all cores].
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=1024))]
    pub(crate) threads: Option<u32>,
    /// Size of a chunk, such as 64Mi or 64MB [default: 1Gi, or the manifest's].
    #[arg(long, value_name = "SIZE")]
    pub(crate) chunk_size: Option<Size>,
    /// Partitions of the terms, 1 to 1024 [default: twice the threads, or the manifest's].
    #[arg(long, value_name = "N")]
    pub(crate) partitions: Option<u32>,
    /// Memory for counting and sorting, such as 512Mi; more data is spilled to disk [default: 60 %
    /// of the machine's, at most 4Gi].
    #[arg(long, value_name = "SIZE")]
    pub(crate) memory: Option<Size>,
    /// The highest percentage of malformed lines among those that are not blank, 0 to 100; above it
    /// nothing is published [default: 5].
    #[arg(long, value_name = "PERCENT", value_parser = percent)]
    pub(crate) max_malformed_percent: Option<f64>,
    /// The longest record, 1Mi to 64Mi; a longer line is malformed [default: 16Mi].
    #[arg(long, value_name = "SIZE")]
    pub(crate) max_record_size: Option<Size>,
    /// Resume a run that was stopped, with the input and the settings of its plan.
    #[arg(long, value_name = "RUN", conflicts_with_all = [
        "inputs", "source", "dry_run", "preset", "shards", "chunk_size", "partitions",
        "max_malformed_percent", "max_record_size", "data",
    ])]
    pub(crate) resume: Option<String>,
    /// Print the plan and run nothing.
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Write every malformed line to this file, as JSON lines.
    #[arg(long, value_name = "FILE")]
    pub(crate) rejects: Option<PathBuf>,
    /// The folder to read instead of a manifest's /data.
    #[arg(long, value_name = "DIR")]
    pub(crate) data: Option<PathBuf>,
    /// Serve the result after it is published.
    #[arg(long)]
    pub(crate) serve: bool,
    #[command(flatten)]
    pub(crate) listen: ListenArgs,
    /// The folder of the store.
    #[arg(long, value_name = "DIR", default_value = ".trendjob", env = "TRENDJOB_STORE")]
    pub(crate) store: PathBuf,
    /// The format of the result: table or json.
    #[arg(long, value_parser = table_or_json, default_value = "table")]
    pub(crate) output: Format,
}

fn percent(text: &str) -> Result<f64, String> {
    match text.trim_end_matches('%').parse() {
        Ok(percent) if (0.0..=100.0).contains(&percent) => Ok(percent),
        _ => Err("it must be a number from 0 to 100".to_owned()),
    }
}

/// Flags of `run` about terms and scores.
#[derive(Debug, Flags)]
#[command(next_help_heading = "Analysis")]
pub(crate) struct AnalysisArgs {
    /// The rules that turn text into terms [default: seed].
    #[arg(long, value_enum, ignore_case = true)]
    pub(crate) profile: Option<ProfileName>,
    /// Kinds of terms to count, such as word,hashtag: word, hashtag, mention, cashtag, emoji,
    /// phrase, domain [default: word].
    #[arg(long, visible_alias = "kind", value_name = "KIND,...", value_delimiter = ',')]
    pub(crate) kinds: Vec<Kind>,
    /// Count by windows of this length, 5m to 7d, such as 1h.
    #[arg(long, value_name = "LENGTH")]
    pub(crate) window: Option<Duration>,
    /// Languages whose common words are not counted, or `none` to count all words; needs --profile
    /// social [default: the language of each record, or nl,en,es if that has no list].
    #[arg(long, value_name = "LANGUAGE,...", value_delimiter = ',')]
    pub(crate) stop_words: Vec<String>,
    /// Scores to rank topics by, beside their count, such as burst,peak: burst, peak, popular,
    /// chisquare and count (in each window) need --window, keyness needs --baseline.
    #[arg(long, visible_alias = "score", value_name = "SCORE,...", value_delimiter = ',')]
    pub(crate) scores: Vec<Score>,
    /// The published result that score keyness compares with: SOURCE or SOURCE@GENERATION.
    #[arg(long, value_name = "SOURCE[@N]", value_parser = baseline)]
    pub(crate) baseline: Option<Baseline>,
    /// Guess the language of records without one, which selects their stop words.
    #[arg(long)]
    pub(crate) detect_language: bool,
    /// Terms with fewer occurrences in the run keep no series and have no score over time [default:
    /// 1].
    #[arg(long, value_name = "N")]
    pub(crate) series_floor: Option<u32>,
    /// The fewest authors that a term needs in a window to burst there (or records, if few have an
    /// author) [default: 5].
    #[arg(long, value_name = "N")]
    pub(crate) min_count: Option<u32>,
    /// The earlier windows that bursts are compared with [default: trailing].
    #[arg(long, value_enum, ignore_case = true)]
    pub(crate) reference: Option<ReferenceName>,
    /// The fewest distinct authors that a term needs in a window to burst there, if records have
    /// authors [default: 3].
    #[arg(long, value_name = "N")]
    pub(crate) min_authors: Option<u32>,
}

/// Parses `SOURCE` or `SOURCE@GENERATION`.
fn baseline(text: &str) -> Result<Baseline, String> {
    let Some((source, number)) = text.split_once('@') else {
        return Ok(Baseline { source: text.to_owned(), generation: None });
    };
    let generation = number.parse::<u64>().ok().filter(|generation| *generation > 0);
    if generation.is_none() {
        return Err(format!("{number:?} is not a generation: generations are numbered from 1"));
    }
    Ok(Baseline { source: source.to_owned(), generation })
}

/// The profiles.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "lower")]
pub(crate) enum ProfileName {
    /// The cleaning of the original program, exactly; words only.
    Seed,
    /// Cleaning for social media, with every kind of term.
    Social,
}

/// The references of bursts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "lower")]
pub(crate) enum ReferenceName {
    /// The windows right before: 7 days, and at least 24 windows.
    Trailing,
    /// The windows at the same time of up to 8 earlier weeks, or else days: for words that return
    /// every day or week.
    Seasonal,
}

/// The presets of record formats.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "lower")]
pub(crate) enum PresetName {
    /// Twitter v1.1 statuses.
    Twitter,
    /// DataSift interactions.
    DataSift,
    /// Mastodon statuses.
    Mastodon,
}
