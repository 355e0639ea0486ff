//! What can be typed. Owns names, help and defaults of commands and flags; says nothing of what
//! they do.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{ArgGroup, Args as Flags, Parser, Subcommand, ValueEnum};
use trendjob::{Duration, Size};
use trends::{Kind, Score};

use crate::place::PlaceArgs;

/// Turn piles of social posts into trending topics.
#[derive(Debug, Parser)]
#[command(name = "trendjob", version, arg_required_else_help = true, propagate_version = true)]
#[command(after_help = "Examples:
  trendjob demo
  trendjob run --source mine 'posts/*.ndjson.zst'
  trendjob top mine --limit 20
  trendjob serve")]
pub(crate) struct Args {
    /// Say less: no progress, no hints, only results and errors.
    #[arg(short, long, global = true)]
    pub(crate) quiet: bool,
    /// Say more: -v for what is done, -vv for how.
    #[arg(short, long, global = true, action = clap::ArgAction::Count, conflicts_with = "quiet")]
    pub(crate) verbose: u8,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Count the trends of files and publish them.
    #[command(after_help = "Examples:
  trendjob run job.yaml --data ./tweets
  trendjob run --source mine posts/
  zcat posts.gz | trendjob run --source mine -
  trendjob run --source mine --preset mastodon --serve 'posts/*.ndjson'
  trendjob run --source mine --output json -q posts.ndjson | jq .digest")]
    Run(Box<RunArgs>),
    /// Make sample data, count its trends and serve them.
    #[command(after_help = "Examples:
  trendjob demo
  trendjob demo --no-serve")]
    Demo(DemoArgs),
    /// Write synthetic statuses; the same seed gives the same bytes.
    #[command(after_help = "Examples:
  trendjob generate --records 1000 -o posts.ndjson
  trendjob generate --records 1000000 --seed 7 --malformed 0.02 | zstd > posts.ndjson.zst")]
    Generate(GenerateArgs),
    /// Serve published trends over HTTP.
    #[command(after_help = "Examples:
  trendjob serve
  trendjob serve --store /srv/trends --listen 0.0.0.0:8383
  curl 'http://127.0.0.1:8383/api/trends?source=demo&topic=love'")]
    Serve(ServeArgs),
    /// List the highest-ranked topics of a source.
    #[command(after_help = "Examples:
  trendjob top demo
  trendjob top demo --limit 0 --output csv > all.csv
  trendjob top mine --kind hashtag
  trendjob top mine --kind hashtag --score burst --window 2016-03-01
  trendjob top mine --kind word,phrase,hashtag")]
    Top(TopArgs),
    /// Show how often a term was seen in each window.
    #[command(after_help = "Examples:
  trendjob history mine love
  trendjob history mine election --kind hashtag --output csv")]
    History(HistoryArgs),
    /// Show how the scores of a term in a window came about, step by step.
    #[command(after_help = "Examples:
  trendjob explain mine election --kind hashtag
  trendjob explain mine election --kind hashtag --window 2016-03-01T12:00:00Z --output json")]
    Explain(ExplainArgs),
    /// Ask an API over HTTP and print its answer.
    #[command(after_help = "Examples:
  trendjob fetch 'http://127.0.0.1:8383/api/v1/trends?source=demo&limit=5'
  trendjob fetch --wait 2m 'http://trendjob-api:8383/api/v1/trends?source=quickstart'")]
    Fetch(FetchArgs),
    /// Check a TrendJob manifest as the API server would.
    #[command(after_help = "Examples:
  trendjob validate job.yaml
  trendjob validate job.yaml --output json")]
    Validate(ValidateArgs),
    /// List what was published, and runs that can be resumed.
    #[command(after_help = "Examples:
  trendjob runs
  trendjob runs --output json")]
    Runs(StoreArgs),
    /// Publish an earlier generation of a source again.
    #[command(after_help = "Examples:
  trendjob rollback demo --to 3")]
    Rollback(RollbackArgs),
    /// Leave terms out of what is shown of a source, and authors out of its next runs.
    #[command(after_help = "Examples:
  trendjob exclude mine --term viagra --reason spam
  trendjob exclude mine --pattern '*casino*' --kind hashtag
  trendjob exclude mine --author 2244994945
  trendjob exclude mine --readmit --term viagra
  trendjob exclude mine --list")]
    Exclude(ExcludeArgs),
    /// Print shell completions.
    #[command(after_help = "Examples:
  trendjob completions bash > ~/.local/share/bash-completion/completions/trendjob")]
    Completions(CompletionArgs),
}

