//! The command line. Owns names, help and defaults of commands and flags; doesn't know how commands
//! work.

mod run;

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{ArgGroup, Args as Flags, Parser, Subcommand, ValueEnum};
use trendjob::Duration;
use trends::{Kind, Score};

use crate::store_location::StoreLocation;

pub(crate) use run::{AnalysisArgs, PresetName, ProfileName, ReferenceName, RunArgs};

/// Turn piles of social posts into trending topics.
#[derive(Debug, Parser)]
#[command(name = "trendjob", version, arg_required_else_help = true, propagate_version = true)]
#[command(after_help = "Examples:
  trendjob demo
  trendjob run --source mine 'posts/*.ndjson.zst'
  trendjob top mine --limit 20
  trendjob serve")]
pub(crate) struct Args {
    /// Print only results and errors: no progress, no hints.
    #[arg(short, long, global = true)]
    pub(crate) quiet: bool,
    /// Log more: -v for each step, -vv for its details.
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
    /// Generate sample data, count its trends and serve them.
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
    /// Show the counts of a term in each window.
    #[command(after_help = "Examples:
  trendjob history mine love
  trendjob history mine election --kind hashtag --output csv")]
    History(HistoryArgs),
    /// Explain the scores of a term in a window, step by step.
    #[command(after_help = "Examples:
  trendjob explain mine election --kind hashtag
  trendjob explain mine election --kind hashtag --window 2016-03-01T12:00:00Z --output json")]
    Explain(ExplainArgs),
    /// Request a URL of an API over HTTP and print the answer.
    #[command(after_help = "Examples:
  trendjob fetch 'http://127.0.0.1:8383/api/v1/trends?source=demo&limit=5'
  trendjob fetch --wait 2m 'http://trendjob-api:8383/api/v1/trends?source=quickstart'")]
    Fetch(FetchArgs),
    /// Check a TrendJob manifest as the API server does.
    #[command(after_help = "Examples:
  trendjob validate job.yaml
  trendjob validate job.yaml --output json")]
    Validate(ValidateArgs),
    /// List published results, and runs that can be resumed.
    #[command(after_help = "Examples:
  trendjob runs
  trendjob runs --output json")]
    Runs(StoreArgs),
    /// Read a whole store and name what is damaged, missing or not referred to.
    #[command(after_help = "Examples:
  trendjob check
  trendjob check --store /srv/trends --output json")]
    Check(StoreArgs),
    /// Show an earlier generation of a source again.
    #[command(after_help = "Examples:
  trendjob rollback demo --to 3")]
    Rollback(RollbackArgs),
    /// Remove what is of no use any more: runs without a result, and remains of removed runs.
    #[command(after_help = "Examples:
  trendjob gc --dry-run
  trendjob gc --older-than 1d
  trendjob gc --mongodb mongodb://mongodb.trends.svc/ --dry-run --output json")]
    Gc(GcArgs),
    /// Exclude terms from the results of a source, and authors from its next runs.
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
    /// Returns the format of results and errors.
    pub(crate) fn format(&self) -> Format {
        match self {
            Self::Run(args) => args.output,
            Self::Demo(args) => args.output,
            Self::Validate(args) => args.output,
            Self::Runs(args) | Self::Check(args) => args.output,
            Self::Rollback(args) => args.store.output,
            Self::Gc(args) => args.store.output,
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

/// The format of results.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// Columns of text.
    Table,
    /// One JSON object.
    Json,
    /// Comma-separated values with a header.
    Csv,
}

/// Parses the format of a result that has no CSV form.
fn table_or_json(name: &str) -> Result<Format, String> {
    match name {
        "table" => Ok(Format::Table),
        "json" => Ok(Format::Json),
        _ => Err("it must be table or json".to_owned()),
    }
}

/// Flags of `demo`.
#[derive(Debug, Flags)]
pub(crate) struct DemoArgs {
    /// End after printing the top ten topics.
    #[arg(long)]
    pub(crate) no_serve: bool,
    #[command(flatten)]
    pub(crate) listen: ListenArgs,
    /// The folder of the store and of the sample data.
    #[arg(long, value_name = "DIR", default_value = ".trendjob", env = "TRENDJOB_STORE")]
    pub(crate) store: PathBuf,
    /// The format of the result: table or json.
    #[arg(long, value_parser = table_or_json, default_value = "table")]
    pub(crate) output: Format,
}

/// The addresses of servers.
#[derive(Debug, Clone, Flags)]
pub(crate) struct ListenArgs {
    /// The address of the API.
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:8383")]
    pub(crate) listen: SocketAddr,
    /// The address of probes and metrics; without it, they are not served.
    #[arg(long, value_name = "ADDRESS:PORT")]
    pub(crate) metrics_listen: Option<SocketAddr>,
}

/// Flags of `generate`.
#[derive(Debug, Flags)]
pub(crate) struct GenerateArgs {
    /// Number of lines.
    #[arg(long, value_name = "N")]
    pub(crate) records: u64,
    /// The seed of the random numbers; the same seed gives the same bytes.
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
    pub(crate) location: StoreLocation,
}

/// Flags of `top`.
#[derive(Debug, Flags)]
pub(crate) struct TopArgs {
    /// The source of the result.
    pub(crate) source: String,
    /// Kinds of terms to list, such as word,phrase: word, hashtag, mention, cashtag, emoji, phrase
    /// or domain. Several kinds form one list, in which a phrase replaces its words.
    #[arg(
        long = "kind",
        visible_alias = "kinds",
        value_name = "KIND,...",
        value_delimiter = ',',
        default_value = "word"
    )]
    pub(crate) kinds: Vec<Kind>,
    /// The score to rank by, instead of the count over all time: burst, peak, popular, keyness,
    /// chisquare, or count in one window. Popular and chisquare exist for the last window only.
    #[arg(long)]
    pub(crate) score: Option<Score>,
    /// The window of the score, given by any time in it [default: the last].
    #[arg(long, value_name = "TIME", requires = "score")]
    pub(crate) window: Option<String>,
    /// Number of topics; 0 for all. A ranking by a score has at most 10,000 topics of each kind, or
    /// 1,000 in an earlier window.
    #[arg(long, short = 'n', default_value_t = 10)]
    pub(crate) limit: u64,
    #[command(flatten)]
    pub(crate) location: StoreLocation,
    /// The format of the topics.
    #[arg(long, value_enum, default_value = "table")]
    pub(crate) output: Format,
}

