//! Logs to standard error. Owns their format; whoever calls decides what is wanted.

use std::fmt;
use std::io;

use tracing::{Event, Subscriber};
use tracing_subscriber::Layer as _;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::registry::LookupSpan;
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

/// What a whole process is about: fields at the beginning of its every line of JSON, whichever thread
/// writes it.
#[derive(Debug, Clone, Default)]
pub struct Fields(String);

impl Fields {
    /// Adds a field.
    #[must_use]
    pub fn with(self, name: &str, value: impl Into<serde_json::Value>) -> Self {
        let name = serde_json::Value::from(name);
        Self(format!("{}{name}:{},", self.0, value.into()))
    }
}

/// Starts logging, once per process; later calls change nothing.
pub fn init(filter: &str, format: Format) -> Result<(), InvalidFilter> {
    init_with(filter, format, Fields::default())
}

/// The same with fields in every line of JSON; people know what they started.
pub fn init_with(filter: &str, format: Format, fields: Fields) -> Result<(), InvalidFilter> {
    let targets: Targets =
        filter.parse().map_err(|source| InvalidFilter { filter: filter.to_owned(), source })?;
    let lines = tracing_subscriber::fmt::layer().with_writer(io::stderr);
    let started = match format {
        Format::Plain(colours) => {
            let lines = lines.with_ansi(colours).with_target(false).with_filter(targets);
            tracing_subscriber::registry().with(lines).try_init()
        }
        Format::Json => {
            let lines = lines.json().flatten_event(true);
            let lines = lines.map_event_format(|line| WithFields { line, fields });
            let lines = lines.with_filter(targets);
            tracing_subscriber::registry().with(lines).try_init()
        }
    };
    // A second call comes from tests that share a process.
    drop(started);
    Ok(())
}

/// Puts fields at the beginning of lines that another format writes.
struct WithFields<F> {
    line: F,
    fields: Fields,
}

impl<S, N, F> FormatEvent<S, N> for WithFields<F>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
    F: FormatEvent<S, N>,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, N>,
        mut to: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let mut line = String::new();
        self.line.format_event(context, Writer::new(&mut line), event)?;
        match line.strip_prefix('{') {
            Some(rest) => write!(to, "{{{}{rest}", self.fields.0),
            None => to.write_str(&line),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_written_as_json_whatever_they_hold() {
        let fields = Fields::default().with("run", "a\"b\n").with("index", 3);
        assert_eq!(fields.0, r#""run":"a\"b\n","index":3,"#);
    }

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
