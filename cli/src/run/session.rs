//! One run on this machine: its lock, clean-up before and after, standard input, and being stopped.

use std::fs::{self, File};
use std::hash::{BuildHasher as _, RandomState};
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread;
use std::time::{Duration, SystemTime};

use pipeline::input::Remote;
use pipeline::plan::Spec;
use pipeline::{BlockSizes, Cancel, Context, Error, Limits, Plan, Progress, local};
use service::error_chain;
use store::retention::clean_up;
use store::{AttemptId, Generation, ObjectStore, RunId, RunLock, Stage, Store as _};
use tokio::runtime::Runtime;
use trends::result::ResultIndex;
use uuid::Uuid;

use super::job::Job;
use super::progress::Display;
use super::{exists, now, now_seconds, rejects};
use crate::failure::Failure;
use crate::output::Output;

/// Staged files that are older were left by writers that were killed.
const STALE: Duration = Duration::from_hours(1);

/// What is reported of a run.
#[derive(Debug)]
pub(super) struct Finished {
    pub(super) plan: Plan,
    pub(super) generation: Generation,
    pub(super) index: ResultIndex,
    pub(super) stages: Vec<(Stage, Duration)>,
    pub(super) threads: usize,
    pub(super) spilled: u64,
}

/// Runs or resumes a job.
pub(super) fn run(
    runtime: &Runtime,
    store: &Arc<ObjectStore>,
    job: &Job,
    output: Output,
) -> Result<Finished, Failure> {
    if let Some(file) = &job.rejects {
        rejects::check(file)?;
    }
    let run = job.resume.clone().map_or_else(new_run, Ok)?;
    let lock = RunLock::acquire(&job.store, &run)?.ok_or_else(|| {
        Failure::other("InProgress", format!("run {run} is in progress in another process"))
    })?;
    let spool = job.store.join("spool").join(run.as_str());
    let ended = locked(runtime, store, job, &run, &spool, output);
    match &ended {
        Ok(_) => drop(fs::remove_dir_all(&spool)),
        // A run that was not even begun leaves nothing to go on with.
        Err(_) if matches!(runtime.block_on(exists(store, &run)), Ok(false)) => {
            drop(fs::remove_dir_all(&spool));
            lock.discard();
        }
        Err(_) => {}
    }
    ended
}

/// The same, with the lock in hand.
fn locked(
    runtime: &Runtime,
    store: &Arc<ObjectStore>,
    job: &Job,
    run: &RunId,
    spool: &Path,
    output: Output,
) -> Result<Finished, Failure> {
    if job.resume.is_some() && !runtime.block_on(exists(store, run))? {
        return Err(Failure::permanent(
            "UnknownRun",
            format!("there is no run {run} to go on with: trendjob runs lists those there are"),
        ));
    }
    runtime.block_on(async {
        service::shutdown::listen();
        tidy(store, job, run).await;
    });
    let mut spec = job.spec.clone();
    if let Some(spec) = &mut spec {
        spool_input(runtime, spec, spool)?;
    }
    let context = context(runtime, store, job, run)?;
    let ended = watched(runtime, &context, spec, job.rejects.as_deref(), output);
    let outcome = ended.inspect_err(|error| {
        if error.is_resumable() && matches!(runtime.block_on(exists(store, run)), Ok(true)) {
            output.note(&format!(
                "go on with: trendjob run --resume {run} --store {} (before another run is started)",
                job.store.display()
            ));
        }
    })?;

    // Published: what follows is tidiness, and no reason to fail.
    let partials = runtime.block_on(store.remove_blocks(run, Stage::Etl));
    if let Err(error) = partials {
        tracing::warn!(%run, error = error_chain(&error), "the partials of a published run were not removed");
    }
    Ok(Finished {
        plan: outcome.plan,
        generation: outcome.generation,
        index: outcome.index,
        stages: outcome.stages,
        threads: context.limits.threads,
        spilled: context.progress.spilled.load(Ordering::Relaxed),
    })
}

