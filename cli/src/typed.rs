//! What was typed, or why it is no command. Owns that a usage error is told as every other error is;
//! what can be typed is for `args`.

use std::ffi::OsString;
use std::process::ExitCode;

use clap::Parser as _;

use crate::args::{Args, Format};
use crate::failure::Failure;
use crate::output::Output;

/// Reads the arguments of this process.
///
/// # Errors
/// With the exit code, when help was asked for and given, or what is wrong was told.
pub(crate) fn args() -> Result<Args, ExitCode> {
    let typed: Vec<OsString> = std::env::args_os().collect();
    Args::try_parse_from(&typed).map_err(|refused| {
        if refused.use_stderr() && asks_for_json(&typed) {
            let message = refused.render().to_string();
            let message = message.trim_start_matches("error: ").trim_end();
            return Output::new(Format::Json, true).failure(&Failure::usage(message));
        }
        // Nobody is left to tell if this fails.
        drop(refused.print());
        // 0 after help, 2 after an error.
        u8::try_from(refused.exit_code()).map_or(ExitCode::FAILURE, ExitCode::from)
    })
}

/// Whether the command, had it been one, would have printed JSON.
fn asks_for_json(typed: &[OsString]) -> bool {
    let pair = typed.windows(2).any(|pair| pair[0] == "--output" && pair[1] == "json");
    pair || typed.iter().any(|arg| arg == "--output=json")
}
