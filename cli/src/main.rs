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
use store_location::StoreLocation;
use tokio::runtime::Runtime;

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
        Command::Serve(args) => {
            let ended = serve::command(&runtime, &args, output);
            closing(&runtime, &args.location, async { ended })
        }
        Command::Top(args) => closing(&runtime, &args.location, commands::top(&args)),
        Command::History(args) => closing(&runtime, &args.term.location, commands::history(&args)),
        Command::Explain(args) => closing(&runtime, &args.term.location, commands::explain(&args)),
        Command::Fetch(args) => runtime.block_on(commands::fetch(&args)),
        Command::Validate(args) => commands::validate(&args, output),
        Command::Runs(args) => closing(&runtime, &args.location, commands::runs(&args, output)),
        Command::Gc(args) => closing(&runtime, &args.store.location, commands::gc(&args, output)),
        Command::Rollback(args) => {
            closing(&runtime, &args.store.location, commands::rollback(&args, output))
        }
        Command::Exclude(args) => {
            closing(&runtime, &args.store.location, commands::exclude(&args, output))
        }
        Command::Check(args) => closing(&runtime, &args.location, commands::check(&args, output)),
        Command::Completions(args) => commands::completions(&args),
    }
}

/// Carries out a command that uses a store, and closes the store.
fn closing(
    runtime: &Runtime,
    location: &StoreLocation,
    command: impl Future<Output = Result<(), Failure>>,
) -> Result<(), Failure> {
    runtime.block_on(async {
        let ended = command.await;
        location.close().await;
        ended
    })
}
