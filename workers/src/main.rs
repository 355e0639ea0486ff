//! The `trendjob-worker` command: one attempt at one stage of one run, in a pod. Owns the way from
//! arguments to a stage and from its end to a termination message and an exit code; what a stage
//! does is `pipeline`'s, and clusters are unknown here.

mod args;
mod beside;
mod ending;
#[cfg(feature = "fault-points")]
mod fault;
mod job;
mod place;
mod progress;
mod session;
mod stages;

use std::process::ExitCode;

use clap::Parser as _;
use service::logs::{self, Format};

use args::Args;
use ending::Ending;

fn main() -> ExitCode {
    let args = Args::parse();
    let stage = args.command.stage();
    let ended =
        logs::init(&args.log, if args.log_plain { Format::Plain(false) } else { Format::Json });
    let ending = match ended {
        Ok(()) => session::run(&args),
        Err(error) => Ending::unusable("InvalidArguments", error.to_string()),
    };
    ending.tell(stage, args.index(), &args.termination_log)
}