impl Command {
    /// The format the user wants results and errors in.
    pub(crate) fn format(&self) -> Format {
        match self {
            Self::Run(args) => args.output,
            Self::Demo(args) => args.output,
            Self::Validate(args) => args.output,
            Self::Runs(args) => args.output,
            Self::Rollback(args) => args.store.output,
            Self::Exclude(args) => args.store.output,
            Self::Top(args) => args.output,
            Self::History(args) => args.output,
            Self::Explain(args) => args.output,
            Self::Generate(_) | Self::Serve(_) | Self::Fetch(_) | Self::Completions(_) => {
                Format::Table
            }
        }
    }
}

/// How results are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For people.
    Table,
    /// One JSON object.
    Json,
    /// Comma-separated values with a header.
    Csv,
}

/// The formats of what isn't a table of topics.
fn table_or_json(name: &str) -> Result<Format, String> {
    match name {
        "table" => Ok(Format::Table),
        "json" => Ok(Format::Json),
        _ => Err("allowed are table and json".to_owned()),
    }
}

/// Flags of `run`.
#[derive(Debug, Flags)]
#[command(mut_arg("listen", |listen| listen.requires("serve")))]
#[command(mut_arg("metrics_listen", |listen| listen.requires("serve")))]
pub(crate) struct RunArgs {
    /// A manifest ending in .yaml or .yml; or files, folders, globs in quotes, - for standard input.
    #[arg(value_name = "JOB.yaml|URI", required_unless_present = "resume")]
    pub(crate) inputs: Vec<String>,
    /// The name to publish under: a-z, 0-9 and -, at most 63.
    #[arg(long, value_name = "NAME", allow_hyphen_values = true)]
    pub(crate) source: Option<String>,
    /// Where the text is in a record.
    #[arg(long, value_enum, ignore_case = true)]
    pub(crate) preset: Option<PresetName>,
    #[command(flatten)]
    pub(crate) analysis: AnalysisArgs,
    /// Cut the input into this many shards, by smaller chunks if need be.
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub(crate) shards: Option<u32>,
    /// Threads to use [default: all cores].
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=1024))]
    pub(crate) threads: Option<u32>,
    /// Size of a chunk, as 64Mi or 64MB [default: 1Gi, or the manifest's].
    #[arg(long, value_name = "SIZE")]
    pub(crate) chunk_size: Option<Size>,
    /// Partitions of the terms, 1 to 1024 [default: twice the threads, or the manifest's].
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=1024))]
    pub(crate) partitions: Option<u32>,
    /// Memory for counting and sorting, as 512Mi; beyond it sorted runs go to disk [default: 60 %
    /// of the machine's, at most 4Gi].
    #[arg(long, value_name = "SIZE")]
    pub(crate) memory: Option<Size>,
    /// The largest share of malformed lines that is still published, 0 to 100 [default: 5].
    #[arg(long, value_name = "PERCENT", value_parser = percent)]
    pub(crate) max_malformed_percent: Option<f64>,
    /// The longest line that is read, 1Mi to 64Mi [default: 16Mi].
    #[arg(long, value_name = "SIZE")]
    pub(crate) max_record_size: Option<Size>,
    /// Go on with a run that was stopped. Its plan says what is read and how it is cut.
    #[arg(long, value_name = "RUN", conflicts_with_all = [
        "inputs", "source", "dry_run", "preset", "shards", "chunk_size", "partitions",
        "max_malformed_percent", "max_record_size", "data",
    ])]
    pub(crate) resume: Option<String>,
    /// Print the plan and change nothing.
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Write every malformed line to this file, as JSON lines.
    #[arg(long, value_name = "FILE")]
    pub(crate) rejects: Option<PathBuf>,
    /// The folder that stands in for /data of a manifest.
    #[arg(long, value_name = "DIR")]
    pub(crate) data: Option<PathBuf>,
    /// Serve the result when it is published.
    #[arg(long)]
    pub(crate) serve: bool,
    #[command(flatten)]
    pub(crate) listen: ListenArgs,
    /// Where results are kept.
    #[arg(long, value_name = "DIR", default_value = ".trendjob", env = "TRENDJOB_STORE")]
    pub(crate) store: PathBuf,
    /// How to print the result: table or json.
    #[arg(long, value_parser = table_or_json, default_value = "table")]
    pub(crate) output: Format,
}

