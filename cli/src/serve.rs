//! `trendjob serve`, and serving at the end of `run` and `demo`.

use std::io::IsTerminal as _;
use std::sync::Arc;

use api::{Settings, app};
use service::logs::{self, Format};
use service::probes::{Readiness, probes};
use service::{error_chain, metrics, server, shutdown};
use store::Store;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;

use crate::args::{ListenArgs, ServeArgs};
use crate::failure::Failure;
use crate::output::Output;
use crate::store_location::Folder;

/// Serves the store until Ctrl-C. The store may be empty at first: a run may fill it meanwhile.
pub(crate) fn command(runtime: &Runtime, args: &ServeArgs, output: Output) -> Result<(), Failure> {
    runtime.block_on(async {
        let store = args.location.open(Folder::Any).await?;
        let listeners = Listeners::on(&args.listen).await?;
        serve(store, &args.location.name(), listeners, None, output).await
    })
}

/// The listeners of the ports. They are made before any work, so that a port in use is reported at
/// once.
#[derive(Debug)]
pub(crate) struct Listeners {
    api: TcpListener,
    metrics: Option<TcpListener>,
}

impl Listeners {
    /// Listens on the ports.
    pub(crate) async fn on(listen: &ListenArgs) -> Result<Self, Failure> {
        let bound = |error: server::BindError| Failure::other("Listen", error_chain(&error));
        let api = server::bind(listen.listen, "--listen").await.map_err(bound)?;
        let metrics = match listen.metrics_listen {
            Some(address) => Some(server::bind(address, "--metrics-listen").await.map_err(bound)?),
            None => None,
        };
        Ok(Self { api, metrics })
    }
}

/// Serves a store. The hint that is printed after the start has `source` in its URL.
pub(crate) async fn serve(
    store: Arc<dyn Store>,
    name: &str,
    listeners: Listeners,
    source: Option<&str>,
    output: Output,
) -> Result<(), Failure> {
    metrics::init();
    let readiness = Readiness::default();
    let Listeners { api: listener, metrics } = listeners;
    let address =
        listener.local_addr().map_err(|error| Failure::other("Listen", error.to_string()))?;
    if let Some(listener) = metrics {
        let probes = probes(readiness.clone());
        tokio::spawn(server::serve(listener, probes, shutdown::requested()));
    }
    readiness.set(true);
    Output::announce(&format!("serving {name} at http://{address}, press Ctrl-C to stop"));
    if let Some(source) = source {
        output.note(&format!("try: curl 'http://{address}/api/v1/trends?source={source}&limit=5'"));
    }
    let app = app(store, &Settings::default());
    server::serve(listener, app, shutdown::requested()).await;
    Ok(())
}

/// Starts logging at the level of the flags.
pub(crate) fn logs(verbose: u8, quiet: bool) -> Result<(), Failure> {
    let filter = match (quiet, verbose) {
        (true, _) => "error",
        (_, 0) => "warn",
        (_, 1) => "info",
        _ => "debug",
    };
    // https://no-color.org: a variable that is set and not empty turns colours off.
    let wanted = std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
    let colours = wanted && std::io::stderr().is_terminal();
    logs::init(filter, Format::Plain(colours))
        .map_err(|error| Failure::other("Logs", error.to_string()))
}
