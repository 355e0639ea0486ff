//! The arguments of `trendjob-api`. Owns their names, defaults and limits.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use api::{Origin, Settings};
use clap::{Args as Flags, Parser};

/// Serve trending topics over HTTP.
#[derive(Debug, Parser)]
#[command(name = "trendjob-api", version, max_term_width = 100)]
pub(crate) enum Args {
    /// Serve until SIGTERM.
    Serve(Box<ServeArgs>),
    /// Print the OpenAPI document.
    Openapi,
}

#[derive(Debug, Flags)]
pub(crate) struct ServeArgs {
    /// The address the API listens on.
    #[arg(
        long,
        env = "TRENDJOB_LISTEN",
        value_name = "ADDRESS:PORT",
        default_value = "0.0.0.0:8383"
    )]
    pub(crate) listen: SocketAddr,
    /// The address of the probes /livez and /readyz and of /metrics.
    #[arg(
        long,
        env = "TRENDJOB_METRICS_LISTEN",
        value_name = "ADDRESS:PORT",
        default_value = "0.0.0.0:9090"
    )]
    pub(crate) metrics_listen: SocketAddr,
    /// The URI of the MongoDB, as `mongodb://user:password@host/`; a user with the role read
    /// suffices.
    #[arg(long, env = "MONGODB_URI", hide_env_values = true, value_name = "URI")]
    pub(crate) mongodb_uri: Option<String>,
    /// A file with the URI, instead of the URI itself.
    #[arg(long, env = "MONGODB_URI_FILE", conflicts_with = "mongodb_uri", value_name = "FILE")]
    pub(crate) mongodb_uri_file: Option<PathBuf>,
    /// A PEM file of the certificate authorities that are trusted.
    #[arg(long, env = "MONGODB_CA_FILE", value_name = "FILE")]
    pub(crate) mongodb_ca_file: Option<PathBuf>,
    /// The name of the database.
    #[arg(long, env = "TRENDJOB_DATABASE", value_name = "NAME", default_value = "trends")]
    pub(crate) database: String,
    /// A folder instead of a MongoDB; it overrides a URI.
    #[arg(long, env = "TRENDJOB_STORE", value_name = "DIR")]
    pub(crate) store: Option<PathBuf>,
    /// The most requests that are answered at once.
    #[arg(long, env = "TRENDJOB_CONCURRENCY", value_name = "N", default_value_t = Settings::CONCURRENCY, value_parser = at_least_one)]
    concurrency: usize,
    /// The most requests that wait; further ones are answered 503.
    #[arg(long, env = "TRENDJOB_QUEUE", value_name = "N", default_value_t = Settings::QUEUE)]
    queue: usize,
    /// The most seconds for a request, 1 to 25, waiting included; a longer one is answered 503.
    #[arg(long, env = "TRENDJOB_TIMEOUT", value_name = "SECONDS", default_value_t = Settings::TIMEOUT, value_parser = clap::value_parser!(u64).range(1..=25))]
    timeout: u64,
    /// Seconds to keep answering after SIGTERM, while /readyz is 503, until no more requests are
    /// sent here.
    #[arg(
        long,
        env = "TRENDJOB_DRAIN_DELAY",
        value_name = "SECONDS",
        default_value_t = 5,
        value_parser = clap::value_parser!(u64).range(0..=300)
    )]
    drain_delay: u64,
    /// Origins whose pages may read answers, repeated or separated by commas; * for any [default:
    /// none].
    #[arg(
        long = "cors-origin",
        env = "TRENDJOB_CORS_ORIGINS",
        value_delimiter = ',',
        value_name = "ORIGIN"
    )]
    origins: Vec<Origin>,
    /// The log filter: a level, or levels by target; info logs every request, info,access=warn
    /// failed ones only.
    #[arg(long, env = "TRENDJOB_LOG", default_value = "info,access=warn", value_name = "FILTER")]
    pub(crate) log: String,
    /// Log as plain text instead of JSON.
    #[arg(long)]
    pub(crate) log_plain: bool,
}

impl ServeArgs {
    /// The settings of the API.
    pub(crate) fn settings(&self) -> Settings {
        Settings {
            concurrency: self.concurrency,
            queue: self.queue,
            timeout: Duration::from_secs(self.timeout),
            origins: self.origins.clone(),
        }
    }

    /// Returns the time for which the API keeps answering after SIGTERM.
    pub(crate) fn drain_delay(&self) -> Duration {
        Duration::from_secs(self.drain_delay)
    }
}

fn at_least_one(text: &str) -> Result<usize, String> {
    let number = text.parse().ok().filter(|number| *number > 0);
    number.ok_or_else(|| "it must be a number from 1".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_setting_has_a_variable_of_its_own() {
        let command = <Args as clap::CommandFactory>::command();
        let serve = command.find_subcommand("serve").unwrap();
        let mut variables: Vec<_> = serve.get_arguments().filter_map(|arg| arg.get_env()).collect();
        let without: Vec<_> = serve.get_arguments().filter(|arg| arg.get_env().is_none()).collect();
        assert_eq!(without.len(), 1, "only --log-plain: {without:?}");
        let all = variables.len();
        variables.sort();
        variables.dedup();
        assert_eq!(variables.len(), all);
    }

    #[test]
    fn the_error_of_a_wrong_value_names_the_right_ones() {
        for (flag, value, part) in [
            ("--concurrency", "0", "a number from 1"),
            ("--timeout", "60", "1..=25"),
            ("--cors-origin", "example.org", "https://example.org:8443"),
            ("--listen", "8383", "socket address"),
        ] {
            let error = Args::try_parse_from(["trendjob-api", "serve", flag, value]).unwrap_err();
            assert!(error.to_string().contains(part), "{error}");
        }
    }
}
