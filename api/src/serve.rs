//! The service as a process. Owns when it is ready, and that it leaves without failing a request: not
//! ready first, then no more connections, then the end of what is under way.

use std::fs;
use std::sync::Arc;
use std::time::Duration;

use api::app;
use service::probes::{Gate, Readiness, probes};
use service::server::Leave;
use service::{metrics, server, shutdown};
use store::mongo::Access;
use store::{MongoOptions, MongoStore, MongoUri, ObjectStore, Store, StoreError};

use crate::args::ServeArgs;

/// How long a store that does not answer is tried again for one request.
const PATIENCE: Duration = Duration::from_secs(3);

/// How often it is asked whether the store answers, while it does and while it does not.
const ASK: Duration = Duration::from_secs(5);
const ASK_AGAIN: Duration = Duration::from_secs(1);

/// Serves until the process is asked to stop.
pub(crate) async fn serve(args: &ServeArgs) -> Result<(), String> {
    metrics::init();
    let readiness = Readiness::default();
    let gate = readiness.register("store");
    let bound = |error: server::BindError| error.to_string();
    // First of all: who waits for the store is alive, and not ready.
    let probing = server::bind(args.metrics_listen, "--metrics-listen").await.map_err(bound)?;
    let (ended, end) = tokio::sync::oneshot::channel::<()>();
    // To the last: who drains is alive, and not ready.
    let end = async { drop(end.await) };
    let probing = tokio::spawn(server::serve(probing, probes(readiness.clone()), end));
    let listener = server::bind(args.listen, "--listen").await.map_err(bound)?;
    let store = tokio::select! {
        store = open(args) => store?,
        () = shutdown::requested() => return Ok(()),
    };
    tokio::spawn(watch(Arc::clone(&store), gate));
    readiness.set(true);
    tracing::info!(address = %args.listen, "serving");
    let settings = args.settings();
    let finish = settings.timeout + Duration::from_secs(1);
    let leave = Leave { delay: args.drain_delay(), finish };
    let stop = async move {
        shutdown::requested().await;
        readiness.set(false);
    };
    server::serve_and_leave(listener, app(store, &settings), stop, leave).await;
    drop(ended);
    drop(probing.await);
    Ok(())
}

/// Opens the store, to read only; one that can't be reached yet is waited for.
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
                tokio::time::sleep(ASK_AGAIN).await;
            }
            Err(error) => return Err(error.to_string()),
        }
    }
}

/// Says again and again whether the store answers, in `/readyz` and as a metric.
async fn watch(store: Arc<dyn Store>, gate: Gate) {
    loop {
        let answer = store.sources().await;
        if let Err(error) = &answer {
            tracing::warn!(%error, "the store does not answer");
        }
        gate.set(answer.is_ok());
        ::metrics::gauge!("trendjob_store_answers").set(if answer.is_ok() { 1.0 } else { 0.0 });
        tokio::time::sleep(if answer.is_ok() { ASK } else { ASK_AGAIN }).await;
    }
}
