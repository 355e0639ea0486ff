//! One pass over one TrendJob, as a sentence: observe what is there (client), validate what is asked
//! (pure), plan what to do (pure, given the time), act (client). Owns that sentence and what a failed
//! pass means for the next.

mod act;
mod observe;
mod pods;
mod telling;
mod warnings;

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use k8s_openapi::jiff::Timestamp;
use kube::Client;
use kube::runtime::controller::Action as Next;
use kube::runtime::reflector::{ObjectRef, Store};
use tokio::time::{Instant, timeout};

use crate::metrics;
use crate::object::{JobObject, TrendJobObject, prune_trendjob};
use crate::observed::Observed;
use crate::plan::{self, Plan, events, plan};
use crate::settings::Settings;
use crate::validate::{manager, validate};

pub use telling::Telling;
pub use warnings::Warnings;

/// The longest wait after failed passes over an object; the first is a hundredth of it.
const LONGEST_BACKOFF: Duration = Duration::from_secs(30);

/// The longest a pass may take: a server that was lost in the middle of a request answers never.
const LONGEST_PASS: Duration = Duration::from_secs(60);

/// How often in a row an error may come that only says that another pass is needed.
const USUAL: u32 = 4;

/// What every pass is given.
pub struct Context {
    /// The cluster.
    pub client: Client,
    /// TrendJobs, as last seen.
    pub trendjobs: Store<TrendJobObject>,
    /// The Jobs of this operator, as last seen.
    pub jobs: Store<JobObject>,
    /// What the operator was told at its start.
    pub settings: Settings,
    /// Where events go.
    pub telling: Telling,
    /// What was written over which version of an object: until the watch shows it, it counts.
    pub written: Written,
    /// The TrendJobs in whose namespaces nothing can be created any more, by their uids.
    pub going: Mutex<HashSet<String>>,
    /// Runs that had begun although the status did not say so: restarts by the uid of the TrendJob.
    pub begun: Mutex<HashMap<String, u32>>,
    /// What was told of pods that don't come up, by namespace.
    pub warnings: Warnings,
    /// How often passes over an object failed since one succeeded, by its uid.
    pub failures: Mutex<HashMap<String, u32>>,
}

impl std::fmt::Debug for Context {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Context").field("settings", &self.settings).finish_non_exhaustive()
    }
}

impl Context {
    /// Forgets what the watch shows now.
    pub fn seen(&self, object: &TrendJobObject) {
        let uid = object.metadata.uid.as_deref().unwrap_or_default();
        self.written.shown(uid, object.metadata.resource_version.as_deref());
    }

    /// Forgets all of a TrendJob that is gone.
    pub fn gone(&self, uid: &str) {
        self.written.lock().remove(uid);
        self.going.lock().unwrap_or_else(PoisonError::into_inner).remove(uid);
        self.begun.lock().unwrap_or_else(PoisonError::into_inner).remove(uid);
        self.failures.lock().unwrap_or_else(PoisonError::into_inner).remove(uid);
    }

    /// Notes what was written over an object, for as long as the watch doesn't show it.
    fn note_written(&self, over: &TrendJobObject, object: TrendJobObject) {
        let key = ObjectRef::from_obj(over);
        self.written.note(over, object, |written| {
            let shown = self.trendjobs.get(&key);
            shown.is_some_and(|shown| {
                shown.metadata.resource_version == written.metadata.resource_version
            })
        });
    }
}

/// A pass that could not be finished. The next does it again.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The API server refused or did not answer.
    #[error("{doing} failed")]
    Api {
        /// What was being done, to which object.
        doing: String,
        /// Why.
        #[source]
        source: Box<kube::Error>,
    },
    /// The API server has not answered yet.
    #[error("{doing} was not answered in time")]
    Unanswered {
        /// What was being done.
        doing: String,
    },
    /// The API server, or who it asks, doesn't want what was to be created.
    #[error("creating {what} was refused: {why}")]
    Refused {
        /// Its kind and name.
        what: String,
        /// What the API server says.
        why: String,
    },
    /// The namespace is going.
    #[error("{doing} was refused: the namespace is being deleted")]
    NamespaceGoing {
        /// What was being done.
        doing: String,
    },
    /// The run was begun before, which the status did not say.
    #[error("the run has begun already")]
    Begun,
    /// The TrendJob is not the one that was watched.
    #[error("the TrendJob was deleted or made again in the meantime")]
    Gone,
}