fn percent(text: &str) -> Result<f64, String> {
    match text.trim_end_matches('%').parse() {
        Ok(percent) if (0.0..=100.0).contains(&percent) => Ok(percent),
        _ => Err("it must be a number from 0 to 100".to_owned()),
    }
}

/// What is counted.
#[derive(Debug, Flags)]
#[command(next_help_heading = "What is counted")]
pub(crate) struct AnalysisArgs {
    /// How text becomes terms: the original's cleaning, or one for social media with every kind of term.
    #[arg(long, value_enum, ignore_case = true)]
    pub(crate) profile: Option<ProfileName>,
    /// Kinds of terms, as word,hashtag: word, hashtag, mention, cashtag, emoji, phrase, domain [default:
    /// word].
    #[arg(long, visible_alias = "kind", value_name = "KIND,...", value_delimiter = ',')]
    pub(crate) kinds: Vec<Kind>,
    /// Count by windows of this length, 5m to 7d, as 1h.
    #[arg(long, value_name = "LENGTH")]
    pub(crate) window: Option<Duration>,
    /// Leave out the common words of these languages; none for no language; with --profile social
    /// [default: nl,en,es].
    #[arg(long, value_name = "LANGUAGE,...", value_delimiter = ',')]
    pub(crate) stop_words: Vec<String>,
    /// Rank topics by these too, as burst,peak: burst, peak, popular, chisquare and count (of each window)
    /// with --window, keyness with --baseline.
    #[arg(long, visible_alias = "score", value_name = "SCORE,...", value_delimiter = ',')]
    pub(crate) scores: Vec<Score>,
    /// The published result that score keyness compares with, as SOURCE or SOURCE@GENERATION.
    #[arg(long, value_name = "SOURCE[@N]")]
    pub(crate) baseline: Option<BaselineArg>,
    /// Guess the language of records that don't say theirs, for the choice of stop words; slow.
    #[arg(long)]
    pub(crate) detect_language: bool,
    /// Keep no series, and so no scores over time, of terms that occur less often in the run [default: 1].
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub(crate) series_floor: Option<u32>,
    /// Authors (or records, where few have one) a term must have in a window to burst there [default: 5].
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub(crate) min_count: Option<u32>,
    /// Distinct authors it must have, where records have them [default: 3].
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub(crate) min_authors: Option<u32>,
}

/// A source, and which generation of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct BaselineArg {
    pub(crate) source: String,
    /// The newest when not said.
    pub(crate) generation: Option<u64>,
}

impl std::str::FromStr for BaselineArg {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (source, generation) = match text.split_once('@') {
            Some((source, number)) => match number.parse() {
                Ok(number) if number > 0 => (source, Some(number)),
                _ => return Err(format!("{number:?} is no generation: numbers begin at 1")),
            },
            None => (text, None),
        };
        Ok(Self { source: source.to_owned(), generation })
    }
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