/// Flags that name a term.
#[derive(Debug, Flags)]
pub(crate) struct TermArgs {
    /// The source of the result.
    pub(crate) source: String,
    /// The term, in any of its forms.
    pub(crate) term: String,
    /// Its kind: word, hashtag, mention, cashtag, emoji, phrase or domain.
    #[arg(long, default_value_t = Kind::Word)]
    pub(crate) kind: Kind,
    #[command(flatten)]
    pub(crate) location: StoreLocation,
}

impl TopArgs {
    /// Returns the kinds, each once.
    pub(crate) fn kinds(&self) -> BTreeSet<Kind> {
        self.kinds.iter().copied().collect()
    }
}

/// Flags of `history`.
#[derive(Debug, Flags)]
pub(crate) struct HistoryArgs {
    #[command(flatten)]
    pub(crate) term: TermArgs,
    /// The format of the history.
    #[arg(long, value_enum, default_value = "table")]
    pub(crate) output: Format,
}

/// Flags of `explain`.
#[derive(Debug, Flags)]
pub(crate) struct ExplainArgs {
    #[command(flatten)]
    pub(crate) term: TermArgs,
    /// The window, given by any time in it [default: the last].
    #[arg(long, value_name = "TIME")]
    pub(crate) window: Option<String>,
    /// The format of the explanation: table or json.
    #[arg(long, value_parser = table_or_json, default_value = "table")]
    pub(crate) output: Format,
}

/// Flags of `fetch`.
#[derive(Debug, Flags)]
pub(crate) struct FetchArgs {
    /// The URL to request.
    pub(crate) url: String,
    /// Repeat the request for this long until it succeeds, such as 30s or 2m.
    #[arg(long, value_name = "DURATION")]
    pub(crate) wait: Option<Duration>,
}

/// Flags that name a store and the format of the result.
#[derive(Debug, Flags)]
pub(crate) struct StoreArgs {
    #[command(flatten)]
    pub(crate) location: StoreLocation,
    /// The format of the result: table or json.
    #[arg(long, value_parser = table_or_json, default_value = "table")]
    pub(crate) output: Format,
}

/// Flags of `rollback`.
#[derive(Debug, Flags)]
pub(crate) struct RollbackArgs {
    /// The source of the results.
    pub(crate) source: String,
    /// The generation to show again; `trendjob runs` lists them.
    #[arg(long, value_name = "GENERATION", value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) to: u64,
    #[command(flatten)]
    pub(crate) store: StoreArgs,
}

/// Flags of `gc`.
#[derive(Debug, Flags)]
pub(crate) struct GcArgs {
    /// Only list what would be removed.
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// The age from which a run without a result is removed, such as 12h or 7d. A run that a
    /// `trendjob run` of this machine works on stays. One that worker processes or pods work on, or
    /// that is suspended in a cluster, does not: choose a time above that of the longest run.
    #[arg(long, value_name = "DURATION", default_value = "7d")]
    pub(crate) older_than: Duration,
    #[command(flatten)]
    pub(crate) store: StoreArgs,
}

/// Flags of `exclude`.
#[derive(Debug, Flags)]
#[command(group = ArgGroup::new("what").required(true).multiple(true)
    .args(["terms", "patterns", "authors", "list"]))]
pub(crate) struct ExcludeArgs {
    /// The source of the results.
    pub(crate) source: String,
    /// A term to exclude, in any of its forms; may be repeated.
    #[arg(long = "term", value_name = "TERM")]
    pub(crate) terms: Vec<String>,
    /// Exclude every term that the pattern matches as a whole: * stands for any characters, ? for
    /// one; may be repeated.
    #[arg(long = "pattern", value_name = "PATTERN")]
    pub(crate) patterns: Vec<String>,
    /// Exclude only terms of this kind [default: every kind].
    #[arg(long)]
    pub(crate) kind: Option<Kind>,
    /// An author to exclude from the next runs, by the identity in the records; may be repeated.
    #[arg(long = "author", value_name = "AUTHOR")]
    pub(crate) authors: Vec<String>,
    /// The reason, which is listed with the exclusion.
    #[arg(long, value_name = "TEXT", conflicts_with = "list")]
    pub(crate) reason: Option<String>,
    /// Readmit excluded terms, patterns and authors.
    #[arg(long, conflicts_with = "list")]
    pub(crate) readmit: bool,
    /// List the exclusions.
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
    /// The format of the errors: table or json.
    #[arg(long, value_parser = table_or_json, default_value = "table")]
    pub(crate) output: Format,
}

/// Flags of `completions`.
#[derive(Debug, Flags)]
pub(crate) struct CompletionArgs {
    /// The shell.
    pub(crate) shell: clap_complete::Shell,
}
