//! Logs to standard error. Owns their format; whoever calls decides what is wanted.

use std::io;

use tracing_subscriber::Layer as _;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

/// How lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// For people; colours only if `true`.
    Plain(bool),
    /// One JSON object a line.
    Json,
}

/// A filter that is none.
#[derive(Debug, thiserror::Error)]
#[error("{filter:?} is no log filter: write it as info or store=debug,info")]
pub struct InvalidFilter {
    filter: String,
    #[source]
    source: tracing_subscriber::filter::ParseError,
}

/// Starts logging, once per process; later calls change nothing.
pub fn init(filter: &str, format: Format) -> Result<(), InvalidFilter> {
    let targets: Targets =
        filter.parse().map_err(|source| InvalidFilter { filter: filter.to_owned(), source })?;
    let lines = tracing_subscriber::fmt::layer().with_writer(io::stderr);
    let started = match format {
        Format::Plain(colours) => {
            let lines = lines.with_ansi(colours).with_target(false).with_filter(targets);
            tracing_subscriber::registry().with(lines).try_init()
        }
        Format::Json => {
            let lines = lines.json().flatten_event(true).with_filter(targets);
            tracing_subscriber::registry().with(lines).try_init()
        }
    };
    // A second call comes from tests that share a process.
    drop(started);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filter_that_is_none_is_named_with_what_would_be_one() {
        let error = init("store=loud", Format::Json).unwrap_err().to_string();
        assert!(error.contains("\"store=loud\"") && error.contains("store=debug,info"), "{error}");
    }

    #[test]
    fn starting_twice_changes_nothing() {
        init("warn", Format::Plain(false)).unwrap();
        init("debug,api=info", Format::Json).unwrap();
    }
}
