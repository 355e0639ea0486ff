//! Logs to standard error. Owns the format of lines; the caller chooses the filter.

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

/// The format of log lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// For people; in colour if true.
    Plain(bool),
    /// One JSON object per line.
    Json,
}

/// A text that is not a log filter.
#[derive(Debug, thiserror::Error)]
#[error("{filter:?} is not a log filter: write it as info or store=debug,info")]
pub struct InvalidFilter {
    filter: String,
    #[source]
    source: tracing_subscriber::filter::ParseError,
}

/// Fields at the beginning of every JSON line of a process, whichever thread writes it.
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

/// Starts logging. Only the first call in a process has an effect.
pub fn init(filter: &str, format: Format) -> Result<(), InvalidFilter> {
    init_with(filter, format, Fields::default())
}

/// Starts logging as [`init`] does, with fields in every JSON line; plain lines have none.
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
    // Fails if logging has started, as in tests that share a process.
    drop(started);
    Ok(())
}

/// Inserts fields at the beginning of the JSON lines that `line` formats.
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
    fn fields_are_escaped_as_json() {
        let fields = Fields::default().with("run", "a\"b\n").with("index", 3);
        assert_eq!(fields.0, r#""run":"a\"b\n","index":3,"#);
    }

    #[test]
    fn a_wrong_filter_is_named_with_an_example_of_a_right_one() {
        let error = init("store=loud", Format::Json).unwrap_err().to_string();
        assert!(error.contains("\"store=loud\"") && error.contains("store=debug,info"), "{error}");
    }

    /// The body of the child process below: logging starts once per process.
    #[test]
    #[ignore = "another test starts it as a process"]
    fn start_twice() {
        init("warn", Format::Plain(false)).unwrap();
        init("debug,api=info", Format::Json).unwrap();
        tracing::warn!(number = 3, "shown");
        tracing::info!("filtered");
    }

    #[test]
    fn starting_twice_changes_nothing() {
        let child = std::process::Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "logs::tests::start_twice", "--ignored", "--nocapture"])
            .output()
            .unwrap();
        let log = String::from_utf8(child.stderr).unwrap();
        assert!(child.status.success(), "{log}");
        assert!(log.contains("WARN shown number=3"), "{log}");
        assert!(!log.contains("filtered") && !log.contains('{'), "{log}");
    }
}
