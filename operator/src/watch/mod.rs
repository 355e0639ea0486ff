//! Watches TrendJobs and their Jobs. Owns the backoff of each watch, the stores that they fill,
//! and the TrendJob that a change belongs to; decides nothing.

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
use kube::runtime::reflector::{self, ObjectRef};
use kube::runtime::watcher::{self, Event};
use serde::de::DeserializeOwned;
use service::probes::ReadyFlag;

pub use pulse::{PulseLayer, Pulses};

use crate::metrics;
use crate::names::MANAGED_BY;
use crate::object::{JobObject, JobStatus, TrendJobObject, prune_job, prune_trendjob, trendjob_of};
use crate::queue::Queue;

/// The number of TrendJobs or Jobs in one page of a list.
const PAGE: u32 = 100;

/// The places that a watch reports to.
#[derive(Debug)]
pub struct WatchOutput {
    /// The queue of the TrendJobs that changed.
    pub queue: Queue,
    /// The flag of this watch, which is set once its first list is complete.
    pub listed: ReadyFlag,
}

/// The events of TrendJobs as the API server reports them, without the parts that are not read.
pub fn trendjobs(
    api: Api<TrendJobObject>,
) -> impl Stream<Item = watcher::Result<Event<TrendJobObject>>> {
    let events = watcher::watcher(api, watcher::Config::default().page_size(PAGE));
    events.default_backoff().modify(prune_trendjob)
}

/// Watches TrendJobs for ever. Calls `found` with each one that the watch reports, and `deleted`
/// with the uid of each one that is gone.
pub async fn watch_trendjobs(
    events: impl Stream<Item = watcher::Result<Event<TrendJobObject>>>,
    writer: Writer<TrendJobObject>,
    output: WatchOutput,
    found: impl Fn(&TrendJobObject),
    deleted: impl Fn(&str),
) {
    // The last fingerprint, and the number of the list that the TrendJob was last in, by uid.
    let mut known: HashMap<String, (u64, u64)> = HashMap::new();
    let mut lists = 0;
    watch(events, writer, output, "trendjobs", move |event| {
        match event {
            Event::Init => lists += 1,
            Event::InitApply(object) | Event::Apply(object) => {
                found(object);
                let uid = object.metadata.uid.clone().unwrap_or_default();
                let fingerprint = fingerprint(&object.metadata);
                let before = known.insert(uid, (fingerprint, lists));
                // With an equal fingerprint the change is the operator's own write of the status.
                let is_new = before.is_none_or(|(before, _)| before != fingerprint);
                return is_new.then(|| ObjectRef::from_obj(object));
            }
            Event::Delete(object) => {
                let uid = object.metadata.uid.as_deref().unwrap_or_default();
                known.remove(uid);
                deleted(uid);
            }
            // A TrendJob that was deleted while the watch was down is only missing from the list.
            Event::InitDone => known.retain(|uid, (_, list)| {
                let exists = *list == lists;
                if !exists {
                    deleted(uid);
                }
                exists
            }),
        }
        None
    })
    .await;
}

/// Watches the Jobs of this operator for ever.
pub async fn watch_jobs(api: Api<JobObject>, writer: Writer<JobObject>, output: WatchOutput) {
    let (managed_by, operator) = MANAGED_BY;
    let config = watcher::Config::default().labels(&format!("{managed_by}={operator}"));
    let events = watcher::watcher(api, config.page_size(PAGE)).default_backoff().modify(prune_job);
    watch(events, writer, output, "jobs", |event| match event {
        Event::InitApply(job) | Event::Apply(job) if is_untouched(job) => None,
        Event::InitApply(job) | Event::Apply(job) | Event::Delete(job) => owner(&job.metadata),
        Event::Init | Event::InitDone => None,
    })
    .await;
}

/// Returns true if a Job is as this operator created it. The pass that created it looks again by
/// itself.
fn is_untouched(job: &JobObject) -> bool {
    job.metadata.generation == Some(1)
        && job.metadata.deletion_timestamp.is_none()
        && !job.notes.is_complete
        && job.status.as_ref().is_none_or(|status| *status == JobStatus::default())
}

/// The TrendJob that a Job belongs to.
fn owner(metadata: &ObjectMeta) -> Option<ObjectRef<TrendJobObject>> {
    let name = trendjob_of(metadata)?;
    Some(ObjectRef::new(name).within(metadata.namespace.as_ref()?))
}

/// A hash of the parts of a TrendJob whose change needs a pass. The status is not among them: only
/// the operator writes it. Hashes are compared within one process only, so the hasher of the
/// standard library will do.
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
    output: WatchOutput,
    resource: &'static str,
    mut affected: impl FnMut(&Event<K>) -> Option<ObjectRef<TrendJobObject>>,
) where
    K: kube::Resource<DynamicType = ()> + Clone + DeserializeOwned + Debug + Send + Sync + 'static,
{
    let mut events = pin!(reflector::reflector(writer, events));
    // The store shows a list only when it is complete, so its TrendJobs are queued after that.
    let mut listed = Vec::new();
    while let Some(event) = events.next().await {
        let changed = event.as_ref().ok().and_then(&mut affected);
        match event {
            Ok(Event::Init) => listed.clear(),
            Ok(Event::InitApply(_)) => listed.extend(changed),
            Ok(Event::InitDone) => {
                tracing::debug!(resource, objects = listed.len(), "listed");
                listed.drain(..).for_each(|name| output.queue.push(name));
                output.listed.set(true);
            }
            Ok(Event::Apply(_) | Event::Delete(_)) => {
                if let Some(name) = changed {
                    output.queue.push(name);
                }
            }
            Err(error) => {
                metrics::watch_failed(resource);
                tracing::warn!(resource, %error, "a watch failed: it begins again by itself");
            }
        }
    }
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
    async fn an_object_deleted_while_the_watch_was_down_is_forgotten_with_the_next_list() {
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
        let received = [
            list(&["kept", "lost", "deleted"]),
            vec![Event::Delete(object("deleted"))],
            list(&["kept", "new"]),
            list(&["kept", "new"]),
        ];
        let events = futures::stream::iter(received.into_iter().flatten().map(Ok));
        let (queue, _changed) = Queue::new();
        let listed = service::probes::Readiness::default().register("x");
        let (_store, writer) = reflector::store();
        let deleted = parking_lot::Mutex::new(Vec::new());
        let note = |uid: &str| deleted.lock().push(uid.to_owned());
        watch_trendjobs(events, writer, WatchOutput { queue, listed }, |_| {}, note).await;
        assert_eq!(deleted.into_inner(), ["uid-deleted", "uid-lost"]);
    }

    #[test]
    fn a_new_job_is_untouched_and_a_changed_one_is_not() {
        let created = json!({"name": "job", "generation": 1});
        assert!(is_untouched(&job(&created, &json!({}))));
        let held = json!({"name": "job", "generation": 2});
        let deleted =
            json!({"name": "job", "generation": 1, "deletionTimestamp": "2026-01-01T00:00:00Z"});
        for (metadata, status) in [
            (held, json!({})),
            (deleted, json!({})),
            (created.clone(), json!({"startTime": "2026-01-01T00:00:00Z"})),
            (created, json!({"active": 1})),
        ] {
            assert!(!is_untouched(&job(&metadata, &status)), "{metadata} {status}");
        }
    }
}
