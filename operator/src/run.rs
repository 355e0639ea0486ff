//! The life of the operator: client, probes, Lease, watches, passes, stop. Owns the order of these;
//! a pass itself is `reconcile`.

use std::sync::Arc;
use std::time::Duration;

use futures::future::{join_all, select_all};
use futures::{FutureExt as _, StreamExt as _};
use kube::client::ClientBuilder;
use kube::core::NamespaceResourceScope;
use kube::runtime::Controller;
use kube::runtime::controller::{self, Error as ControllerError};
use kube::runtime::reflector::{self, ObjectRef, Store};
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
use crate::reconcile::{self, Context, EventRecorder, Memory, Warnings};
use crate::watch::{self, PulseLayer, Pulses, WatchOutput};
use crate::{definition, metrics};

/// The time between two measurements of watches, queue and TrendJobs.
const MEASURE: Duration = Duration::from_secs(15);

/// An error that stops the operator.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No cluster is configured.
    #[error("finding the cluster: set KUBECONFIG, or run in a pod with a service account")]
    Config(#[source] Box<kube::config::InferConfigError>),
    /// The client can't be created.
    #[error("connecting to the cluster")]
    Client(#[source] Box<kube::Error>),
    /// The address of the probes can't be bound.
    #[error(transparent)]
    Bind(#[from] server::BindError),
    /// Another operator took the Lease, or this one could not renew it in time.
    #[error("the Lease was lost: another operator may be at work, so this one stops")]
    LeaseLost,
    /// A part ended that should work for ever.
    #[error(
        "a watch or a controller ended, which must never happen: this is a defect, please report it"
    )]
    Ended,
}

/// Works until a signal requests a stop.
///
/// # Errors
/// If the operator can't start, or may not go on.
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
            Err(format!("the watch of {path} has received nothing for {} seconds", age.as_secs()))
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
        worker_image = args.settings.worker_image,
        "the operator has started"
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
    tracing::info!(identity, "the Lease is held");
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

/// Watches and works until a signal requests a stop. The caller holds the Lease.
///
/// # Errors
/// If a part ends that should work for ever.
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
    let recorder = EventRecorder::new(client.clone(), hostname());
    // Dropped at the end of this function, which stops the watches.
    let mut watches = JoinSet::new();
    let mut controllers = Vec::new();
    let mut measured = Vec::new();
    for scope in scopes {
        let (queue, changed) = Queue::new();
        let (trendjobs, trendjob_writer) = reflector::store();
        let (jobs, job_writer) = reflector::store();
        let context = Arc::new(Context {
            client: client.clone(),
            trendjobs: trendjobs.clone(),
            jobs,
            settings: args.settings.clone(),
            recorder: recorder.clone(),
            memory: Memory::default(),
            warnings: Warnings::default(),
        });
        let output = |name| WatchOutput { queue: queue.clone(), listed: readiness.register(name) };
        let namespace = scope.as_deref();
        let api: Api<TrendJobObject> = api(&client, namespace);
        pulses.expect(TrendJobObject::url_path(&(), namespace));
        let (on_found, on_deleted) = (Arc::clone(&context), Arc::clone(&context));
        watches.spawn(watch::watch_trendjobs(
            watch::trendjobs(api),
            trendjob_writer,
            output("trendjobs"),
            move |object| on_found.memory.watched(object),
            move |uid| on_deleted.memory.forget(uid),
        ));
        let api: Api<JobObject> = self::api(&client, namespace);
        pulses.expect(JobObject::url_path(&(), namespace));
        watches.spawn(watch::watch_jobs(api, job_writer, output("jobs")));
        measured.push((queue.clone(), trendjobs));
        controllers.push(Box::pin(control(args.concurrency, queue, changed, context)));
    }
    tokio::select! {
        ended = until_stopped(controllers, recorder) => ended,
        _ = watches.join_next() => Err(Error::Ended),
        () = measure(pulses, measured) => Err(Error::Ended),
    }
}

/// Waits for the controllers and the events of their last passes. A controller ends after a stop
/// was requested and its passes are over.
async fn until_stopped<F: Future<Output = ()> + Unpin>(
    controllers: Vec<F>,
    recorder: EventRecorder,
) -> Result<(), Error> {
    let ((), _, others) = select_all(controllers).await;
    if shutdown::requested().now_or_never().is_none() {
        return Err(Error::Ended);
    }
    join_all(others).await;
    recorder.stop().await;
    Ok(())
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

/// Runs passes over TrendJobs that changed, until a stop is requested.
async fn control(
    concurrency: u16,
    queue: Queue,
    changed: impl futures::Stream<Item = ObjectRef<TrendJobObject>> + Send + 'static,
    context: Arc<Context>,
) {
    // Passes wait for the Jobs, too: without them a TrendJob looks as if its run had not begun.
    if context.jobs.wait_until_ready().await.is_err() {
        return;
    }
    let nothing = futures::stream::pending::<Arc<TrendJobObject>>();
    let waiting = queue.clone();
    let pass = move |object: Arc<TrendJobObject>, context| {
        queue.pass_begins(&ObjectRef::from_obj(&*object));
        reconcile::reconcile(object, context)
    };
    Controller::for_shared_stream(nothing, context.trendjobs.clone())
        .reconcile_on(changed)
        .with_config(controller::Config::default().concurrency(concurrency))
        .graceful_shutdown_on(shutdown::requested())
        .run(pass, reconcile::on_error, context)
        .for_each(async |done| match done {
            // The TrendJob was deleted before its pass.
            Err(ControllerError::ObjectNotFound(gone)) => {
                let name = ObjectRef::new(&gone.name);
                let name = match &gone.namespace {
                    Some(namespace) => name.within(namespace),
                    None => name,
                };
                waiting.pass_begins(&name);
            }
            Ok(_) | Err(ControllerError::ReconcilerFailed(..)) => {}
            Err(error) => tracing::warn!(%error, "the controller had an error"),
        })
        .await;
}

/// Measures watches, queues and TrendJobs for ever.
async fn measure(pulses: &Pulses, scopes: Vec<(Queue, Store<TrendJobObject>)>) {
    loop {
        metrics::watches(&pulses.ages());
        metrics::queue(scopes.iter().map(|(queue, _)| queue.depth()).sum());
        metrics::runs(scopes.iter().flat_map(|(_, trendjobs)| trendjobs.state()));
        tokio::time::sleep(MEASURE).await;
    }
}
