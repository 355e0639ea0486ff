//! Carries out a plan: the actions, then the status, then the events. Needs the client; decides
//! nothing. Each action may be repeated without harm.

use std::time::Duration;

use k8s_openapi::api::batch::v1::Job;
use k8s_openapi::api::core::v1::{ConfigMap, Pod};
use k8s_openapi::jiff::Timestamp;
use kube::Resource as _;
use kube::api::{Api, DeleteParams, Patch, PatchParams, PostParams, Preconditions};
use serde_json::json;

use super::Context;
use super::error::{Error, doing};
use crate::condition_types::pod::DISRUPTION_TARGET;
use crate::metrics;
use crate::names::{FINALIZER, RESTART_LABEL};
use crate::object::TrendJobObject;
use crate::observed::ClusterState;
use crate::plan::{Action, PassPlan};
use crate::reasons::NODE_LOST;
use crate::times::rfc3339;

/// The owner of the fields that this operator writes.
const FIELD_MANAGER: &str = "trendjob-operator";

/// Carries out a plan. Returns the time until the next pass.
pub(super) async fn act(
    object: &TrendJobObject,
    plan: PassPlan,
    observed: &ClusterState,
    context: &Context,
) -> Result<Option<Duration>, Error> {
    let actor = Actor::new(object, context);
    let mut is_gone = false;
    for action in plan.actions {
        is_gone |= matches!(action, Action::RemoveFinalizer | Action::DeleteTrendJob);
        actor.act(action).await?;
    }
    let status = plan.status.filter(|_| !is_gone || object.metadata.deletion_timestamp.is_none());
    if let Some(status) = status
        && object.status.as_ref() != Some(&status)
    {
        let written = actor.write_status(&status).await?;
        metrics::progressed(object.status.as_ref(), &status, observed);
        if let Some(written) = written {
            context.note_write(written);
        }
    }
    context.recorder.record(object.object_ref(&()), plan.notices);
    Ok(plan.requeue)
}

struct Actor<'a> {
    object: &'a TrendJobObject,
    context: &'a Context,
    name: &'a str,
    trendjobs: Api<TrendJobObject>,
    jobs: Api<Job>,
    maps: Api<ConfigMap>,
}

impl<'a> Actor<'a> {
    fn new(object: &'a TrendJobObject, context: &'a Context) -> Self {
        let namespace = object.metadata.namespace.as_deref().unwrap_or_default();
        let client = context.client.clone();
        Self {
            object,
            context,
            name: object.metadata.name.as_deref().unwrap_or_default(),
            trendjobs: Api::namespaced(client.clone(), namespace),
            jobs: Api::namespaced(client.clone(), namespace),
            maps: Api::namespaced(client, namespace),
        }
    }

    async fn act(&self, action: Action) -> Result<(), Error> {
        match action {
            Action::AddFinalizer => self.set_finalizer(true).await,
            Action::RemoveFinalizer => self.set_finalizer(false).await,
            Action::CreateConfigMap(map) => self.create_config_map(&map).await,
            Action::CreateJob(job) => self.create_job(&job).await,
            Action::SuspendJob { name, suspend } => {
                self.patch_job(&name, &json!({ "spec": { "suspend": suspend } })).await
            }
            Action::ScaleJob { name, parallelism } => {
                self.patch_job(&name, &json!({ "spec": { "parallelism": parallelism } })).await
            }
            Action::DeleteJob { name } => {
                tracing::info!(job = name, "deleting a Job");
                let deleted = self.jobs.delete(&name, &DeleteParams::background()).await;
                gone(deleted, format!("deleting Job {name}"))
            }
            Action::DeleteConfigMap { name } => {
                tracing::debug!(name, "deleting a ConfigMap");
                let deleted = self.maps.delete(&name, &DeleteParams::background()).await;
                gone(deleted, format!("deleting ConfigMap {name}"))
            }
            Action::ForceDeletePod { name, uid } => self.force_delete(&name, uid).await,
            Action::DeleteTrendJob => {
                tracing::info!("the time to live is over: deleting the TrendJob");
                let params = delete_only(self.object.metadata.uid.clone());
                let deleted = self.trendjobs.delete(self.name, &params).await;
                gone(deleted, "deleting the TrendJob")
            }
        }
    }

