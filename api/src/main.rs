//! The program `trendjob-api`: the HTTP API of a cluster, over a MongoDB or a folder.

mod args;
mod serve;

use std::io::Write as _;
use std::process::ExitCode;

use clap::Parser as _;
use service::logs::{self, Format};

use args::{Args, ServeArgs};

/// A static binary would use musl's allocator, which serves one thread at a time.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    match Args::parse() {
        Args::Serve(args) => start(&args),
        Args::Openapi => {
            // A closed pipe is not a failure.
            drop(std::io::stdout().write_all(api::document().as_bytes()));
            ExitCode::SUCCESS
        }
    }
}

fn start(args: &ServeArgs) -> ExitCode {
    let format = if args.log_plain { Format::Plain(false) } else { Format::Json };
    let started = logs::init(&args.log, format).map_err(|error| error.to_string());
    let runtime = started.and_then(|()| {
        let built = tokio::runtime::Builder::new_multi_thread().enable_all().build();
        built.map_err(|error| error.to_string())
    });
    match runtime.and_then(|runtime| runtime.block_on(serve::serve(args))) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!(error, "ended");
            ExitCode::FAILURE
        }
    }
}
