//! The life of the operator: its client, probes, the Lease, the watches and the passes, and the way it
//! stops. Owns the order of these; what a pass does is `reconcile`'s.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures::future::{join_all, select_all};
use futures::{FutureExt as _, StreamExt as _};
use kube::client::ClientBuilder;
use kube::core::NamespaceResourceScope;
use kube::runtime::Controller;
use kube::runtime::controller::{self, Error as ControllerError};
use kube::runtime::reflector::ObjectRef;
use kube::{Api, Client, Config, Resource as _};
use service::probes::{Readiness, probes_while};
use service::{server, shutdown};
use tokio::task::JoinSet;
use uuid::Uuid;

use crate::args::RunArgs;
use crate::leader::Candidate;
use crate::object::{JobObject, TrendJobObject};
use crate::precedence::PrecedenceLayer;
use crate::queue::Queue;
use crate::reconcile::{self, Context, Telling, Warnings, Written};
use crate::watch::{self, PulseLayer, Pulses, Stores, Told};
use crate::{definition, metrics};

/// How often what is going on is measured.
const MEASURE: Duration = Duration::from_secs(15);

/// What keeps the operator from working.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is no cluster to be found.
    #[error("finding the cluster: set KUBECONFIG, or run in a pod with a service account")]
    Config(#[source] Box<kube::config::InferConfigError>),
    /// The client can't be made.
    #[error("connecting to the cluster")]
    Client(#[source] Box<kube::Error>),
    /// The port of the probes can't be had.
    #[error(transparent)]
    Bind(#[from] server::BindError),
    /// Another operator took the Lease.
    #[error("the Lease was lost: another operator may be at work, so this one stops")]
    LeaseLost,
    /// A part that works for ever ended.
    #[error(
        "a watch or a controller ended, which it should never: this is a defect, please report it"
    )]
    Ended,
}

/// Works until told to stop.
///
/// # Errors
/// If it can't begin, or may not go on.
pub async fn run(args: &RunArgs) -> Result<(), Error> {
    metrics::init();
    let pulses = Pulses::default();
    let config = Config::infer().await.map_err(|error| Error::Config(Box::new(error)))?;
    let namespace =
        args.lease_namespace.clone().unwrap_or_else(|| config.default_namespace.clone());
    let client = client(config, &pulses)?;
    let readiness = Readiness::default();
    let silence = Duration::from_secs(args.watch_patience.seconds());
    let watched = pulses.clone();
    let alive = move || match watched.oldest() {
        Some((path, age)) if age > silence => {
            Err(format!("nothing was heard of {path} for {} seconds", age.as_secs()))
        }
        _ => Ok(()),
    };
    let listener = server::bind(args.metrics_listen, "--metrics-listen").await?;
    tokio::spawn(server::serve(
        listener,
        probes_while(readiness.clone(), alive),
        shutdown::requested(),
    ));
    tracing::info!(
        version = env!("CARGO_PKG_VERSION"),
        namespaces = ?args.namespaces,
        worker_image = args.worker_image,
        "the operator is up"
    );
    readiness.set(true);
    tokio::spawn(definition::watch(client.clone()));
    if args.no_leader_election {
        return work(args, client, &readiness, &pulses).await;
    }
    let identity = format!("{}_{}", hostname(), Uuid::now_v7());
    let mut candidate = Candidate::new(client.clone(), &namespace, &args.lease_name, &identity);
    tokio::select! {
        () = candidate.acquire() => {}
        () = shutdown::requested() => return Ok(()),
    }
    tracing::info!(identity, "holds the Lease");
    metrics::leading(true);
    let ended = tokio::select! {
        ended = work(args, client, &readiness, &pulses) => ended,
        () = candidate.hold() => Err(Error::LeaseLost),
    };
    metrics::leading(false);
    candidate.release().await;
    ended
}

fn client(config: Config, pulses: &Pulses) -> Result<Client, Error> {
    let builder =
        ClientBuilder::try_from(config).map_err(|error| Error::Client(Box::new(error)))?;
    let builder = builder.with_layer(&PulseLayer(pulses.clone()));
    Ok(builder.with_layer(&PrecedenceLayer::default()).build())
}

fn hostname() -> String {
    std::fs::read_to_string("/proc/sys/kernel/hostname")
        .map_or_else(|_| "operator".to_owned(), |name| name.trim().to_owned())
}

