//! Observes the cluster around one TrendJob. Uses the client; owns the requests that a pass makes
//! beside the watches: for pods and events only if pods don't come up or have ended.

use std::time::Duration;

use k8s_openapi::api::batch::v1::Job;
use k8s_openapi::api::core::v1::{ConfigMap, Namespace, PersistentVolumeClaim, Pod};
use k8s_openapi::jiff::Timestamp;
use kube::api::{Api, ListParams};
use kube::runtime::reflector::ObjectRef;
use trendjob::{RunConfig, TerminationMessage};

use super::Context;
use super::error::{Error, doing};
use super::pods::JobPods;
use crate::condition_types;
use crate::diagnosis::{diagnose, is_refusal, last_failed, report};
use crate::names::{PURGE, RESTART_ANNOTATION, STAGE_LABEL, Stage, TRIES_ANNOTATION, UID_LABEL};
use crate::object::{JobObject, is_child};
use crate::observed::{ClusterState, Deletion, End, ObservedJob, Purge, StartedRun};
use crate::plan::{self, is_restart_requested};
use crate::times::seconds_between;
use crate::validate::CheckedTrendJob;

/// The time that pods have to come up before a cause is looked for.
const UNREADY: Duration = Duration::from_secs(5);

/// Observes everything that the plan of this pass depends on.
pub(super) async fn observe(
    trendjob: &CheckedTrendJob,
    context: &Context,
    now: Timestamp,
) -> Result<ClusterState, Error> {
    let cluster = ClusterView { trendjob, context, now };
    let mut observed = ClusterState::default();
    if trendjob.deleted.is_some() {
        if trendjob.has_finalizer && trendjob.is_purged() {
            observed.deletion = cluster.deletion().await?;
        }
        return Ok(observed);
    }
    let noted = trendjob.status.run_uid.as_ref().and(trendjob.status.restarts);
    let begun = context.memory.begun(&trendjob.uid).max(cluster.unnoted(noted));
    if trendjob.is_finished() && !is_restart_requested(trendjob) && begun <= noted {
        return Ok(observed);
    }
    let Some(restart) = noted.max(begun) else { return Ok(observed) };
    match cluster.pinned(restart).await? {
        Some(Ok(run)) => observed.run = Some(run),
        Some(Err(why)) => observed.unreadable = Some((restart, why)),
        None => {}
    }
    cluster.jobs(restart, &mut observed);
    for stage in [Stage::Plan, Stage::Publish] {
        if let Some(message) = cluster.message(stage, &observed).await? {
            observed.messages.insert(stage, message);
        }
    }
    cluster.pods(&mut observed).await?;
    observed.is_single_node = cluster.is_single_node(&observed).await?;
    Ok(observed)
}

/// The cluster around one TrendJob.
struct ClusterView<'a> {
    trendjob: &'a CheckedTrendJob,
    context: &'a Context,
    now: Timestamp,
}