    /// Adds or removes the finalizer. The resource version guards the finalizers of other
    /// controllers.
    async fn set_finalizer(&self, present: bool) -> Result<(), Error> {
        let changing = "changing the finalizers of the TrendJob";
        let Some(current) = self.trendjobs.get_opt(self.name).await.map_err(doing(changing))?
        else {
            return Ok(());
        };
        if current.metadata.uid != self.object.metadata.uid {
            return Err(Error::Gone);
        }
        let mut finalizers = current.metadata.finalizers.unwrap_or_default();
        if finalizers.iter().any(|name| name == FINALIZER) == present {
            return Ok(());
        }
        finalizers.retain(|name| name != FINALIZER);
        if present {
            finalizers.push(FINALIZER.to_owned());
        }
        tracing::debug!(?finalizers, "changing the finalizers");
        let version = current.metadata.resource_version;
        let patch = json!({ "metadata": { "finalizers": finalizers, "resourceVersion": version } });
        let patched = self.trendjobs.patch(self.name, &merge(), &Patch::Merge(patch)).await;
        gone(patched, changing)
    }

    /// Pins a run. Fails with `Gone` if the TrendJob is not the observed one any more: the garbage
    /// collector would delete the children of a deleted TrendJob, but only later.
    async fn create_config_map(&self, map: &ConfigMap) -> Result<(), Error> {
        let metadata = self.trendjobs.get_metadata_opt(self.name).await;
        let metadata = metadata.map_err(doing("reading the TrendJob again"))?;
        let is_observed = metadata.is_some_and(|found| {
            found.metadata.uid == self.object.metadata.uid
                && found.metadata.deletion_timestamp.is_none()
        });
        if !is_observed {
            return Err(Error::Gone);
        }
        let name = map.meta().name.clone().unwrap_or_default();
        match self.maps.create(&post(), map).await {
            Ok(_) => Ok(()),
            // An earlier pass pinned the run, maybe with another image, and the status does not
            // show it yet. The next pass continues that run.
            Err(error) if already_exists(&error) => {
                let labels = map.metadata.labels.as_ref();
                let restart = labels.and_then(|labels| labels.get(RESTART_LABEL)?.parse().ok());
                self.context.memory.note_started(self.object, restart.unwrap_or(0));
                Err(Error::AlreadyStarted)
            }
            Err(error) => Err(creating(format!("ConfigMap {name}"), error)),
        }
    }

    async fn create_job(&self, job: &Job) -> Result<(), Error> {
        let name = job.metadata.name.clone().unwrap_or_default();
        match self.jobs.create(&post(), job).await {
            Ok(_) => {
                tracing::info!(job = name, "created a Job");
                metrics::job_created(self.object, job);
                Ok(())
            }
            // An earlier pass created it, and the watch has not shown it yet.
            Err(error) if already_exists(&error) => Ok(()),
            Err(error) if is_namespace_terminating(&error) => {
                self.context.memory.note_namespace_terminating(self.object);
                Err(Error::NamespaceTerminating(format!("creating Job {name}")))
            }
            Err(error) => Err(creating(format!("Job {name}"), error)),
        }
    }

    async fn patch_job(&self, name: &str, patch: &serde_json::Value) -> Result<(), Error> {
        tracing::info!(job = name, %patch, "changing a Job");
        let patched = self.jobs.patch(name, &merge(), &Patch::Merge(patch)).await;
        gone(patched, format!("changing Job {name}"))
    }

