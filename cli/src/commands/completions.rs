//! `trendjob completions SHELL`.

use clap::CommandFactory as _;

use crate::args::{Args, CompletionArgs};
use crate::failure::Failure;
use crate::output;

/// Prints the completions of a shell.
pub(crate) fn completions(args: &CompletionArgs) -> Result<(), Failure> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Args::command(), "trendjob", &mut script);
    output::write(&script)
}
