//! The arguments of this process. Reports a usage error in the form of every other error; `args`
//! describes the arguments themselves.

use std::ffi::OsString;
use std::process::ExitCode;

use clap::Parser as _;

use crate::args::{Args, Format};
use crate::failure::Failure;
use crate::output::Output;

/// Reads the arguments of this process.
///
/// # Errors
/// The exit code, after help or a usage error was printed.
pub(crate) fn args() -> Result<Args, ExitCode> {
    let arguments: Vec<OsString> = std::env::args_os().collect();
    Args::try_parse_from(&arguments).map_err(|error| {
        if error.use_stderr() && wants_json(&arguments) {
            let message = error.render().to_string();
            let message = message.trim_start_matches("error: ").trim_end();
            return Output::new(Format::Json, true).failure(&Failure::usage(message));
        }
        // If this fails, there is nowhere to report it.
        drop(error.print());
        // 0 after help, 2 after an error.
        u8::try_from(error.exit_code()).map_or(ExitCode::FAILURE, ExitCode::from)
    })
}

/// Returns true if the arguments select JSON, even if they are not a valid command.
fn wants_json(arguments: &[OsString]) -> bool {
    let pair = arguments.windows(2).any(|pair| pair[0] == "--output" && pair[1] == "json");
    pair || arguments.iter().any(|arg| arg == "--output=json")
}