/// Does the stages on a thread that may block, shows progress, and stops them at Ctrl-C.
fn watched(
    runtime: &Runtime,
    context: &Context,
    spec: Option<Spec>,
    rejects_file: Option<&Path>,
    output: Output,
) -> Result<local::Outcome, Error> {
    let cancel = context.cancel.clone();
    let stopper = runtime.spawn(async move {
        service::shutdown::requested().await;
        cancel.cancel();
    });
    let display = Display::start(Arc::clone(&context.progress), output);
    let (stages, file, notes) = (context.clone(), rejects_file.map(Path::to_owned), output);
    let work = runtime.spawn_blocking(move || {
        let counted = |plan: &Plan, shards: &[_]| {
            let Some(file) = &file else { return Ok(()) };
            let lost = rejects::write(&stages, plan, shards, file)?;
            if lost > 0 {
                notes.note(&format!(
                    "{lost} malformed lines are not in {}: they were counted before the run was resumed with --rejects",
                    file.display()
                ));
            }
            Ok(())
        };
        local::run(&stages, spec.as_ref(), counted, now)
    });
    let ended = runtime.block_on(work);
    stopper.abort();
    drop(display);
    ended.map_err(|_| Error::Panicked)?
}

fn new_run() -> Result<RunId, Failure> {
    RunId::new(&Uuid::now_v7().to_string())
        .map_err(|error| Failure::other("Run", error.to_string()))
}

fn context(
    runtime: &Runtime,
    store: &Arc<ObjectStore>,
    job: &Job,
    run: &RunId,
) -> Result<Context, Failure> {
    let spill = job.store.join("spill");
    fs::create_dir_all(&spill).map_err(|source| Error::Spill { path: spill.clone(), source })?;
    let attempt = AttemptId::new(&Uuid::now_v7().to_string());
    Ok(Context {
        store: store.clone(),
        runtime: runtime.handle().clone(),
        run: run.clone(),
        attempt: attempt.map_err(|error| Failure::other("Run", error.to_string()))?,
        limits: Limits {
            threads: job.threads,
            memory: job.memory,
            spill,
            blocks: BlockSizes::default(),
            keep_rejects: job.rejects.is_some(),
            // The standard library's keys are random; a hash of nothing is as random as they.
            hash_seed: RandomState::new().hash_one(()),
        },
        records: None,
        remote: Remote::default(),
        cancel: Cancel::default(),
        progress: Arc::<Progress>::default(),
    })
}

/// Removes what earlier runs left. Failing to is no reason not to run.
async fn tidy(store: &ObjectStore, job: &Job, run: &RunId) {
    let before = SystemTime::from(chrono::Utc::now()) - STALE;
    let staged = store.sweep_staged(before);
    let cleaned = clean_up(store, &job.store, job.retention, now_seconds()).await;
    for error in [staged.err(), cleaned.err()].into_iter().flatten() {
        tracing::warn!(error = error_chain(&error), "clean-up was not finished");
    }
    // Spools of runs that are no more.
    for entry in fs::read_dir(job.store.join("spool")).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let other = name.to_str().and_then(|name| RunId::new(name).ok()).filter(|name| name != run);
        if let Some(other) = other
            && matches!(exists(store, &other).await, Ok(false))
            && let Ok(Some(lock)) = RunLock::acquire(&job.store, &other)
        {
            drop(fs::remove_dir_all(entry.path()));
            lock.discard();
        }
    }
}

/// Copies standard input into the store, where it can be read as often as needed.
fn spool_input(runtime: &Runtime, spec: &mut Spec, spool: &Path) -> Result<(), Failure> {
    if !spec.uris.iter().any(|uri| uri == "-") {
        return Ok(());
    }
    let (folder, path) = (spool.to_owned(), spool.join("stdin"));
    spec.spooled = Some(path.clone());
    let copy = move || -> io::Result<u64> {
        fs::create_dir_all(folder)?;
        io::copy(&mut io::stdin().lock(), &mut File::create(path)?)
    };
    let (done, copied) = tokio::sync::oneshot::channel();
    // A thread of its own: one that waits for input can't be stopped, only left behind.
    thread::spawn(move || drop(done.send(copy())));
    let copied = runtime.block_on(async {
        tokio::select! {
            copied = copied => Ok(copied),
            () = service::shutdown::requested() => Err(Error::Cancelled),
        }
    });
    match copied? {
        Ok(Ok(_)) => Ok(()),
        Ok(Err(error)) => {
            let place = spool.display();
            let message = format!("copying standard input to {place}: {error}");
            Err(Failure::other("Spool", message))
        }
        Err(_) => Err(Error::Panicked.into()),
    }
}
