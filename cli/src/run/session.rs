//! The work of one local run: its lock, clean-up before and after, standard input, and Ctrl-C.

use std::fs::{self, File};
use std::hash::{BuildHasher as _, RandomState};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread;
use std::time::Duration;

use pipeline::plan::Spec;
use pipeline::{Context, Error, Limits, Plan, Process, local};
use service::{clock, error_chain};
use store::retention::clean_up;
use store::{AttemptId, Key, ObjectStore, RunId, RunLock, Stage, Store as _};
use tokio::runtime::Runtime;
use uuid::Uuid;

use super::local_run::LocalRun;
use super::progress::Display;
use super::rejects;
use super::report::FinishedRun;
use crate::clock::now;
use crate::failure::Failure;
use crate::output::Output;

/// The age from which a staged file belongs to a writer that was killed.
const STALE: Duration = Duration::from_hours(1);

/// A run with its lock held.
#[derive(Debug)]
struct Session<'a> {
    runtime: &'a Runtime,
    store: &'a Arc<ObjectStore>,
    local: &'a LocalRun,
    run: RunId,
    output: Output,
}

/// Starts or resumes a run.
pub(super) fn run(
    runtime: &Runtime,
    store: &Arc<ObjectStore>,
    local: &LocalRun,
    output: Output,
) -> Result<FinishedRun, Failure> {
    if let Some(file) = &local.rejects {
        rejects::check(file)?;
    }
    let run = local.resume.clone().map_or_else(new_run, Ok)?;
    let lock = RunLock::acquire(&local.store, &run)?.ok_or_else(|| {
        Failure::other("InProgress", format!("run {run} is in progress in another process"))
    })?;
    let session = Session { runtime, store, local, run, output };
    let ended = session.finish();
    match &ended {
        Ok(_) => drop(fs::remove_dir_all(session.spool())),
        // A run that was never stored can't be resumed.
        Err(_) if matches!(session.is_stored(), Ok(false)) => {
            drop(fs::remove_dir_all(session.spool()));
            lock.discard();
        }
        Err(_) => {}
    }
    ended
}

impl Session<'_> {
    /// The folder for this run's standard input.
    fn spool(&self) -> PathBuf {
        self.local.store.join("spool").join(self.run.as_str())
    }

    fn is_stored(&self) -> Result<bool, Failure> {
        self.runtime.block_on(exists(self.store, &self.run))
    }

    fn finish(&self) -> Result<FinishedRun, Failure> {
        let Self { runtime, store, local, run, .. } = self;
        if local.resume.is_some() && !self.is_stored()? {
            return Err(Failure::permanent(
                "UnknownRun",
                format!("there is no run {run}: `trendjob runs` lists those that can be resumed"),
            ));
        }
        runtime.block_on(async {
            service::shutdown::listen();
            self.tidy().await;
        });
        let mut spec = local.spec.clone();
        if let Some(spec) = &mut spec {
            spool_input(runtime, spec, &self.spool())?;
        }
        let context = self.context()?;
        let published = self.stages(&context, spec).inspect_err(|error| {
            if error.is_resumable() && matches!(self.is_stored(), Ok(true)) {
                self.output.note(&format!(
                    "resume it with: trendjob run --resume {run} --store {} (before another run is started)",
                    local.store.display()
                ));
            }
        })?;

        // The result is published: if this clean-up fails, the next run does it.
        let partials = runtime.block_on(store.remove_blocks(run, Stage::Etl));
        if let Err(error) = partials {
            tracing::warn!(%run, error = error_chain(&error), "the partials of a published run were not removed");
        }
        let spilled = context.progress.spilled.load(Ordering::Relaxed);
        Ok(FinishedRun { published, threads: context.limits.threads, spilled })
    }

    /// Runs the stages on a thread that may block, shows their progress, and stops them at Ctrl-C.
    fn stages(&self, context: &Context, spec: Option<Spec>) -> Result<local::PublishedRun, Error> {
        let cancel = context.cancel.clone();
        let stopper = self.runtime.spawn(async move {
            service::shutdown::requested().await;
            cancel.cancel();
        });
        let display = Display::start(Arc::clone(&context.progress), self.output);
        let (context, file, output) = (context.clone(), self.local.rejects.clone(), self.output);
        let work = self.runtime.spawn_blocking(move || {
            let counted = |plan: &Plan, shards: &[_]| {
                let Some(file) = &file else { return Ok(()) };
                let lost = rejects::write(&context, plan, shards, file)?;
                if lost > 0 {
                    output.note(&format!(
                        "{lost} malformed lines are not in {}: they were counted before the run was resumed with --rejects",
                        file.display()
                    ));
                }
                Ok(())
            };
            local::run(&context, spec.as_ref(), counted, now)
        });
        let ended = self.runtime.block_on(work);
        stopper.abort();
        drop(display);
        ended.map_err(|_| Error::Panicked)?
    }

    fn context(&self) -> Result<Context, Failure> {
        let Self { runtime, store, local, run, .. } = self;
        let spill = local.store.join("spill");
        fs::create_dir_all(&spill)
            .map_err(|source| Error::Spill { path: spill.clone(), source })?;
        let attempt = AttemptId::new(&Uuid::now_v7().to_string())
            .map_err(|error| Failure::other("Run", error.to_string()))?;
        // The keys of a RandomState are random, and so is its hash of nothing.
        let hash_seed = RandomState::new().hash_one(());
        let mut limits = Limits::new(local.threads, local.memory, spill, hash_seed);
        limits.keep_rejects = local.rejects.is_some();
        let store = Arc::<ObjectStore>::clone(store);
        let context = Context::new(store, runtime.handle().clone(), run.clone(), attempt, limits);
        let process = Process { started: Some(clock::seconds()), is_worker: false };
        Ok(Context { process, ..context })
    }

    /// Removes the remains of earlier runs. An error is only logged: this run doesn't need the
    /// space.
    async fn tidy(&self) {
        let Self { store, local, run, .. } = self;
        let staged = store.sweep_staged(clock::now() - STALE);
        let cleaned = clean_up(&***store, &local.store, local.retention, clock::seconds()).await;
        for error in [staged.err(), cleaned.err()].into_iter().flatten() {
            tracing::warn!(error = error_chain(&error), "clean-up was not finished");
        }
        // Spools of runs that were removed.
        for entry in fs::read_dir(local.store.join("spool")).into_iter().flatten().flatten() {
            let name = entry.file_name();
            let other = name.to_str().and_then(|name| RunId::new(name).ok());
            if let Some(other) = other.filter(|other| other != run)
                && matches!(exists(store, &other).await, Ok(false))
                && let Ok(Some(lock)) = RunLock::acquire(&local.store, &other)
            {
                drop(fs::remove_dir_all(entry.path()));
                lock.discard();
            }
        }
    }
}

/// Returns true if the store has a run: it was stored and not removed.
async fn exists(store: &ObjectStore, run: &RunId) -> Result<bool, Failure> {
    Ok(store.get(&Key::run(run)).await?.is_some())
}

fn new_run() -> Result<RunId, Failure> {
    RunId::new(&Uuid::now_v7().to_string())
        .map_err(|error| Failure::other("Run", error.to_string()))
}

/// Copies standard input into the store, where it can be read repeatedly.
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
    // A thread of its own: a read of standard input can't be cancelled, only left behind.
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
            let message = format!("copying standard input to {}: {error}", spool.display());
            Err(Failure::other("Spool", message))
        }
        Err(_) => Err(Error::Panicked.into()),
    }
}
