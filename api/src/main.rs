//! The `trendjob-api` command: the HTTP API of a cluster, over a MongoDB or a folder. Owns its
//! arguments and when it is ready; what it answers is the library's.

use std::fs;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use api::{ApiState, app};
use clap::{Args as Flags, Parser};
use service::logs::{self, Format};
use service::probes::{Gate, Readiness, probes};
use service::{metrics, server, shutdown};
use store::mongo::Access;
use store::{MongoOptions, MongoStore, MongoUri, ObjectStore, Store, StoreError};

/// How long a store that does not answer is tried again for one request.
const PATIENCE: Duration = Duration::from_secs(3);

/// How often it is asked whether the store answers.
const ASK: Duration = Duration::from_secs(5);

/// Serve trending topics over HTTP.
#[derive(Debug, Parser)]
#[command(name = "trendjob-api", version, max_term_width = 100)]
enum Args {
    /// Serve until SIGTERM.
    Serve(ServeArgs),
}

#[derive(Debug, Flags)]
struct ServeArgs {
    /// The address the API listens on.
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "0.0.0.0:8383")]
    listen: SocketAddr,
    /// The address probes and metrics listen on.
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "0.0.0.0:9090")]
    metrics_listen: SocketAddr,
    /// The MongoDB, as `mongodb://user:password@host/`; a user that may only read suffices.
    #[arg(long, env = "MONGODB_URI", hide_env_values = true, value_name = "URI")]
    mongodb_uri: Option<String>,
    /// A file that holds the URI instead.
    #[arg(long, conflicts_with = "mongodb_uri", value_name = "FILE")]
    mongodb_uri_file: Option<PathBuf>,
    /// The certificate authorities its server is trusted by, as PEM.
    #[arg(long, value_name = "FILE")]
    mongodb_ca_file: Option<PathBuf>,
    /// The database in it.
    #[arg(long, env = "TRENDJOB_DATABASE", value_name = "NAME", default_value = "trends")]
    database: String,
    /// A folder instead of a MongoDB.
    #[arg(long, value_name = "DIR", conflicts_with_all = ["mongodb_uri_file", "mongodb_ca_file"])]
    store: Option<PathBuf>,
    /// Requests answered at once; more are turned away.
    #[arg(long, value_name = "N", default_value_t = 256)]
    concurrency: usize,
    /// Seconds a request may take.
    #[arg(long, value_name = "SECONDS", default_value_t = 10)]
    timeout: u64,
    /// What is logged, as info or store=debug,info.
    #[arg(long, env = "TRENDJOB_LOG", default_value = "info", value_name = "FILTER")]
    log: String,
    /// Log for people instead of as JSON.
    #[arg(long)]
    log_plain: bool,
}

fn main() -> ExitCode {
    let Args::Serve(args) = Args::parse();
    let format = if args.log_plain { Format::Plain(false) } else { Format::Json };
    let started = logs::init(&args.log, format).map_err(|error| error.to_string());
    let runtime = started.and_then(|()| {
        let built = tokio::runtime::Builder::new_multi_thread().enable_all().build();
        built.map_err(|error| error.to_string())
    });
    match runtime.and_then(|runtime| runtime.block_on(serve(&args))) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!(error, "ended");
            ExitCode::FAILURE
        }
    }
}

async fn serve(args: &ServeArgs) -> Result<(), String> {
    metrics::init();
    let readiness = Readiness::default();
    let gate = readiness.register("store");
    let bound = |error: server::BindError| error.to_string();
    // First of all: who waits for the store is alive, and not ready.
    let probing = server::bind(args.metrics_listen, "--metrics-listen").await.map_err(bound)?;
    let probing =
        tokio::spawn(server::serve(probing, probes(readiness.clone()), shutdown::requested()));
    let listener = server::bind(args.listen, "--listen").await.map_err(bound)?;
    let store = tokio::select! {
        store = open(args) => store?,
        () = shutdown::requested() => return Ok(()),
    };
    tokio::spawn(watch(Arc::clone(&store), gate));
    readiness.set(true);
    tracing::info!(address = %args.listen, "serving");
    let state = ApiState::new(store, args.concurrency, Duration::from_secs(args.timeout));
    let served = server::serve(listener, app(state), shutdown::requested()).await;
    drop(probing.await);
    served.map_err(|error| error.to_string())
}

/// Opens the store; one that can't be reached yet is waited for.
async fn open(args: &ServeArgs) -> Result<Arc<dyn Store>, String> {
    if let Some(folder) = &args.store {
        let store = ObjectStore::open_folder(folder).await.map_err(|error| error.to_string())?;
        return Ok(Arc::new(store));
    }
    let uri = match (&args.mongodb_uri, &args.mongodb_uri_file) {
        (Some(uri), _) => uri.clone(),
        (None, Some(file)) => fs::read_to_string(file)
            .map_err(|error| format!("reading the MongoDB URI from {}: {error}", file.display()))?,
        (None, None) => {
            return Err("no store is named: set MONGODB_URI, or pass --store DIR".to_owned());
        }
    };
    let options = MongoOptions {
        uri: MongoUri::new(&uri),
        database: args.database.clone(),
        ca_file: args.mongodb_ca_file.clone(),
        access: Access::Read,
        patience: PATIENCE,
    };
    loop {
        match MongoStore::open(&options).await {
            Ok(store) => return Ok(Arc::new(store)),
            Err(error @ StoreError::Unavailable { .. }) => {
                tracing::warn!(%error, "waiting for the store");
                tokio::time::sleep(ASK).await;
            }
            Err(error) => return Err(error.to_string()),
        }
    }
}

/// Says again and again whether the store answers.
async fn watch(store: Arc<dyn Store>, gate: Gate) {
    loop {
        let answer = store.sources().await;
        if let Err(error) = &answer {
            tracing::warn!(%error, "the store does not answer");
        }
        gate.set(answer.is_ok());
        tokio::time::sleep(ASK).await;
    }
}