/// Flags of `demo`.
#[derive(Debug, Flags)]
pub(crate) struct DemoArgs {
    /// End after printing the top ten.
    #[arg(long)]
    pub(crate) no_serve: bool,
    #[command(flatten)]
    pub(crate) listen: ListenArgs,
    /// Where results and the sample data are kept.
    #[arg(long, value_name = "DIR", default_value = ".trendjob", env = "TRENDJOB_STORE")]
    pub(crate) store: PathBuf,
    /// How to print the result: table or json.
    #[arg(long, value_parser = table_or_json, default_value = "table")]
    pub(crate) output: Format,
}

/// Where to listen.
#[derive(Debug, Clone, Flags)]
pub(crate) struct ListenArgs {
    /// The address the API listens on.
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:8383")]
    pub(crate) listen: SocketAddr,
    /// The address probes and metrics listen on; they are off without it.
    #[arg(long, value_name = "ADDRESS:PORT")]
    pub(crate) metrics_listen: Option<SocketAddr>,
}

/// Flags of `generate`.
#[derive(Debug, Flags)]
pub(crate) struct GenerateArgs {
    /// How many lines.
    #[arg(long, value_name = "N")]
    pub(crate) records: u64,
    /// The same seed gives the same bytes.
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,
    /// The share of malformed lines, 0 to 1.
    #[arg(long, value_name = "RATE", default_value_t = 0.0, value_parser = rate)]
    pub(crate) malformed: f64,
    /// The file to write [default: standard output].
    #[arg(short = 'o', long = "output", value_name = "FILE")]
    pub(crate) file: Option<PathBuf>,
}

fn rate(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(rate) if (0.0..=1.0).contains(&rate) => Ok(rate),
        _ => Err("it must be a number from 0 to 1".to_owned()),
    }
}

/// Flags of `serve`.
#[derive(Debug, Flags)]
pub(crate) struct ServeArgs {
    #[command(flatten)]
    pub(crate) listen: ListenArgs,
    #[command(flatten)]
    pub(crate) place: PlaceArgs,
}

/// Flags of `top`.
#[derive(Debug, Flags)]
pub(crate) struct TopArgs {
    /// The name the result was published under.
    pub(crate) source: String,
    /// The kinds of terms, as word,phrase: word, hashtag, mention, cashtag, emoji, phrase or domain. Several
    /// are one list, in which phrases stand for their words.
    #[arg(
        long = "kind",
        visible_alias = "kinds",
        value_name = "KIND,...",
        value_delimiter = ',',
        default_value = "word"
    )]
    pub(crate) kinds: Vec<Kind>,
    /// What to rank by instead of the count over all time: burst, peak, popular, keyness, chisquare, or count
    /// in one window. Popular and chisquare are of the last window only.
    #[arg(long)]
    pub(crate) score: Option<Score>,
    /// The window to rank by the score in, by any time in it [default: the last].
    #[arg(long, value_name = "TIME", requires = "score")]
    pub(crate) window: Option<String>,
    /// How many topics; 0 means all there are. By a score 10,000 of each kind are kept, 1,000 of an earlier window.
    #[arg(long, short = 'n', default_value_t = 10)]
    pub(crate) limit: u64,
    #[command(flatten)]
    pub(crate) place: PlaceArgs,
    /// How to print them.
    #[arg(long, value_enum, default_value = "table")]
    pub(crate) output: Format,
}

/// Which term is meant.
#[derive(Debug, Flags)]
pub(crate) struct TermArgs {
    /// The name the result was published under.
    pub(crate) source: String,
    /// The term, in any way of writing it.
    pub(crate) term: String,
    /// Its kind: word, hashtag, mention, cashtag, emoji, phrase or domain.
    #[arg(long, default_value_t = Kind::Word)]
    pub(crate) kind: Kind,
    #[command(flatten)]
    pub(crate) place: PlaceArgs,
}

