//! Watching TrendJobs and their Jobs. Owns that each watch has its own backoff, that everything seen is
//! kept in a store, and which TrendJob an event is about; refuses to decide anything.

mod pulse;

use std::collections::HashMap;
use std::fmt::Debug;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::pin::pin;

use futures::{Stream, StreamExt as _};
use kube::Api;
use kube::api::ObjectMeta;
use kube::runtime::WatchStreamExt as _;
use kube::runtime::reflector::store::Writer;
use kube::runtime::reflector::{self, ObjectRef, Store};
use kube::runtime::watcher::{self, Event};
use serde::de::DeserializeOwned;
use service::probes::Gate;

pub use pulse::{PulseLayer, Pulses};

use crate::metrics;
use crate::names::MANAGED_BY;
use crate::object::{JobObject, JobStatus, TrendJobObject, prune_job, prune_trendjob, trendjob_of};
use crate::queue::Queue;

/// Objects in one answer to a list.
const PAGE: u32 = 100;

/// What a watch needs beside the cluster.
#[derive(Debug)]
pub struct Told {
    /// Where the TrendJobs go that something happened to.
    pub queue: Queue,
    /// Ready when all objects were listed once.
    pub listed: Gate,
}

/// What a watch tells of.
#[derive(Debug)]
enum Happened<'a, K> {
    /// All that is there is told from here on.
    Listing,
    /// An object is there.
    Seen(&'a K),
    /// An object is gone.
    Gone(&'a K),
    /// All that is there was told.
    Listed,
}

/// Watches TrendJobs, for ever, and tells what was seen, or the uid of what is gone.
pub async fn watch_trendjobs(
    api: Api<TrendJobObject>,
    writer: Writer<TrendJobObject>,
    told: Told,
    seen: impl Fn(&TrendJobObject),
    gone: impl Fn(&str),
) {
    let events = watcher::watcher(api, watcher::Config::default().page_size(PAGE));
    let events = events.default_backoff().modify(prune_trendjob);
    follow_trendjobs(events, writer, told, seen, gone).await;
}

async fn follow_trendjobs(
    events: impl Stream<Item = watcher::Result<Event<TrendJobObject>>>,
    writer: Writer<TrendJobObject>,
    told: Told,
    seen: impl Fn(&TrendJobObject),
    gone: impl Fn(&str),
) {
    // What was asked for last, and in which list it was seen, by uid.
    let mut known: HashMap<String, (u64, u64)> = HashMap::new();
    let mut lists = 0;
    watch(events, writer, told, "trendjobs", move |happened| {
        match happened {
            Happened::Listing => lists += 1,
            Happened::Seen(object) => {
                seen(object);
                let uid = object.metadata.uid.clone().unwrap_or_default();
                let asked = fingerprint(&object.metadata);
                let before = known.insert(uid, (asked, lists));
                // What changed is else only what this operator wrote itself.
                let is_new = before.is_none_or(|(before, _)| before != asked);
                return is_new.then(|| ObjectRef::from_obj(object));
            }
            Happened::Gone(object) => {
                let uid = object.metadata.uid.as_deref().unwrap_or_default();
                known.remove(uid);
                gone(uid);
            }
            // Of what went while nothing was heard nobody tells.
            Happened::Listed => known.retain(|uid, (_, list)| {
                let is_there = *list == lists;
                if !is_there {
                    gone(uid);
                }
                is_there
            }),
        }
        None
    })
    .await;
}

/// Watches the Jobs of this operator, for ever.
pub async fn watch_jobs(api: Api<JobObject>, writer: Writer<JobObject>, told: Told) {
    let (managed_by, operator) = MANAGED_BY;
    let config = watcher::Config::default().labels(&format!("{managed_by}={operator}"));
    let events = watcher::watcher(api, config.page_size(PAGE)).default_backoff().modify(prune_job);
    watch(events, writer, told, "jobs", |happened| match happened {
        Happened::Seen(job) if is_untouched(job) => None,
        Happened::Seen(job) | Happened::Gone(job) => owner(&job.metadata),
        Happened::Listing | Happened::Listed => None,
    })
    .await;
}

/// Whether a Job is as this operator made it: who made it knows, and looks again by itself.
fn is_untouched(job: &JobObject) -> bool {
    job.metadata.generation == Some(1)
        && job.metadata.deletion_timestamp.is_none()
        && !job.notes.is_complete
        && job.status.as_ref().is_none_or(|status| *status == JobStatus::default())
}

/// The TrendJob a Job was made for.
fn owner(metadata: &ObjectMeta) -> Option<ObjectRef<TrendJobObject>> {
    let name = trendjob_of(metadata)?;
    Some(ObjectRef::new(name).within(metadata.namespace.as_ref()?))
}

/// What of a TrendJob others change. Its status is not among it.
fn fingerprint(metadata: &ObjectMeta) -> u64 {
    let mut hasher = DefaultHasher::new();
    metadata.generation.hash(&mut hasher);
    metadata.labels.hash(&mut hasher);
    metadata.annotations.hash(&mut hasher);
    metadata.finalizers.hash(&mut hasher);
    metadata.deletion_timestamp.is_some().hash(&mut hasher);
    hasher.finish()
}

async fn watch<K>(
    events: impl Stream<Item = watcher::Result<Event<K>>>,
    writer: Writer<K>,
    told: Told,
    resource: &'static str,
    mut about: impl FnMut(Happened<'_, K>) -> Option<ObjectRef<TrendJobObject>>,
) where
    K: kube::Resource<DynamicType = ()> + Clone + DeserializeOwned + Debug + Send + Sync + 'static,
{
    let mut events = pin!(reflector::reflector(writer, events));
    // The store shows what was listed when the list is whole, so nobody is told before.
    let mut listed = Vec::new();
    while let Some(event) = events.next().await {
        match event {
            Ok(Event::Init) => {
                listed.clear();
                about(Happened::Listing);
            }
            Ok(Event::InitApply(object)) => listed.extend(about(Happened::Seen(&object))),
            Ok(Event::InitDone) => {
                about(Happened::Listed);
                tracing::debug!(resource, objects = listed.len(), "listed");
                listed.drain(..).for_each(|object| told.queue.push(object));
                told.listed.set(true);
            }
            Ok(Event::Apply(object)) => {
                if let Some(name) = about(Happened::Seen(&object)) {
                    told.queue.push(name);
                }
            }
            Ok(Event::Delete(object)) => {
                if let Some(name) = about(Happened::Gone(&object)) {
                    told.queue.push(name);
                }
            }
            Err(error) => {
                metrics::watch_failed(resource);
                tracing::warn!(resource, %error, "a watch failed: it begins again by itself");
            }
        }
    }
}

/// The store of Jobs, its writer, and the same for TrendJobs.
pub fn stores() -> (Stores, Writers) {
    let (trendjob_store, trendjob_writer) = reflector::store();
    let (job_store, job_writer) = reflector::store();
    (
        Stores { trendjobs: trendjob_store, jobs: job_store },
        Writers { trendjobs: trendjob_writer, jobs: job_writer },
    )
}

/// What was seen last.
#[derive(Debug, Clone)]
pub struct Stores {
    /// TrendJobs.
    pub trendjobs: Store<TrendJobObject>,
    /// Jobs.
    pub jobs: Store<JobObject>,
}

/// What fills the stores.
#[derive(Debug)]
pub struct Writers {
    /// Of TrendJobs.
    pub trendjobs: Writer<TrendJobObject>,
    /// Of Jobs.
    pub jobs: Writer<JobObject>,
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn job(metadata: &Value, status: &Value) -> JobObject {
        let object = json!({
            "apiVersion": "batch/v1", "kind": "Job", "metadata": metadata,
            "spec": {"parallelism": 1, "completions": 1}, "status": status,
        });
        serde_json::from_value(object).unwrap()
    }

    #[tokio::test]
    async fn what_went_while_nothing_was_heard_is_forgotten_with_the_next_list() {
        let object = |name: &str| -> TrendJobObject {
            let metadata = json!({"name": name, "namespace": "team", "uid": format!("uid-{name}")});
            serde_json::from_value(json!({"metadata": metadata, "spec": {}})).unwrap()
        };
        let list = |names: &[&str]| {
            let mut events = vec![Event::Init];
            events.extend(names.iter().map(|name| Event::InitApply(object(name))));
            events.push(Event::InitDone);
            events
        };
        let heard = [
            list(&["kept", "lost", "deleted"]),
            vec![Event::Delete(object("deleted"))],
            list(&["kept", "new"]),
            list(&["kept", "new"]),
        ];
        let events = futures::stream::iter(heard.into_iter().flatten().map(Ok));
        let (queue, _changed) = Queue::new();
        let told = Told { queue, listed: service::probes::Readiness::default().register("x") };
        let (_store, writer) = reflector::store();
        let gone = std::sync::Mutex::new(Vec::new());
        let note = |uid: &str| gone.lock().unwrap().push(uid.to_owned());
        follow_trendjobs(events, writer, told, |_| {}, note).await;
        assert_eq!(gone.into_inner().unwrap(), ["uid-deleted", "uid-lost"]);
    }

    #[test]
    fn a_job_as_it_was_made_is_no_news_and_whatever_happens_to_it_is() {
        let made = json!({"name": "job", "generation": 1});
        assert!(is_untouched(&job(&made, &json!({}))));
        let held = json!({"name": "job", "generation": 2});
        let going =
            json!({"name": "job", "generation": 1, "deletionTimestamp": "2026-01-01T00:00:00Z"});
        for (metadata, status) in [
            (held, json!({})),
            (going, json!({})),
            (made.clone(), json!({"startTime": "2026-01-01T00:00:00Z"})),
            (made, json!({"active": 1})),
        ] {
            assert!(!is_untouched(&job(&metadata, &status)), "{metadata} {status}");
        }
    }
}
