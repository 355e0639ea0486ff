//! One pass over one TrendJob: observe the cluster (client), validate the spec (pure), plan (pure,
//! given the time), act (client). Owns this sequence, and when a failed pass is repeated.

mod act;
mod error;
mod memory;
mod observe;
mod pods;
mod recorder;
mod warnings;

use std::sync::Arc;
use std::time::Duration;

use k8s_openapi::jiff::Timestamp;
use kube::Client;
use kube::runtime::controller::Action as Next;
use kube::runtime::reflector::{ObjectRef, Store};
use tokio::time::{Instant, timeout};

use crate::metrics;
use crate::object::{JobObject, TrendJobObject};
use crate::observed::ClusterState;
use crate::pass::Pass;
use crate::plan::{self, plan};
use crate::settings::Settings;
use crate::validate::{manager, validate};

pub use error::Error;
pub use memory::Memory;
pub use recorder::EventRecorder;
pub use warnings::Warnings;

/// The longest wait after failed passes over a TrendJob; the first wait is a hundredth of it.
const LONGEST_BACKOFF: Duration = Duration::from_secs(30);

/// The time limit of a pass: a server that is lost during a request never answers.
const LONGEST_PASS: Duration = Duration::from_mins(1);

/// The number of passes in a row that may fail with a usual error before a warning is logged.
const USUAL: u32 = 4;

/// The parts that every pass works with.
pub struct Context {
    /// The client of the cluster.
    pub client: Client,
    /// The TrendJobs as last watched.
    pub trendjobs: Store<TrendJobObject>,
    /// The Jobs of this operator as last watched.
    pub jobs: Store<JobObject>,
    /// The settings of the operator.
    pub settings: Settings,
    /// The recorder of events.
    pub recorder: EventRecorder,
    /// The notes of earlier passes.
    pub memory: Memory,
    /// The warnings of Kubernetes about pods, by namespace.
    pub warnings: Warnings,
}

impl std::fmt::Debug for Context {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Context").field("settings", &self.settings).finish_non_exhaustive()
    }
}

impl Context {
    /// Remembers the TrendJob that a write returned, until the watch shows it.
    fn note_write(&self, written: TrendJobObject) {
        let key = ObjectRef::from_obj(&written);
        self.memory.note_write(written, || self.trendjobs.get(&key));
    }
}

/// One pass over one TrendJob.
///
/// # Errors
/// If the API server refuses a request or does not answer. The pass may be repeated.
#[tracing::instrument(skip_all, fields(namespace, trendjob))]
pub async fn reconcile(object: Arc<TrendJobObject>, context: Arc<Context>) -> Result<Next, Error> {
    let span = tracing::Span::current();
    span.record("namespace", object.metadata.namespace.as_deref());
    span.record("trendjob", object.metadata.name.as_deref());
    let began = Instant::now();
    let result = timeout(LONGEST_PASS, pass(&object, &context)).await;
    let result = result.unwrap_or_else(|_| Err(Error::Unanswered("a request".to_owned())));
    metrics::reconciled(began.elapsed(), result.as_ref().err().map(Error::reason));
    let is_gone = || context.trendjobs.get(&ObjectRef::from_obj(&*object)).is_none();
    if result.is_ok() || is_gone() {
        context.memory.forget_failures(&object);
    } else {
        context.memory.note_failure(&object);
    }
    result
}

/// Returns the wait before the next pass after a failed one.
#[expect(clippy::needless_pass_by_value, reason = "the signature is that of kube's controller")]
pub fn on_error(object: Arc<TrendJobObject>, error: &Error, context: Arc<Context>) -> Next {
    let failures = context.memory.failures(&object).clamp(1, 10);
    let wait = (LONGEST_BACKOFF / 100 * (1 << (failures - 1))).min(LONGEST_BACKOFF);
    let metadata = &object.metadata;
    let (namespace, trendjob) = (metadata.namespace.as_deref(), metadata.name.as_deref());
    let cause = std::error::Error::source(error).map(ToString::to_string);
    // A usual error is a fault only if it persists.
    if error.is_usual() && failures <= USUAL {
        tracing::debug!(namespace, trendjob, %error, cause, "another pass is needed");
    } else {
        tracing::warn!(namespace, trendjob, %error, cause, ?wait, "a pass failed");
    }
    Next::requeue(wait)
}

async fn pass(watched: &TrendJobObject, context: &Context) -> Result<Next, Error> {
    if manager(watched) != trendjob::OPERATOR {
        return Ok(Next::await_change());
    }
    let object = context.memory.newest(watched);
    let now = Timestamp::now();
    let trendjob = match validate(&object) {
        Ok(trendjob) => trendjob,
        Err(why) => {
            let plan = plan::refuse(&object, &why.0, now);
            return act::act(&object, plan, &ClusterState::default(), context).await.map(next);
        }
    };
    // Client.
    let mut observed = observe::observe(&trendjob, context, now).await?;
    // Pure.
    let settings = &context.settings;
    let planned = plan(&Pass { trendjob: &trendjob, observed: &observed, settings, now });
    // Client.
    match act::act(&object, planned, &observed, context).await {
        // The refusal is reported instead, and the action is tried again by the next pass.
        Err(Error::Refused { what, why }) if trendjob.deleted.is_none() => {
            observed.refusal = Some(format!("{what} can't be created: {why}"));
            let planned = plan(&Pass { trendjob: &trendjob, observed: &observed, settings, now });
            act::act(&object, planned, &observed, context).await.map(next)
        }
        done => done.map(next),
    }
}

fn next(requeue: Option<Duration>) -> Next {
    requeue.map_or_else(Next::await_change, Next::requeue)
}
