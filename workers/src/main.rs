//! The `trendjob-worker` program: one attempt at one stage of one run, in a pod. Owns the path from
//! arguments to a stage, and from its outcome to a termination message and an exit code. The
//! pipeline owns the work of a stage; this crate doesn't know Kubernetes' API.

mod args;
mod ending;
#[cfg(feature = "fault-points")]
mod fault;
mod identity;
mod job;
mod location;
mod progress;
mod records;
mod refused;
mod session;
mod stages;

use std::panic::{AssertUnwindSafe, catch_unwind, set_hook};
use std::process::ExitCode;

use clap::Parser as _;
use service::logs::{self, Format};

use args::Args;
use ending::Ending;
use identity::Identity;

fn main() -> ExitCode {
    let args = match Args::try_parse() {
        Ok(args) => args,
        Err(error) => return refused::end(&error),
    };
    let identity = Identity::of(&args);
    let format = if args.log_plain { Format::Plain(false) } else { Format::Json };
    let ending = match logs::init_with(&args.log, format, identity.fields()) {
        Ok(()) => attempt(&args, &identity),
        Err(error) => Ending::unusable("InvalidArguments", error.to_string()),
    };
    ending.report(args.command.stage(), args.command.index(), &args.termination_log)
}

/// Runs the attempt. A panic is a defect, which is reported like any other failure.
fn attempt(args: &Args, identity: &Identity) -> Ending {
    set_hook(Box::new(|panic| tracing::error!(%panic, "panicked")));
    let attempt = AssertUnwindSafe(|| session::run(args, identity));
    catch_unwind(attempt).unwrap_or_else(|_| pipeline::Error::Panicked.into())
}