impl TopArgs {
    /// The kinds, each once.
    pub(crate) fn kinds(&self) -> BTreeSet<Kind> {
        self.kinds.iter().copied().collect()
    }
}

/// Flags of `history`.
#[derive(Debug, Flags)]
pub(crate) struct HistoryArgs {
    #[command(flatten)]
    pub(crate) term: TermArgs,
    /// How to print it.
    #[arg(long, value_enum, default_value = "table")]
    pub(crate) output: Format,
}

/// Flags of `explain`.
#[derive(Debug, Flags)]
pub(crate) struct ExplainArgs {
    #[command(flatten)]
    pub(crate) term: TermArgs,
    /// The window, by any time in it [default: the last].
    #[arg(long, value_name = "TIME")]
    pub(crate) window: Option<String>,
    /// How to print it: table or json.
    #[arg(long, value_parser = table_or_json, default_value = "table")]
    pub(crate) output: Format,
}

/// Flags of `fetch`.
#[derive(Debug, Flags)]
pub(crate) struct FetchArgs {
    /// What to ask for.
    pub(crate) url: String,
    /// Ask again until there is a success, for so long, as 30s or 2m.
    #[arg(long, value_name = "DURATION")]
    pub(crate) wait: Option<Duration>,
}

/// Flags of commands that only need a store.
#[derive(Debug, Flags)]
pub(crate) struct StoreArgs {
    #[command(flatten)]
    pub(crate) place: PlaceArgs,
    /// How to print the result: table or json.
    #[arg(long, value_parser = table_or_json, default_value = "table")]
    pub(crate) output: Format,
}

/// Flags of `rollback`.
#[derive(Debug, Flags)]
pub(crate) struct RollbackArgs {
    /// The name the results were published under.
    pub(crate) source: String,
    /// The generation to publish again; `trendjob runs` lists them.
    #[arg(long, value_name = "GENERATION", value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) to: u64,
    #[command(flatten)]
    pub(crate) store: StoreArgs,
}

/// Flags of `exclude`.
#[derive(Debug, Flags)]
#[command(group = ArgGroup::new("what").required(true).multiple(true)
    .args(["terms", "patterns", "authors", "list"]))]
pub(crate) struct ExcludeArgs {
    /// The name the results are published under.
    pub(crate) source: String,
    /// A term that is left out from now on, in any way of writing it; may be repeated.
    #[arg(long = "term", value_name = "TERM")]
    pub(crate) terms: Vec<String>,
    /// Leave out every term that fits as a whole: * stands for any characters, ? for one; may be
    /// repeated.
    #[arg(long = "pattern", value_name = "PATTERN")]
    pub(crate) patterns: Vec<String>,
    /// Only terms of this kind [default: of every kind].
    #[arg(long)]
    pub(crate) kind: Option<Kind>,
    /// An author, by the identity in the records, whose records the next runs don't count; may be
    /// repeated.
    #[arg(long = "author", value_name = "AUTHOR")]
    pub(crate) authors: Vec<String>,
    /// Why; it is kept and listed.
    #[arg(long, value_name = "TEXT", conflicts_with = "list")]
    pub(crate) reason: Option<String>,
    /// Take back what was excluded.
    #[arg(long, conflicts_with = "list")]
    pub(crate) readmit: bool,
    /// List what is excluded.
    #[arg(long, conflicts_with_all = ["terms", "patterns", "authors", "kind"])]
    pub(crate) list: bool,
    #[command(flatten)]
    pub(crate) store: StoreArgs,
}

/// Flags of `validate`.
#[derive(Debug, Flags)]
pub(crate) struct ValidateArgs {
    /// The manifest.
    pub(crate) file: PathBuf,
    /// How to print the verdict: table or json.
    #[arg(long, value_parser = table_or_json, default_value = "table")]
    pub(crate) output: Format,
}

/// Flags of `completions`.
#[derive(Debug, Flags)]
pub(crate) struct CompletionArgs {
    /// For which shell.
    pub(crate) shell: clap_complete::Shell,
}
