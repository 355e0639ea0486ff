//! Printing: results to standard output, everything else to standard error. Owns the choice between
//! text and JSON. A closed pipe is not an error.

use std::io::{self, IsTerminal as _, Write as _};
use std::process::ExitCode;

use serde::Serialize;

use crate::args::Format;
use crate::failure::Failure;

/// The format of a command's result, and whether it prints notes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Output {
    format: Format,
    quiet: bool,
}

impl Output {
    pub(crate) fn new(format: Format, quiet: bool) -> Self {
        Self { format, quiet }
    }

    /// Returns true if the result is JSON.
    pub(crate) fn is_json(self) -> bool {
        self.format == Format::Json
    }

    /// Returns true if progress may be drawn: the user wants notes and standard error is a
    /// terminal.
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

    /// Prints a note, which is not part of the result.
    pub(crate) fn note(self, text: &str) {
        if !self.quiet {
            print_line(text);
        }
    }

    /// Prints a note that the user needs even with `--quiet`: the address of a server.
    pub(crate) fn announce(text: &str) {
        print_line(text);
    }

    /// Prints the failure of the command, and returns the exit code.
    pub(crate) fn failure(self, failure: &Failure) -> ExitCode {
        let Failure { reason, message, code } = failure;
        if self.is_json() {
            let error = serde_json::json!({
                "error": { "reason": reason, "message": message, "exitCode": code }
            });
            print_line(&error.to_string());
        } else {
            print_line(&format!("error: {message}"));
        }
        ExitCode::from(*code)
    }
}

/// Writes to standard output.
pub(crate) fn write(bytes: &[u8]) -> Result<(), Failure> {
    match io::stdout().lock().write_all(bytes) {
        // The reader closed the pipe, as head does: it has enough.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        written => written
            .map_err(|error| Failure::other("Output", format!("writing the result: {error}"))),
    }
}

fn print_line(text: &str) {
    // If standard error is closed, there is nowhere to report it.
    drop(writeln!(io::stderr().lock(), "{text}"));
}