impl ClusterView<'_> {
    /// An API of the TrendJob's namespace.
    fn api<K>(&self) -> Api<K>
    where
        K: kube::Resource<Scope = kube::core::NamespaceResourceScope, DynamicType = ()>,
    {
        Api::namespaced(self.context.client.clone(), &self.trendjob.namespace)
    }

    /// The run from its `ConfigMap`, or the reason why the `ConfigMap` can't be read; `None` if the
    /// run has not begun.
    async fn pinned(&self, restart: u32) -> Result<Option<Result<StartedRun, String>>, Error> {
        let maps: Api<ConfigMap> = self.api();
        let name = self.trendjob.run_name(restart).base();
        let found =
            maps.get_opt(&name).await.map_err(doing(format!("reading ConfigMap {name}")))?;
        let Some(map) = found.filter(|map| is_child(&map.metadata, &self.trendjob.uid)) else {
            return Ok(None);
        };
        let config = map.data.as_ref().and_then(|data| data.get(RunConfig::KEY));
        let config = config.ok_or_else(|| format!("it has no {}", RunConfig::KEY));
        let config =
            config.and_then(|json| RunConfig::from_json(json).map_err(|error| error.to_string()));
        let annotation = |name: &str| map.metadata.annotations.as_ref()?.get(name).cloned();
        Ok(Some(config.map(|config| StartedRun {
            config,
            restart: annotation(RESTART_ANNOTATION),
            tries: annotation(TRIES_ANNOTATION).and_then(|text| text.parse().ok()).unwrap_or(1),
            created: map.metadata.creation_timestamp.as_ref().map_or(self.now, |time| time.0),
        })))
    }

    /// The Jobs of a run as last watched, each with the number of Jobs of its stage up to it.
    fn jobs_of(&self, restart: u32) -> impl Iterator<Item = (ObservedJob, u32)> {
        let all = Stage::ALL.into_iter().flat_map(|stage| {
            let most = if stage.is_indexed() { 1 } else { plan::REPEATS };
            (0..most).map(move |number| (stage, number))
        });
        all.filter_map(move |(stage, number)| {
            let name = self.trendjob.run_name(restart).job(stage, number);
            let key = ObjectRef::<JobObject>::new(&name).within(&self.trendjob.namespace);
            let found = self.context.jobs.get(&key)?;
            is_child(&found.metadata, &self.trendjob.uid)
                .then(|| (ObservedJob::of(stage, &found), number + 1))
        })
    }

    /// Fills in the Jobs of the run and those left from the previous run.
    fn jobs(&self, restart: u32, observed: &mut ClusterState) {
        for (job, count) in self.jobs_of(restart) {
            observed.repeated.insert(job.stage, count);
            observed.jobs.insert(job.stage, job);
        }
        let previous = restart.checked_sub(1).map(|before| self.jobs_of(before));
        let left = previous.into_iter().flatten().filter(|(job, _)| !job.is_deleted);
        observed.previous = left.map(|(job, _)| job.name).collect();
    }

    /// The termination message of a finished Job, unless it is known or no longer needed.
    async fn message(
        &self,
        stage: Stage,
        observed: &ClusterState,
    ) -> Result<Option<TerminationMessage>, Error> {
        let Some(job) = observed.jobs.get(&stage) else { return Ok(None) };
        let is_last = observed.jobs.keys().next_back() == Some(&stage);
        // Later stages may have begun without the status noting the plan.
        let run = observed.run.as_ref().map(|run| run.config.run());
        let status = &self.trendjob.status;
        let is_noted = status.plan_hash.is_some() && status.run_uid == run;
        let is_unknown = stage == Stage::Plan && !is_noted;
        if job.end != Some(End::Complete) || !(is_last || is_unknown) {
            return Ok(None);
        }
        Ok(self.pods_of(job).succeeded().await?.iter().find_map(report))
    }

    fn pods_of<'a>(&'a self, job: &'a ObservedJob) -> JobPods<'a> {
        JobPods::new(self.context, &self.trendjob.namespace, job)
    }

    /// Looks for a cause among the pods of the current stage.
    async fn pods(&self, observed: &mut ClusterState) -> Result<(), Error> {
        let Some(job) = observed.jobs.values().next_back().cloned() else { return Ok(()) };
        let all = self.pods_of(&job);
        if matches!(job.end, Some(End::Failed { .. })) {
            observed.finding = last_failed(job.stage, &all.failed().await?);
            return Ok(());
        }
        if !job.is_running() {
            return Ok(());
        }
        let is_unready = job.status.ready < job.status.active
            || (job.status.active == 0 && job.status.succeeded < job.completions);
        observed.look_again = is_unready || job.status.terminating > 0;
        let age = job.created.map_or(0, |created| seconds_between(created, self.now));
        let (mut pods, mut events) = (Vec::new(), Vec::new());
        let is_late = is_unready && Duration::from_secs(age) >= UNREADY;
        if is_late {
            pods = all.pending().await?;
            // Without the events the cause is missing, but the run goes on.
            events = all.events(&pods).await.unwrap_or_default();
            if events.iter().any(is_refusal) {
                pods.extend(all.up().await?);
            }
        }
        // Pods that were moved or stopped are not in the count of failed ones.
        if job.status.failed > 0 || (is_late && job.status.active == 0) {
            let failed = all.failed().await?;
            pods.extend(all.successors(&failed).await?);
            // If a pod that has ended is being deleted, the whole namespace may be.
            if failed.iter().any(|pod| pod.metadata.deletion_timestamp.is_some()) {
                observed.is_namespace_terminating = self.is_namespace_terminating().await?;
            }
            pods.extend(failed);
        }
        observed.finding = diagnose(job.stage, &pods, &events);
        if job.status.terminating > 0 {
            let patience = Duration::from(self.context.settings.lost_patience);
            let since = self.now.checked_sub(patience).unwrap_or(self.now);
            observed.stuck_pods = all.stuck(since).await?;
        }
        Ok(())
    }

    /// Returns true if the input can be mounted on one node at a time only.
    async fn is_single_node(&self, observed: &ClusterState) -> Result<bool, Error> {
        let volume = self.trendjob.spec.input.volume.as_ref();
        let claim = volume.and_then(|volume| volume.persistent_volume_claim.as_ref());
        let Some(claim) = claim.filter(|_| self.is_before_etl(observed)) else { return Ok(false) };
        let claims: Api<PersistentVolumeClaim> = self.api();
        let name = &claim.claim_name;
        let found = claims.get_opt(name).await;
        let found = found.map_err(doing(format!("reading PersistentVolumeClaim {name}")))?;
        let modes = found.and_then(|found| found.spec?.access_modes).unwrap_or_default();
        Ok(modes.iter().all(|mode| mode.starts_with("ReadWriteOnce")))
    }

    /// Returns true if the next Job may be that of etl.
    fn is_before_etl(&self, observed: &ClusterState) -> bool {
        match observed.jobs.last_key_value() {
            None => self.trendjob.status.plan_hash.is_some(),
            Some((stage, job)) => *stage == Stage::Plan && job.end == Some(End::Complete),
        }
    }

    /// The run after the noted one, if one of its Jobs exists: the operator stopped, or a write
    /// failed, before the status noted the run.
    fn unnoted(&self, noted: Option<u32>) -> Option<u32> {
        let next = noted.map_or(0, |noted| noted.saturating_add(1));
        self.jobs_of(next).next().map(|_| next)
    }

    /// Returns true if the namespace is being deleted.
    async fn is_namespace_terminating(&self) -> Result<bool, Error> {
        let namespaces: Api<Namespace> = Api::all(self.context.client.clone());
        let name = &self.trendjob.namespace;
        let found = namespaces.get_metadata_opt(name).await;
        let found = found.map_err(doing(format!("reading namespace {name}")))?;
        Ok(found.is_none_or(|found| found.metadata.deletion_timestamp.is_some()))
    }

    /// The remains of a TrendJob that is being deleted.
    async fn deletion(&self) -> Result<Deletion, Error> {
        let jobs: Api<Job> = self.api();
        let uid = &self.trendjob.uid;
        let params = ListParams::default().labels(&format!("{UID_LABEL}={uid}"));
        let found = jobs.list(&params).await.map_err(doing("listing the Jobs that are left"))?;
        let is_namespace_terminating = self.context.memory.is_namespace_terminating(uid);
        let mut deletion = Deletion { is_namespace_terminating, ..Deletion::default() };
        for job in found.items {
            let stage = job.metadata.labels.as_ref().and_then(|labels| labels.get(STAGE_LABEL));
            let name = job.metadata.name.clone().unwrap_or_default();
            if stage.is_some_and(|stage| stage == PURGE) {
                deletion.purge = Some(purge(&job));
            } else if job.metadata.deletion_timestamp.is_none() {
                deletion.jobs.push(name);
            }
        }
        if deletion.purge.is_none() {
            let pods = self.api::<Pod>().list_metadata(&params.limit(1)).await;
            deletion.has_pods =
                !pods.map_err(doing("listing the pods that are left"))?.items.is_empty();
        }
        Ok(deletion)
    }
}

/// The state of the Job that removes results.
fn purge(job: &Job) -> Purge {
    let conditions = job.status.as_ref().and_then(|status| status.conditions.as_deref());
    let find = |kind: &str| {
        conditions.unwrap_or_default().iter().find(|one| one.type_ == kind && one.status == "True")
    };
    if find(condition_types::job::COMPLETE).is_some() {
        return Purge::Done;
    }
    find(condition_types::job::FAILED).map_or(Purge::Running, |failed| {
        let name = job.metadata.name.as_deref().unwrap_or_default();
        let why = failed.message.as_deref().unwrap_or_default();
        Purge::Failed(format!("Job {name} failed: {why}"))
    })
}