impl Error {
    /// One word for metrics.
    pub fn reason(&self) -> &'static str {
        match self {
            Self::Gone => "Gone",
            Self::Begun => "Begun",
            Self::Refused { .. } => "Refused",
            Self::NamespaceGoing { .. } => "NamespaceGoing",
            Self::Unanswered { .. } => "Unanswered",
            Self::Api { source, .. } => match &**source {
                kube::Error::Api(status) => match status.code {
                    403 => "Forbidden",
                    404 => "NotFound",
                    409 => "Conflict",
                    422 => "Invalid",
                    429 => "TooManyRequests",
                    _ => "ApiServer",
                },
                _ => "Connection",
            },
        }
    }
}

/// Says what was being done when the API server refused.
pub(crate) fn doing(what: impl Into<String>) -> impl FnOnce(kube::Error) -> Error {
    let doing = what.into();
    move |source| Error::Api { doing, source: Box::new(source) }
}

/// One pass over one TrendJob.
///
/// # Errors
/// If the API server refuses something or does not answer; the pass may be repeated.
#[tracing::instrument(skip_all, fields(namespace, trendjob))]
pub async fn reconcile(seen: Arc<TrendJobObject>, context: Arc<Context>) -> Result<Next, Error> {
    let span = tracing::Span::current();
    span.record("namespace", seen.metadata.namespace.as_deref());
    span.record("trendjob", seen.metadata.name.as_deref());
    let began = Instant::now();
    let ended = timeout(LONGEST_PASS, pass(&seen, &context)).await;
    let ended = ended.unwrap_or_else(|_| Err(Error::Unanswered { doing: "a request".to_owned() }));
    metrics::reconciled(began.elapsed(), ended.as_ref().err());
    let uid = seen.metadata.uid.clone().unwrap_or_default();
    let mut failures = context.failures.lock().unwrap_or_else(PoisonError::into_inner);
    let is_gone = || context.trendjobs.get(&ObjectRef::from_obj(&*seen)).is_none();
    if ended.is_ok() || is_gone() {
        failures.remove(&uid);
    } else {
        *failures.entry(uid).or_default() += 1;
    }
    ended
}

/// When an object is tried again whose pass failed.
#[expect(clippy::needless_pass_by_value, reason = "the controller calls it so")]
pub fn on_error(seen: Arc<TrendJobObject>, error: &Error, context: Arc<Context>) -> Next {
    let uid = seen.metadata.uid.as_deref().unwrap_or_default();
    let failures = context.failures.lock().unwrap_or_else(PoisonError::into_inner);
    let count = failures.get(uid).copied().unwrap_or(1).clamp(1, 10);
    let wait = (LONGEST_BACKOFF / 100 * (1 << (count - 1))).min(LONGEST_BACKOFF);
    let (namespace, trendjob) = (seen.metadata.namespace.as_deref(), seen.metadata.name.as_deref());
    let cause = std::error::Error::source(error).map(ToString::to_string);
    let is_usual =
        matches!(error.reason(), "Begun" | "Conflict" | "Gone" | "NamespaceGoing" | "NotFound");
    // What is usual once is a fault when it stays.
    if is_usual && count <= USUAL {
        tracing::debug!(namespace, trendjob, %error, cause, "another pass is needed");
    } else {
        tracing::warn!(namespace, trendjob, %error, cause, ?wait, "a pass failed");
    }
    Next::requeue(wait)
}

async fn pass(seen: &TrendJobObject, context: &Context) -> Result<Next, Error> {
    if manager(seen) != trendjob::OPERATOR {
        return Ok(Next::await_change());
    }
    let object = context.written.newest(seen);
    let now = Timestamp::now();
    let job = match validate(&object) {
        Ok(job) => job,
        Err(why) => {
            let plan = invalid(&object, &why.0, now);
            return act::act(&object, plan, &Observed::default(), context).await.map(next);
        }
    };
    // Client.
    let mut observed = observe::observe(&job, context, now).await?;
    // Pure.
    let planned = plan(&job, &observed, &context.settings, now);
    // Client.
    match act::act(&object, planned, &observed, context).await {
        // Said, instead of done; it is tried again.
        Err(Error::Refused { what, why }) if job.deleted.is_none() => {
            observed.refusal = Some(format!("{what} can't be made: {why}"));
            let told = plan(&job, &observed, &context.settings, now);
            act::act(&object, told, &observed, context).await.map(next)
        }
        done => done.map(next),
    }
}

