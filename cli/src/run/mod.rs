//! `trendjob run`, from the arguments to a published result. Owns the order: spec, store, lock,
//! clean-up, stages, report, serving.

mod flags;
mod local_run;
pub(crate) mod manifest;
mod progress;
mod rejects;
mod report;
mod session;

use std::path::Path;
use std::sync::Arc;

use pipeline::input::Remote;
use pipeline::{Cancel, plan};
use store::ObjectStore;
use tokio::runtime::Runtime;

use crate::args::RunArgs;
use crate::failure::Failure;
use crate::output::Output;
use crate::serve::{self, Listeners};

pub(crate) use local_run::LocalRun;

/// Runs, resumes, or only plans.
pub(crate) fn command(runtime: &Runtime, args: &RunArgs, output: Output) -> Result<(), Failure> {
    let run = LocalRun::of_args(args)?;
    if run.dry_run {
        let spec = run.spec.as_ref().ok_or_else(|| Failure::usage("nothing to plan"))?;
        if spec.uris.iter().any(|uri| uri == "-") {
            return Err(Failure::usage(
                "--dry-run can't plan standard input, which is only cut after it has been read: name files",
            ));
        }
        let plan = plan::draft(spec, &Remote::default(), &Cancel::default())?;
        return report::plan(&plan, run.threads, output);
    }
    let store = runtime.block_on(open(&run.store))?;
    let listeners =
        args.serve.then(|| runtime.block_on(Listeners::on(&args.listen))).transpose()?;
    run_and_serve(runtime, store, &run, listeners, output)
}

/// Opens a store for writing.
pub(crate) async fn open(folder: &Path) -> Result<Arc<ObjectStore>, Failure> {
    Ok(Arc::new(ObjectStore::open_folder(folder).await?))
}

/// Runs, prints the top ten topics, and serves the result if there is a listener.
pub(crate) fn run_and_serve(
    runtime: &Runtime,
    store: Arc<ObjectStore>,
    run: &LocalRun,
    listeners: Option<Listeners>,
    output: Output,
) -> Result<(), Failure> {
    let finished = session::run(runtime, &store, run, output)?;
    runtime.block_on(report::result(&store, &finished, output))?;
    let (source, folder) =
        (finished.published.plan.source.as_str(), run.store.display().to_string());
    if let Some(listeners) = listeners {
        let served = serve::serve(store, &folder, listeners, Some(source), output);
        return runtime.block_on(served);
    }
    output.note(&format!(
        "see more with: trendjob top {source} --store {folder}; serve it with: trendjob serve --store {folder}"
    ));
    Ok(())
}
