//! The pods of one Job and the events about them. Uses the client; owns the choice and number of
//! pods that are listed: a Job may have 10,000 pods, most of them done, and the list must hold the
//! pod that matters.

use std::collections::HashSet;

use k8s_openapi::api::core::v1::{Event, Pod};
use k8s_openapi::jiff::Timestamp;
use kube::api::{Api, ListParams};
use kube::core::{ObjectMeta, PartialObjectMeta};

use super::Context;
use super::error::{Error, doing};
use crate::diagnosis::{is_refusal, is_silent};
use crate::indexes::indexes;
use crate::observed::ObservedJob;

/// The most pods in one list.
const MOST: u32 = 50;
/// The most pods that run at once: the upper limit of `sharding.parallelism`.
const MOST_RUNNING: u32 = 1_000;
/// The most failed indexes whose pods are listed; one of them is named.
const FAILED_INDEXES: usize = 10;

const INDEX_LABEL: &str = "batch.kubernetes.io/job-completion-index";
/// Running or succeeded.
const UP: &str = "status.phase!=Failed,status.phase!=Pending";

/// The pods of a Job.
pub(super) struct JobPods<'a> {
    context: &'a Context,
    namespace: &'a str,
    pods: Api<Pod>,
    job: &'a ObservedJob,
}

impl<'a> JobPods<'a> {
    pub(super) fn new(context: &'a Context, namespace: &'a str, job: &'a ObservedJob) -> Self {
        Self { context, namespace, pods: Api::namespaced(context.client.clone(), namespace), job }
    }

    /// Lists pods that succeeded.
    pub(super) async fn succeeded(&self) -> Result<Vec<Pod>, Error> {
        self.list("", "status.phase=Succeeded").await
    }

    /// Lists pods that failed. If an Indexed Job is over, the list holds only pods of the indexes
    /// that failed for good: other indexes succeeded on a later attempt.
    pub(super) async fn failed(&self) -> Result<Vec<Pod>, Error> {
        let failed = self.job.status.failed_indexes.as_deref().unwrap_or_default();
        let failed: Vec<_> = indexes(failed).take(FAILED_INDEXES).collect();
        let is_over = self.job.end.is_some() && !failed.is_empty();
        let labels = if is_over { of_indexes(&failed) } else { String::new() };
        self.list(&labels, "status.phase=Failed").await
    }

    /// Lists pods that are not up yet.
    pub(super) async fn pending(&self) -> Result<Vec<Pod>, Error> {
        self.list("", "status.phase=Pending").await
    }

    /// Lists pods that came up for the indexes of these failed pods.
    pub(super) async fn successors(&self, failed: &[Pod]) -> Result<Vec<Pod>, Error> {
        if failed.is_empty() {
            return Ok(Vec::new());
        }
        let indexes = failed.iter().filter_map(|pod| label(&pod.metadata, INDEX_LABEL));
        let indexes: Vec<u32> = indexes.filter_map(|index| index.parse().ok()).collect();
        let labels = if indexes.is_empty() { String::new() } else { of_indexes(&indexes) };
        self.list(&labels, UP).await
    }

    /// Lists pods that came up.
    pub(super) async fn up(&self) -> Result<Vec<Pod>, Error> {
        self.list("", UP).await
    }

    /// Lists the names and uids of pods whose deletion should have ended by `since`.
    pub(super) async fn stuck(&self, since: Timestamp) -> Result<Vec<(String, String)>, Error> {
        let params = self.params("", "status.phase!=Succeeded,status.phase!=Failed");
        let listed = self.pods.list_metadata(&params.limit(MOST_RUNNING)).await;
        let listed = listed.map_err(doing(format!("listing the pods of Job {}", self.job.name)))?;
        Ok(listed.items.iter().filter_map(|pod| stuck(pod, since)).collect())
    }

    /// Returns the events that explain why these pods don't come up, or why the Job lacks pods.
    /// Returns none if the status of each pod explains it.
    pub(super) async fn events(&self, pending: &[Pod]) -> Result<Vec<Event>, Error> {
        let silent: HashSet<_> = pending
            .iter()
            .filter(|pod| is_silent(pod))
            .map(|pod| pod.metadata.uid.as_ref())
            .collect();
        let lacks_pods = self.job.lacks_pods();
        if silent.is_empty() && !lacks_pods {
            return Ok(Vec::new());
        }
        let Context { client, warnings, .. } = self.context;
        let all = warnings.of(client, self.namespace).await?;
        let is_about = |event: &&Event| {
            let object = &event.involved_object;
            let is_job = lacks_pods && object.name.as_ref() == Some(&self.job.name);
            silent.contains(&object.uid.as_ref()) || (is_job && is_refusal(event))
        };
        Ok(all.iter().filter(is_about).cloned().collect())
    }

    async fn list(&self, labels: &str, fields: &str) -> Result<Vec<Pod>, Error> {
        let listed = self.pods.list(&self.params(labels, fields).limit(MOST)).await;
        Ok(listed.map_err(doing(format!("listing the pods of Job {}", self.job.name)))?.items)
    }

    fn params(&self, labels: &str, fields: &str) -> ListParams {
        let labels = format!("batch.kubernetes.io/job-name={}{labels}", self.job.name);
        ListParams::default().labels(&labels).fields(fields)
    }
}

/// Returns a further label selector, for the pods of these indexes.
fn of_indexes(indexes: &[u32]) -> String {
    let indexes: Vec<_> = indexes.iter().map(ToString::to_string).collect();
    format!(",{INDEX_LABEL} in ({})", indexes.join(","))
}

fn label<'a>(metadata: &'a ObjectMeta, name: &str) -> Option<&'a str> {
    metadata.labels.as_ref()?.get(name).map(String::as_str)
}

/// Returns the name and uid of a pod if its deletion should have ended by `since`. The deletion
/// timestamp of a pod is the end of its grace period.
fn stuck(pod: &PartialObjectMeta<Pod>, since: Timestamp) -> Option<(String, String)> {
    let grace_ends = pod.metadata.deletion_timestamp.as_ref()?;
    if grace_ends.0 > since {
        return None;
    }
    Some((pod.metadata.name.clone()?, pod.metadata.uid.clone()?))
}
