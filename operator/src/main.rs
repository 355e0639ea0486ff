//! The program `trendjob-operator`. Owns the choice of the subcommand by the arguments, and the
//! exit code.

use std::io::Write as _;
use std::process::ExitCode;

use clap::Parser as _;
use operator::args::{Args, Command, RunArgs};
use operator::{crd, run};
use service::logs::{self, Format};

fn main() -> ExitCode {
    match Args::parse().command {
        Command::Crd => print_crd(),
        Command::Run(args) => work(&args),
    }
}

fn print_crd() -> ExitCode {
    let printed = crd::yaml().map_err(|error| error.to_string()).and_then(|yaml| {
        std::io::stdout().write_all(yaml.as_bytes()).map_err(|error| error.to_string())
    });
    match printed {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => failed(&format!("printing the definition: {error}")),
    }
}

fn work(args: &RunArgs) -> ExitCode {
    let format = if args.log_plain { Format::Plain(false) } else { Format::Json };
    if let Err(error) = logs::init(&args.log, format) {
        return failed(&error.to_string());
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let ended = match runtime {
        Ok(runtime) => runtime.block_on(run::run(args)),
        Err(error) => return failed(&format!("starting: {error}")),
    };
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let cause = std::error::Error::source(&error).map(ToString::to_string);
            tracing::error!(%error, cause, "stopped");
            ExitCode::FAILURE
        }
    }
}

fn failed(why: &str) -> ExitCode {
    // Standard error is where users look.
    drop(writeln!(std::io::stderr(), "trendjob-operator: {why}"));
    ExitCode::FAILURE
}