/// Watches and works, until told to stop. The Lease is the caller's.
///
/// # Errors
/// If a part ends that works for ever.
pub async fn work(
    args: &RunArgs,
    client: Client,
    readiness: &Readiness,
    pulses: &Pulses,
) -> Result<(), Error> {
    let scopes: Vec<Option<String>> = if args.namespaces.is_empty() {
        vec![None]
    } else {
        args.namespaces.iter().cloned().map(Some).collect()
    };
    let telling = Telling::new(client.clone(), hostname());
    // Dropped, and so stopped, with this function.
    let mut watches = JoinSet::new();
    let mut controllers = Vec::new();
    let mut measured = Vec::new();
    for scope in scopes {
        let (queue, changed) = Queue::new();
        let (stores, writers) = watch::stores();
        let context = Arc::new(Context {
            client: client.clone(),
            trendjobs: stores.trendjobs.clone(),
            jobs: stores.jobs.clone(),
            settings: args.settings(),
            telling: telling.clone(),
            written: Written::default(),
            failures: Mutex::default(),
            going: Mutex::default(),
            begun: Mutex::default(),
            warnings: Warnings::default(),
        });
        let told = |name| Told { queue: queue.clone(), listed: readiness.register(name) };
        let namespace = scope.as_deref();
        let api: Api<TrendJobObject> = api(&client, namespace);
        pulses.expect(TrendJobObject::url_path(&(), namespace));
        let (shown, left) = (Arc::clone(&context), Arc::clone(&context));
        let seen = move |object: &TrendJobObject| shown.seen(object);
        let gone = move |uid: &str| left.gone(uid);
        watches.spawn(watch::watch_trendjobs(
            api,
            writers.trendjobs,
            told("trendjobs"),
            seen,
            gone,
        ));
        let api: Api<JobObject> = self::api(&client, namespace);
        pulses.expect(JobObject::url_path(&(), namespace));
        watches.spawn(watch::watch_jobs(api, writers.jobs, told("jobs")));
        measured.push((queue.clone(), stores.clone()));
        controllers.push(Box::pin(control(args.concurrency, stores, queue, changed, context)));
    }
    // Each ends when a stop was asked for and its passes are over; what these told may be under way.
    let controlled = async {
        let ((), _, others) = select_all(controllers).await;
        if shutdown::requested().now_or_never().is_none() {
            return Err(Error::Ended);
        }
        join_all(others).await;
        telling.end().await;
        Ok(())
    };
    tokio::select! {
        ended = controlled => ended,
        _ = watches.join_next() => Err(Error::Ended),
        () = measure(pulses, measured) => Err(Error::Ended),
    }
}

fn api<K>(client: &Client, namespace: Option<&str>) -> Api<K>
where
    K: kube::Resource<DynamicType = (), Scope = NamespaceResourceScope>,
{
    match namespace {
        Some(namespace) => Api::namespaced(client.clone(), namespace),
        None => Api::all(client.clone()),
    }
}

/// Passes over what changed, until told to stop.
async fn control(
    concurrency: u16,
    stores: Stores,
    queue: Queue,
    changed: impl futures::Stream<Item = ObjectRef<TrendJobObject>> + Send + 'static,
    context: Arc<Context>,
) {
    // Passes wait for both stores: without its Jobs a TrendJob looks as if it had not begun.
    if stores.jobs.wait_until_ready().await.is_err() {
        return;
    }
    let nothing = futures::stream::pending::<Arc<TrendJobObject>>();
    let taken = queue.clone();
    let begun = move |seen: Arc<TrendJobObject>, context| {
        queue.begun(&ObjectRef::from_obj(&*seen));
        reconcile::reconcile(seen, context)
    };
    Controller::for_shared_stream(nothing, stores.trendjobs)
        .reconcile_on(changed)
        .with_config(controller::Config::default().concurrency(concurrency))
        .graceful_shutdown_on(shutdown::requested())
        .run(begun, reconcile::on_error, context)
        .for_each(async |done| match done {
            // Deleted before its turn came.
            Err(ControllerError::ObjectNotFound(gone)) => {
                let name = ObjectRef::new(&gone.name);
                let name = match &gone.namespace {
                    Some(namespace) => name.within(namespace),
                    None => name,
                };
                taken.begun(&name);
            }
            Ok(_) | Err(ControllerError::ReconcilerFailed(..)) => {}
            Err(error) => tracing::warn!(%error, "the controller stumbled"),
        })
        .await;
}

/// Measures what is going on, for ever.
async fn measure(pulses: &Pulses, scopes: Vec<(Queue, Stores)>) {
    loop {
        metrics::watches(&pulses.ages());
        metrics::queue(scopes.iter().map(|(queue, _)| queue.depth()).sum());
        metrics::runs(scopes.iter().flat_map(|(_, stores)| stores.trendjobs.state()));
        tokio::time::sleep(MEASURE).await;
    }
}