/// When the next pass is.
fn next(requeue: Option<Duration>) -> Next {
    requeue.map_or_else(Next::await_change, Next::requeue)
}

/// What to do about a spec that can't be followed.
fn invalid(object: &TrendJobObject, why: &str, now: Timestamp) -> Plan {
    let before = object.status.clone().unwrap_or_default();
    let status = plan::invalid(&before, object.metadata.generation, why, now);
    let notices = events::invalid(&before, why).into_iter().collect();
    // One that is being deleted must not hang on what this version can't read.
    let is_held = object.metadata.deletion_timestamp.is_some()
        && object.metadata.finalizers.iter().flatten().any(|name| name == crate::names::FINALIZER);
    let actions = if is_held { vec![plan::Action::RemoveFinalizer] } else { Vec::new() };
    Plan { actions, status: (!is_held).then_some(status), notices, requeue: None }
}

/// What was written, until the watch shows it: else the next pass would decide by what was before,
/// and tell the same events again.
#[derive(Debug, Default)]
pub struct Written(Mutex<HashMap<String, Newer>>);

/// What was written last, and which versions it is newer than.
#[derive(Debug)]
struct Newer {
    than: Vec<String>,
    object: TrendJobObject,
}

impl Written {
    /// The object as last seen or written, whichever is newer.
    fn newest(&self, seen: &TrendJobObject) -> TrendJobObject {
        let uid = seen.metadata.uid.as_deref().unwrap_or_default();
        let mut written = self.lock();
        let version = seen.metadata.resource_version.as_ref();
        let newer = written.get(uid);
        if let Some(newer) = newer.filter(|newer| newer.than.iter().any(|one| Some(one) == version))
        {
            return newer.object.clone();
        }
        written.remove(uid);
        seen.clone()
    }

    /// Forgets what the watch shows, too: of a finished TrendJob there may be no further pass.
    fn shown(&self, uid: &str, version: Option<&str>) {
        let mut written = self.lock();
        let is_older = |newer: &Newer| newer.than.iter().any(|one| Some(one.as_str()) == version);
        if written.get(uid).is_some_and(|newer| !is_older(newer)) {
            written.remove(uid);
        }
    }

    /// Notes what was written over an object, unless the watch has shown it already.
    fn note(
        &self,
        over: &TrendJobObject,
        mut object: TrendJobObject,
        is_shown: impl FnOnce(&TrendJobObject) -> bool,
    ) {
        let (Some(uid), Some(version)) = (&over.metadata.uid, &over.metadata.resource_version)
        else {
            return;
        };
        prune_trendjob(&mut object);
        let mut written = self.lock();
        if is_shown(&object) {
            written.remove(uid);
            return;
        }
        // The watch may still show a version before that.
        let mut than = written.remove(uid).map(|newer| newer.than).unwrap_or_default();
        than.push(version.clone());
        written.insert(uid.clone(), Newer { than, object });
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<String, Newer>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn version(number: &str) -> TrendJobObject {
        let metadata = serde_json::json!({"name": "job", "uid": "u", "resourceVersion": number});
        let object = serde_json::json!({
            "apiVersion": "trendjob.dev/v1alpha1", "kind": "TrendJob", "metadata": metadata, "spec": {},
        });
        serde_json::from_value(object).unwrap()
    }

    fn newest(written: &Written, seen: &str) -> Option<String> {
        written.newest(&version(seen)).metadata.resource_version
    }

    #[test]
    fn what_was_written_counts_until_the_watch_shows_it() {
        let written = Written::default();
        written.note(&version("1"), version("2"), |_| false);
        written.shown("u", Some("1"));
        assert_eq!(newest(&written, "1").as_deref(), Some("2"));
        written.shown("u", Some("2"));
        assert!(written.lock().is_empty());
    }

    #[test]
    fn what_the_watch_showed_before_the_write_was_answered_is_not_kept() {
        let written = Written::default();
        written.note(&version("1"), version("2"), |_| true);
        assert!(written.lock().is_empty());
    }
}