    /// Marks a pod as failed and deletes it, as Kubernetes' garbage collector of pods does when a
    /// node was removed. The Job controller would wait for the pod for ever: it replaces only pods
    /// that have failed. The failure counts as a disruption, so it costs no retry.
    async fn force_delete(&self, name: &str, uid: String) -> Result<(), Error> {
        let namespace = self.object.metadata.namespace.as_deref().unwrap_or_default();
        let pods: Api<Pod> = Api::namespaced(self.context.client.clone(), namespace);
        tracing::warn!(
            pod = name,
            "the node does not confirm the end of the pod: deleting the pod by force"
        );
        let message = "its node did not confirm its end in time";
        let failed = json!({
            "metadata": { "uid": uid },
            "status": { "phase": "Failed", "reason": NODE_LOST, "message": message, "conditions": [{
                "type": DISRUPTION_TARGET, "status": "True", "reason": NODE_LOST, "message": message,
                "lastTransitionTime": rfc3339(Timestamp::now()),
            }]},
        });
        let patched = pods.patch_status(name, &merge(), &Patch::Strategic(failed)).await;
        gone(patched, format!("ending pod {name}"))?;
        let params = delete_only(Some(uid)).grace_period(0);
        gone(pods.delete(name, &params).await, format!("deleting pod {name}"))
    }

    /// Writes the status, whatever version the TrendJob has: this operator is its only owner.
    /// Returns the TrendJob, or `None` if it is gone.
    async fn write_status(
        &self,
        status: &trendjob::TrendJobStatus,
    ) -> Result<Option<TrendJobObject>, Error> {
        let patch = json!({
            "apiVersion": TrendJobObject::api_version(&()),
            "kind": TrendJobObject::kind(&()),
            // With the uid the API server refuses a later TrendJob of the same name.
            "metadata": { "name": self.name, "uid": self.object.metadata.uid },
            "status": status,
        });
        let params = PatchParams::apply(FIELD_MANAGER).force();
        match self.trendjobs.patch_status(self.name, &params, &Patch::Apply(patch)).await {
            Ok(written) => Ok(Some(written)),
            Err(kube::Error::Api(status)) if status.code == 404 => Ok(None),
            Err(error) => Err(doing("writing the status")(error)),
        }
    }
}

/// The error of a creation: the API server refused the content of the Kubernetes object, or
/// the request failed.
fn creating(what: String, error: kube::Error) -> Error {
    match error {
        kube::Error::Api(status) if matches!(status.code, 400 | 403 | 413 | 422) => {
            Error::Refused { what, why: status.message }
        }
        error => doing(format!("creating {what}"))(error),
    }
}

/// Returns true if a Kubernetes object was not created because its namespace is being deleted.
fn is_namespace_terminating(error: &kube::Error) -> bool {
    let kube::Error::Api(status) = error else { return false };
    let causes = status.details.iter().flat_map(|details| &details.causes);
    status.code == 403 && causes.into_iter().any(|cause| cause.reason == "NamespaceTerminating")
}

fn post() -> PostParams {
    PostParams { field_manager: Some(FIELD_MANAGER.to_owned()), ..PostParams::default() }
}

fn merge() -> PatchParams {
    PatchParams { field_manager: Some(FIELD_MANAGER.to_owned()), ..PatchParams::default() }
}

/// Turns "not found" into success: a Kubernetes object that is gone need not be changed or deleted.
fn gone<T>(done: Result<T, kube::Error>, what: impl Into<String>) -> Result<(), Error> {
    match done {
        Err(kube::Error::Api(status)) if status.code == 404 => Ok(()),
        done => done.map(drop).map_err(doing(what)),
    }
}

/// Parameters that delete a Kubernetes object only if it still has this uid.
fn delete_only(uid: Option<String>) -> DeleteParams {
    DeleteParams::background().preconditions(Preconditions { uid, resource_version: None })
}

/// Returns true if a Kubernetes object was not created because it exists already.
fn already_exists(error: &kube::Error) -> bool {
    matches!(error, kube::Error::Api(status) if status.code == 409 && status.reason == "AlreadyExists")
}
