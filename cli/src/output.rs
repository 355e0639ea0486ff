//! Printing: results to standard output, everything else to standard error. Owns the choice between
//! people and machines, and that a closed pipe is no error.

use std::io::{self, IsTerminal as _, Write as _};
use std::process::ExitCode;

use serde::Serialize;

use crate::args::Format;
use crate::failure::Failure;

/// Where and how a command prints.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Output {
    format: Format,
    quiet: bool,
}

impl Output {
    pub(crate) fn new(format: Format, quiet: bool) -> Self {
        Self { format, quiet }
    }

    /// Whether machines read the result.
    pub(crate) fn is_json(self) -> bool {
        self.format == Format::Json
    }

    /// Whether progress may be drawn: people watch, and a terminal can.
    pub(crate) fn draws(self) -> bool {
        !self.quiet && io::stderr().is_terminal()
    }

    /// Prints a part of the result.
    pub(crate) fn print(text: &str) -> Result<(), Failure> {
        write(text.as_bytes())
    }

    /// Prints the result as one line of JSON.
    pub(crate) fn json(value: &impl Serialize) -> Result<(), Failure> {
        let json = serde_json::to_string(value)
            .map_err(|error| Failure::other("Output", error.to_string()))?;
        write((json + "\n").as_bytes())
    }

    /// Says something that is not the result.
    pub(crate) fn note(self, text: &str) {
        if !self.quiet {
            say(text);
        }
    }

    /// Says what the user must know even when quiet: where a server listens.
    pub(crate) fn say(text: &str) {
        say(text);
    }

    /// Says why the command failed, and gives the exit code.
    pub(crate) fn failure(self, failure: &Failure) -> ExitCode {
        let Failure { reason, message, code } = failure;
        if self.is_json() {
            let error = serde_json::json!({
                "error": { "reason": reason, "message": message, "exitCode": code }
            });
            say(&error.to_string());
        } else {
            say(&format!("error: {message}"));
        }
        failure.exit_code()
    }
}

/// Writes to standard output.
pub(crate) fn write(bytes: &[u8]) -> Result<(), Failure> {
    match io::stdout().lock().write_all(bytes) {
        // Whoever read the output has seen enough.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        written => written
            .map_err(|error| Failure::other("Output", format!("writing the result: {error}"))),
    }
}

fn say(text: &str) {
    // There is nowhere to report that standard error is closed.
    drop(writeln!(io::stderr().lock(), "{text}"));
}
