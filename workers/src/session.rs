//! The life of a worker process: its runtime, its probes, the stage on a thread that may block, and
//! being stopped. Owns how long a stage may take to stop.

use std::fs;
use std::hash::{BuildHasher as _, RandomState};
use std::sync::Arc;
use std::time::Duration;

use pipeline::input::{Credentials, Remote};
use pipeline::records::RecordSink;
use pipeline::{BlockSizes, Cancel, Context, Limits, Progress};
use service::probes::{Readiness, probes};
use service::{machine, metrics, server, shutdown};
use store::{AttemptId, MongoStore, RunId, SourceName, Store};
use tokio::runtime::Runtime;
use trendjob::Size;

use crate::args::{Args, Command, RunArgs};
use crate::beside::Records;
use crate::ending::Ending;
use crate::identity::Identity;
use crate::location::OpenStore;
use crate::{job, location, progress, stages};

/// How long a stage may take to stop by itself. What it stored stays; the next attempt goes on.
const PATIENCE: Duration = Duration::from_secs(10);

/// The most rows of a block: no stored value is above 1 MiB, whatever compression makes of it.
const MOST_BLOCK: usize = 512 << 10;

/// Runs the stage that was asked for.
pub(crate) fn run(args: &Args, identity: &Identity) -> Ending {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let runtime = match runtime {
        Ok(runtime) => runtime,
        Err(error) => return Ending::retry("Runtime", error.to_string()),
    };
    let ending = runtime.block_on(live(&runtime, args, identity)).unwrap_or_else(|ending| ending);
    // A stage that did not stop in time is left behind: nothing it may still write counts alone.
    runtime.shutdown_background();
    ending
}

async fn live(runtime: &Runtime, args: &Args, identity: &Identity) -> Result<Ending, Ending> {
    let progress = Arc::<Progress>::default();
    observe(args, &progress).await?;
    let cancel = Cancel::default();
    shutdown::listen();
    let work = begin(runtime, args, identity, progress, cancel.clone());
    tokio::select! {
        ended = work => ended,
        () = stopped(&cancel) => Ok(Ending::stopped()),
    }
}

/// Serves probes and metrics, where asked to.
async fn observe(args: &Args, progress: &Arc<Progress>) -> Result<(), Ending> {
    let Some(address) = args.metrics_listen else { return Ok(()) };
    metrics::init();
    let readiness = Readiness::default();
    let listener = server::bind(address, "--metrics-listen").await;
    let listener = listener.map_err(|error| Ending::retry("Listen", error.to_string()))?;
    readiness.set(true);
    tokio::spawn(server::serve(listener, probes(readiness), shutdown::requested()));
    tokio::spawn(progress::export(Arc::clone(progress)));
    Ok(())
}

/// Waits until the process is told to stop and the stage had its time to.
async fn stopped(cancel: &Cancel) {
    shutdown::requested().await;
    tracing::info!("told to stop");
    cancel.cancel();
    tokio::time::sleep(PATIENCE).await;
}

async fn begin(
    runtime: &Runtime,
    args: &Args,
    identity: &Identity,
    progress: Arc<Progress>,
    cancel: Cancel,
) -> Result<Ending, Ending> {
    let run = match &args.command {
        Command::Purge(purge) => {
            let opened = location::open(&args.location, &purge.database).await?;
            return stages::purge(&opened, purge).await;
        }
        Command::Plan(run) => run,
        Command::Etl(index) | Command::Aggregate(index) | Command::Score(index) => &index.later.run,
        Command::Publish(later) => &later.run,
    };
    let config = job::read(&run.run_config)?;
    let database = &config.spec.sink.mongodb.database;
    let OpenStore { store, mongo } = location::open(&args.location, database).await?;
    let attempt = &identity.attempt;
    let mut context = context(runtime, run, (&config.run(), attempt), store, progress, cancel)?;
    if config.spec.sink.mongodb.store_records {
        context.records = Some(records(&context, mongo.as_ref(), &config.spec.source)?);
    }
    let work = stages::Work { context, mongo, config, data: run.data.clone() };
    let work = match &args.command {
        Command::Plan(_) => runtime.spawn_blocking(move || work.plan()),
        Command::Etl(index) => {
            let (hash, shard) = (index.later.plan_hash.clone(), index.index);
            runtime.spawn_blocking(move || work.etl(&hash, shard))
        }
        Command::Aggregate(index) => {
            let (hash, partition) = (index.later.plan_hash.clone(), index.index);
            let without = index.later.without_shards.0.clone();
            runtime.spawn_blocking(move || work.aggregate(&hash, partition, &without))
        }
        Command::Score(index) => {
            let (hash, partition) = (index.later.plan_hash.clone(), index.index);
            let without = index.later.without_shards.0.clone();
            runtime.spawn_blocking(move || work.score(&hash, partition, &without))
        }
        Command::Publish(later) => {
            let (hash, without) = (later.plan_hash.clone(), later.without_shards.0.clone());
            runtime.spawn_blocking(move || work.publish(&hash, &without))
        }
        Command::Purge(_) => return Ok(Ending::default()),
    };
    work.await.unwrap_or_else(|_| Err(pipeline::Error::Panicked.into()))
}

fn context(
    runtime: &Runtime,
    args: &RunArgs,
    (run, attempt): (&str, &str),
    store: Arc<dyn Store>,
    progress: Arc<Progress>,
    cancel: Cancel,
) -> Result<Context, Ending> {
    let unusable = |error: String| Ending::unusable("InvalidArguments", error);
    let bytes = |size: Size| usize::try_from(size.bytes()).unwrap_or(usize::MAX);
    let spill = args.spill.clone().unwrap_or_else(std::env::temp_dir);
    fs::create_dir_all(&spill).map_err(|error| {
        unusable(format!("making the folder for spilling {}: {error}", spill.display()))
    })?;
    let mut limits = Limits::new(
        args.threads.map_or_else(machine::default_threads, usize::from),
        args.memory.map_or_else(machine::default_memory, bytes),
        spill,
        RandomState::new().hash_one(()),
    );
    if let Some(size) = args.block_size {
        let size = bytes(size).min(MOST_BLOCK);
        limits.blocks = BlockSizes { partials: size, terms: size };
    }
    let run = RunId::new(run).map_err(|error| unusable(error.to_string()))?;
    let attempt = AttemptId::new(attempt).map_err(|error| unusable(error.to_string()))?;
    let context = Context::new(store, runtime.handle().clone(), run, attempt, limits);
    Ok(Context { remote: remote(args), cancel, progress, ..context })
}

/// Where the records themselves go.
fn records(
    context: &Context,
    mongo: Option<&MongoStore>,
    source: &str,
) -> Result<Arc<dyn RecordSink>, Ending> {
    let unusable = |error: &str| Ending::unusable("InvalidRunConfig", error.to_owned());
    let store = mongo
        .ok_or_else(|| unusable("storeRecords needs a MongoDB: a folder can't keep records"))?;
    Ok(Arc::new(Records {
        store: store.clone(),
        source: SourceName::new(source).map_err(|error| unusable(&error.to_string()))?,
        run: context.run.clone(),
        runtime: context.runtime.clone(),
    }))
}

/// What the Secret of the input holds.
fn remote(args: &RunArgs) -> Remote {
    let bearer = args.http_bearer_token.clone().map(Credentials::Bearer);
    let basic = args.http_username.clone().map(|user| Credentials::Basic {
        user,
        password: args.http_password.clone().unwrap_or_default(),
    });
    Remote { credentials: bearer.or(basic), ..Remote::default() }
}
