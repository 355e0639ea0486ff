//! The command `trendjob`: everything on one machine. Owns only the choice of the subcommand by the
//! arguments, and the exit code.

mod args;
mod clock;
mod commands;
mod demo;
mod failure;
mod output;
mod run;
mod serve;
mod store_location;
mod synthetic;
mod tables;
mod typed;

use std::process::ExitCode;

use args::Command;
use failure::Failure;
use output::Output;

fn main() -> ExitCode {
    let args = match typed::args() {
        Ok(args) => args,
        Err(code) => return code,
    };
    let output = Output::new(args.command.format(), args.quiet);
    let ended = serve::logs(args.verbose, args.quiet).and_then(|()| dispatch(args.command, output));
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => output.failure(&failure),
    }
}

fn dispatch(command: Command, output: Output) -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let runtime = runtime.map_err(|error| Failure::other("Runtime", error.to_string()))?;
    match command {
        Command::Run(args) => run::command(&runtime, &args, output),
        Command::Demo(args) => demo::command(&runtime, args, output),
        Command::Generate(args) => commands::generate(&args),
        Command::Serve(args) => serve::command(&runtime, &args, output),
        Command::Top(args) => runtime.block_on(commands::top(&args)),
        Command::History(args) => runtime.block_on(commands::history(&args)),
        Command::Explain(args) => runtime.block_on(commands::explain(&args)),
        Command::Fetch(args) => runtime.block_on(commands::fetch(&args)),
        Command::Validate(args) => commands::validate(&args, output),
        Command::Runs(args) => runtime.block_on(commands::runs(&args, output)),
        Command::Rollback(args) => runtime.block_on(commands::rollback(&args, output)),
        Command::Exclude(args) => runtime.block_on(commands::exclude(&args, output)),
        Command::Completions(args) => commands::completions(&args),
    }
}
