//! Arguments that can't be understood. Owns how an attempt ends that never began: the operator is told in
//! a termination message like of any other end, for a retry gets the same arguments.

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

/// Ends a process with such arguments, or one that was only asked for help.
pub(crate) fn end(error: &clap::Error) -> ExitCode {
    if !error.use_stderr() {
        // Whoever closed the pipe has read enough.
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
    ending.tell(if is_stage { stage } else { "" }, 0, &file)
}

/// What is wrong, without how it is shown to people.
fn message(text: &str) -> String {
    let text = text.strip_prefix("error: ").unwrap_or(text);
    let end = text.find("\n\nUsage:").unwrap_or(text.len());
    text[..end].trim_end().chars().take(TerminationMessage::MAX_BYTES).collect()
}

/// The file that was named, whatever else is wrong.
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
    fn the_file_is_found_however_it_was_named() {
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
    fn a_message_says_what_is_wrong_and_nothing_of_usage() {
        let text = "error: required:\n  --plan-hash <SHA256>\n\nUsage: x\n\nFor more, try --help\n";
        assert_eq!(message(text), "required:\n  --plan-hash <SHA256>");
    }
}
