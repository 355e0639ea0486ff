//! Arguments that can't be parsed. Owns the end of an attempt that never began: its termination
//! message and exit code forbid a retry, because another attempt gets the same arguments.

use std::env;
use std::ffi::OsString;
use std::io::{IsTerminal as _, stderr};
use std::path::PathBuf;
use std::process::ExitCode;

use service::logs::{self, Fields, Format};
use trendjob::TerminationMessage;
use vocabulary::{PURGE, Stage};

use crate::ending::Ending;

const TERMINATION_LOG: &str = "--termination-log";

/// Ends a process whose arguments are wrong, or are a request for help.
pub(crate) fn end(error: &clap::Error) -> ExitCode {
    if !error.use_stderr() {
        // A reader that closes the pipe has read enough.
        drop(error.print());
        return ExitCode::SUCCESS;
    }
    if stderr().is_terminal() {
        drop(error.print());
    } else {
        drop(logs::init_with("info", Format::Json, Fields::default()));
    }
    let arguments: Vec<OsString> = env::args_os().skip(1).collect();
    let stage = arguments.first().and_then(|first| first.to_str()).unwrap_or_default();
    let is_stage = stage == PURGE || Stage::ALL.iter().any(|known| known.name() == stage);
    let file = termination_log(&arguments);
    let ending = Ending::unusable("InvalidArguments", message(&error.to_string()));
    ending.report(if is_stage { stage } else { "" }, 0, &file)
}

/// Returns the error in clap's text, without its prefix and its hints about usage.
fn message(text: &str) -> String {
    let text = text.strip_prefix("error: ").unwrap_or(text);
    let end = text.find("\n\nUsage:").unwrap_or(text.len());
    text[..end].trim_end().chars().take(TerminationMessage::MAX_BYTES).collect()
}

/// Returns the file that `--termination-log` names, whatever else is wrong.
fn termination_log(arguments: &[OsString]) -> PathBuf {
    let named = arguments.iter().enumerate().find_map(|(at, argument)| {
        let argument = argument.to_str()?;
        match argument.strip_prefix(TERMINATION_LOG)? {
            "" => arguments.get(at + 1).map(PathBuf::from),
            value => value.strip_prefix('=').map(PathBuf::from),
        }
    });
    named.unwrap_or_else(|| PathBuf::from("/dev/termination-log"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_termination_log_is_found_in_either_form_of_its_option() {
        let found = |arguments: &[&str]| {
            termination_log(&arguments.iter().map(OsString::from).collect::<Vec<_>>())
        };
        assert_eq!(found(&["etl", "--termination-log", "a"]), PathBuf::from("a"));
        assert_eq!(found(&["--termination-log=b", "etl"]), PathBuf::from("b"));
        for none in [&["etl"][..], &["etl", "--termination-log"], &["--termination-logs=x"]] {
            assert_eq!(found(none), PathBuf::from("/dev/termination-log"), "{none:?}");
        }
    }

    #[test]
    fn a_message_holds_no_usage() {
        let text = "error: required:\n  --plan-hash <SHA256>\n\nUsage: x\n\nFor more, try --help\n";
        assert_eq!(message(text), "required:\n  --plan-hash <SHA256>");
    }
}
