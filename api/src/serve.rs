//! Runs the service as a process. Owns its readiness, and a shutdown that fails no request: the
//! process first reports that it is not ready, then accepts no more connections, then finishes the
//! requests in progress.

use std::fs;
use std::sync::Arc;
use std::time::Duration;

use api::app;
use service::probes::{Readiness, ReadyFlag, probes};
use service::server::Drain;
use service::{metrics, server, shutdown};
use store::mongo::Opening;
use store::{MongoOptions, MongoStore, MongoUri, ObjectStore, Store, StoreError};

use crate::args::ServeArgs;

/// The time that one request waits for a store that does not answer.
const PATIENCE: Duration = Duration::from_secs(3);

/// The interval of checks of a store that answers.
const CHECK: Duration = Duration::from_secs(5);
/// The interval of checks of a store that does not answer.
const RECHECK: Duration = Duration::from_secs(1);

/// Serves until a signal stops the process.
pub(crate) async fn serve(args: &ServeArgs) -> Result<(), String> {
    metrics::init();
    let readiness = Readiness::default();
    let flag = readiness.register("store");
    let bound = |error: server::BindError| error.to_string();
    // The probes come first: a process that waits for the store is alive and not ready.
    let probing = server::bind(args.metrics_listen, "--metrics-listen").await.map_err(bound)?;
    let (ended, end) = tokio::sync::oneshot::channel::<()>();
    // The probes go last: a process that drains is alive and not ready.
    let end = async { drop(end.await) };
    let probing = tokio::spawn(server::serve(probing, probes(readiness.clone()), end));
    let listener = server::bind(args.listen, "--listen").await.map_err(bound)?;
    let store = tokio::select! {
        store = open(args) => store?,
        () = shutdown::requested() => return Ok(()),
    };
    let watching = tokio::spawn(watch(Arc::clone(&store), flag));
    readiness.set(true);
    tracing::info!(address = %args.listen, "serving");
    let settings = args.settings();
    let finish = settings.timeout + Duration::from_secs(1);
    let drain = Drain { delay: args.drain_delay(), finish };
    let stop = async move {
        shutdown::requested().await;
        readiness.set(false);
    };
    server::serve_and_drain(listener, app(Arc::clone(&store), &settings), stop, drain).await;
    drop(ended);
    drop(probing.await);
    watching.abort();
    drop(watching.await);
    store.close().await;
    Ok(())
}

/// Opens the store for reading only. Waits for a database that can't be reached yet.
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
        opening: Opening::CheckFormat,
        patience: PATIENCE,
    };
    loop {
        match MongoStore::open(&options).await {
            Ok(store) => return Ok(Arc::new(store)),
            Err(error @ StoreError::Unavailable { .. }) => {
                tracing::warn!(%error, "waiting for the store");
                tokio::time::sleep(RECHECK).await;
            }
            Err(error) => return Err(error.to_string()),
        }
    }
}

/// Polls the store for ever, and sets `/readyz` and a metric by its answer.
async fn watch(store: Arc<dyn Store>, flag: ReadyFlag) {
    loop {
        let answer = store.sources().await;
        if let Err(error) = &answer {
            tracing::warn!(%error, "the store does not answer");
        }
        flag.set(answer.is_ok());
        ::metrics::gauge!("trendjob_store_answers").set(if answer.is_ok() { 1.0 } else { 0.0 });
        tokio::time::sleep(if answer.is_ok() { CHECK } else { RECHECK }).await;
    }
}
