//! `trendjob run`: from what was typed to a published result. Owns the order: job, store, lock,
//! clean-up, stages, report, serving.

mod job;
pub(crate) mod manifest;
mod progress;
mod rejects;
mod report;
mod session;

use std::path::Path;
use std::sync::Arc;

use pipeline::input::Remote;
use pipeline::{Cancel, plan};
use store::{ObjectStore, Store as _};
use tokio::runtime::Runtime;

use crate::args::RunArgs;
use crate::failure::Failure;
use crate::output::Output;
use crate::serve::{self, Listening};

pub(crate) use job::Job;

/// Runs, resumes, or only plans.
pub(crate) fn command(runtime: &Runtime, args: &RunArgs, output: Output) -> Result<(), Failure> {
    let job = Job::of_args(args)?;
    if job.dry_run {
        let spec = job.spec.as_ref().ok_or_else(|| Failure::usage("nothing to plan"))?;
        if spec.uris.iter().any(|uri| uri == "-") {
            return Err(Failure::usage(
                "--dry-run can't tell how standard input will be cut before it was read: name files",
            ));
        }
        return report::plan(
            &plan::draft(spec, &Remote::default(), &Cancel::default())?,
            job.threads,
            output,
        );
    }
    let store = runtime.block_on(open(&job.store))?;
    let listening =
        args.serve.then(|| runtime.block_on(Listening::on(&args.listen))).transpose()?;
    run_and_serve(runtime, store, &job, listening, output)
}

/// Opens a store to write to.
pub(crate) async fn open(folder: &Path) -> Result<Arc<ObjectStore>, Failure> {
    Ok(Arc::new(ObjectStore::open_folder(folder).await?))
}

/// Runs a job, prints its top ten, and serves it if asked.
pub(crate) fn run_and_serve(
    runtime: &Runtime,
    store: Arc<ObjectStore>,
    job: &Job,
    listening: Option<Listening>,
    output: Output,
) -> Result<(), Failure> {
    let outcome = session::run(runtime, &store, job, output)?;
    runtime.block_on(report::result(&store, &outcome, output))?;
    if let Some(listening) = listening {
        let source = outcome.plan.source.as_str();
        return runtime.block_on(serve::serve(
            store,
            &job.store.display().to_string(),
            listening,
            Some(source),
            output,
        ));
    }
    output.note(&format!(
        "see more with: trendjob top {0} --store {1}; serve it with: trendjob serve --store {1}",
        outcome.plan.source,
        job.store.display()
    ));
    Ok(())
}

/// The time, as RFC 3339 text in UTC.
pub(crate) fn now() -> String {
    chrono::Utc::now().to_rfc3339_opts(chrono::SecondsFormat::Secs, true)
}

/// The time in seconds since the epoch.
fn now_seconds() -> u64 {
    u64::try_from(chrono::Utc::now().timestamp()).unwrap_or(0)
}

/// Whether a run of the store was begun and not removed.
async fn exists(store: &ObjectStore, run: &store::RunId) -> Result<bool, Failure> {
    Ok(store.get(&store::Key::run(run)).await?.is_some())
}
