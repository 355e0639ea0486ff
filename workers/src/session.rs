//! The life of a worker process: its runtime, its probes, the stage on a thread that may block, and
//! the stop after SIGTERM. Owns the time that a stage has to stop.

use std::fs;
use std::hash::{BuildHasher as _, RandomState};
use std::sync::Arc;
use std::time::Duration;

use pipeline::input::{Credentials, Remote};
use pipeline::records::RecordSink;
use pipeline::{BlockSizes, Cancel, Context, Limits, Process, Progress};
use service::probes::{Readiness, probes};
use service::{clock, machine, metrics, server, shutdown};
use store::{AttemptId, MongoStore, RunId, SourceName, Store};
use tokio::runtime::Runtime;
use trendjob::Size;

use crate::args::{Args, Command, RunArgs};
use crate::ending::Ending;
use crate::identity::Identity;
use crate::location::OpenStore;
use crate::records::Records;
use crate::{job, location, progress, stages};

/// The time that a stage has to stop by itself. Its blocks don't count without a marker, so the
/// next attempt works on the index from its beginning.
const PATIENCE: Duration = Duration::from_secs(10);

/// The most bytes of rows in a block: even if compression makes them larger, no stored value
/// exceeds 1 MiB.
const MOST_BLOCK: usize = 512 << 10;

/// Runs the stage that the arguments name.
pub(crate) fn run(args: &Args, identity: &Identity) -> Ending {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let runtime = match runtime {
        Ok(runtime) => runtime,
        Err(error) => return Ending::retry("Runtime", error.to_string()),
    };
    let ending = runtime.block_on(live(&runtime, args, identity)).unwrap_or_else(|ending| ending);
    // A stage that did not stop in time is left behind: without a marker nothing it writes counts.
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

/// Serves probes and metrics if `--metrics-listen` is set.
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

/// Waits for a request to stop, cancels the stage and gives it time to end.
async fn stopped(cancel: &Cancel) {
    shutdown::requested().await;
    tracing::info!("stopping");
    cancel.cancel();
    tokio::time::sleep(PATIENCE).await;
}

/// Opens the store and runs the stage on a thread that may block.
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
            let ended = stages::purge(&opened, purge).await;
            opened.store.close().await;
            return ended;
        }
        Command::Plan(run) => run,
        Command::Etl(index) | Command::Aggregate(index) | Command::Score(index) => &index.later.run,
        Command::Publish(later) => &later.run,
    };
    let config = job::read(&run.run_config)?;
    let database = &config.spec.sink.mongodb.database;
    let OpenStore { store, mongo } = location::open(&args.location, database).await?;
    let attempt = &identity.attempt;
    let context = context(runtime, run, &config.run(), attempt, Arc::clone(&store))?;
    let mut context = Context { cancel, progress, ..context };
    if config.spec.sink.mongodb.store_records {
        context.records = Some(records(&context, mongo.as_ref(), &config.spec.source)?);
    }
    let work = stages::Work { context, mongo, config, data: run.data.clone() };
    let command = args.command.clone();
    let attempt = runtime.spawn_blocking(move || work.run(&command));
    let ended = attempt.await.unwrap_or_else(|_| Err(pipeline::Error::Panicked.into()));
    store.close().await;
    ended
}

fn context(
    runtime: &Runtime,
    args: &RunArgs,
    run: &str,
    attempt: &str,
    store: Arc<dyn Store>,
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
    let process = Process { started: Some(clock::seconds()), is_worker: true };
    Ok(Context { remote: remote(args), process, ..context })
}

/// Returns the sink for records, which a MongoDB holds besides the results.
fn records(
    context: &Context,
    mongo: Option<&MongoStore>,
    source: &str,
) -> Result<Arc<dyn RecordSink>, Ending> {
    let unusable = |error: &str| Ending::unusable("InvalidRunConfig", error.to_owned());
    let store = mongo
        .ok_or_else(|| unusable("storeRecords needs a MongoDB: a folder can't hold records"))?;
    Ok(Arc::new(Records {
        store: store.clone(),
        source: SourceName::new(source).map_err(|error| unusable(&error.to_string()))?,
        run: context.run.clone(),
        runtime: context.runtime.clone(),
    }))
}

/// Returns the credentials for http input, which come from the input's Secret. A Secret made from a
/// file often ends in a newline, which is not part of them.
fn remote(args: &RunArgs) -> Remote {
    let given = |text: &Option<String>| {
        let text = text.as_deref().unwrap_or_default().trim();
        (!text.is_empty()).then(|| text.to_owned())
    };
    let bearer = given(&args.http_bearer_token).map(Credentials::Bearer);
    // A password may begin or end in a space.
    let password = args.http_password.as_deref().unwrap_or_default().trim_end_matches(['\r', '\n']);
    let basic = given(&args.http_username)
        .map(|user| Credentials::Basic { user, password: password.to_owned() });
    Remote { credentials: bearer.or(basic), ..Remote::default() }
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;

    /// The credentials that these arguments give.
    fn credentials(arguments: &[&str]) -> Option<Credentials> {
        let plan = ["trendjob-worker", "plan", "--run-config", "c", "--store", "s"];
        let args = Args::try_parse_from([&plan, arguments].concat()).unwrap();
        let Command::Plan(run) = args.command else { panic!("plan is planned") };
        remote(&run).credentials
    }

    #[test]
    fn credentials_from_a_secret_that_was_made_from_a_file_lose_their_newline() {
        let bearer = credentials(&["--http-bearer-token", "token\n"]);
        assert!(matches!(bearer, Some(Credentials::Bearer(token)) if token == "token"));
        let basic = credentials(&["--http-username", "me\n", "--http-password", " hidden \r\n"]);
        let Some(Credentials::Basic { user, password }) = basic else { panic!("a name is given") };
        assert_eq!((user.as_str(), password.as_str()), ("me", " hidden "));
        assert!(credentials(&["--http-bearer-token", "\n"]).is_none());
    }
}
