//! What there is of one TrendJob. Client; owns what is read from the watches, what is asked for, and
//! when: pods and events only where something does not come up or has ended.

use std::collections::BTreeMap;
use std::sync::PoisonError;
use std::time::Duration;

use k8s_openapi::api::batch::v1::Job;
use k8s_openapi::api::core::v1::{ConfigMap, Namespace, PersistentVolumeClaim, Pod};
use k8s_openapi::jiff::Timestamp;
use kube::api::{Api, ListParams};
use kube::runtime::reflector::ObjectRef;
use trendjob::{RunConfig, TerminationMessage};

use super::pods::JobPods;
use super::{Context, Error, doing};
use crate::diagnosis::{diagnose, is_refusal, last_failed, report};
use crate::names::{RESTART_ANNOTATION, RunName, STAGE_LABEL, Stage, TRIES_ANNOTATION, UID_LABEL};
use crate::object::{JobObject, is_child};
use crate::observed::{Deletion, End, Observed, ObservedJob, Pinned, Purge, Valid};
use crate::plan::is_restart_asked;

/// How long pods may take to come up before somebody asks why.
const UNREADY: Duration = Duration::from_secs(5);

/// Looks at everything that matters now.
pub(super) async fn observe(
    job: &Valid,
    context: &Context,
    now: Timestamp,
) -> Result<Observed, Error> {
    let look =
        Look { job, context, now, pods: Api::namespaced(context.client.clone(), &job.namespace) };
    let mut observed = Observed::default();
    if job.deleted.is_some() {
        if job.has_finalizer && job.is_purged() {
            observed.deletion = look.deletion().await?;
        }
        return Ok(observed);
    }
    let noted = job.status.run_uid.as_ref().and(job.status.restarts);
    let begun = look.begun().max(look.unnoted(noted));
    if job.is_finished() && !is_restart_asked(job) && begun <= noted {
        return Ok(observed);
    }
    let Some(restart) = noted.max(begun) else { return Ok(observed) };
    match look.pinned(restart).await? {
        Some(Ok(run)) => observed.run = Some(run),
        Some(Err(why)) => observed.unreadable = Some((restart, why)),
        None => {}
    }
    look.jobs(restart, &mut observed);
    for stage in [Stage::Plan, Stage::Publish] {
        if let Some(message) = look.message(stage, &observed).await? {
            observed.messages.insert(stage, message);
        }
    }
    look.at_pods(&mut observed).await?;
    observed.is_single_node = look.is_single_node(&observed).await?;
    Ok(observed)
}

/// What is looked at, and with what.
struct Look<'a> {
    job: &'a Valid,
    context: &'a Context,
    now: Timestamp,
    pods: Api<Pod>,
}

impl Look<'_> {
    fn run(&self, restart: u32) -> RunName<'_> {
        RunName { name: &self.job.name, uid: &self.job.uid, restart }
    }

    /// The run that was begun, by its `ConfigMap`, or why that can't be read.
    async fn pinned(&self, restart: u32) -> Result<Option<Result<Pinned, String>>, Error> {
        let maps: Api<ConfigMap> =
            Api::namespaced(self.context.client.clone(), &self.job.namespace);
        let name = self.run(restart).base();
        let found =
            maps.get_opt(&name).await.map_err(doing(format!("reading ConfigMap {name}")))?;
        let Some(map) = found.filter(|map| is_child(&map.metadata, &self.job.uid)) else {
            return Ok(None);
        };
        let config = map.data.as_ref().and_then(|data| data.get(RunConfig::KEY));
        let config = config.ok_or_else(|| format!("it has no {}", RunConfig::KEY));
        let config =
            config.and_then(|json| RunConfig::from_json(json).map_err(|error| error.to_string()));
        let annotation = |name: &str| map.metadata.annotations.as_ref()?.get(name).cloned();
        Ok(Some(config.map(|config| Pinned {
            config,
            restart: annotation(RESTART_ANNOTATION),
            tries: annotation(TRIES_ANNOTATION).and_then(|text| text.parse().ok()).unwrap_or(1),
            created: map.metadata.creation_timestamp.as_ref().map_or(self.now, |time| time.0),
        })))
    }

    /// The Jobs of a run, as the watch has them, and how many of their stage there were.
    fn jobs_of(&self, restart: u32) -> impl Iterator<Item = (ObservedJob, u32)> {
        let all = Stage::ALL.into_iter().flat_map(|stage| {
            let most = if stage.is_indexed() { 1 } else { crate::plan::REPEATS };
            (0..most).map(move |number| (stage, number))
        });
        all.filter_map(move |(stage, number)| {
            let name = self.run(restart).job(stage, number);
            let key = ObjectRef::<JobObject>::new(&name).within(&self.job.namespace);
            let found = self.context.jobs.get(&key)?;
            is_child(&found.metadata, &self.job.uid)
                .then(|| (ObservedJob::of(stage, &found), number + 1))
        })
    }

    /// The Jobs of the run, and what is left of the one before.
    fn jobs(&self, restart: u32, observed: &mut Observed) {
        for (job, count) in self.jobs_of(restart) {
            observed.repeated.insert(job.stage, count);
            observed.jobs.insert(job.stage, job);
        }
        let previous = restart.checked_sub(1).map(|before| self.jobs_of(before));
        let left = previous.into_iter().flatten().filter(|(job, _)| !job.is_deleted);
        observed.previous = left.map(|(job, _)| job.name).collect();
    }

    /// What the pod of a finished Job reported, unless that is known or no longer needed.
    async fn message(
        &self,
        stage: Stage,
        observed: &Observed,
    ) -> Result<Option<TerminationMessage>, Error> {
        let Some(job) = observed.jobs.get(&stage) else { return Ok(None) };
        let is_last = observed.jobs.keys().next_back() == Some(&stage);
        // What follows from it was done, but may not have been noted.
        let run = observed.run.as_ref().map(|run| run.config.run());
        let is_noted = self.job.status.plan_hash.is_some() && self.job.status.run_uid == run;
        let is_unknown = stage == Stage::Plan && !is_noted;
        if job.end != Some(End::Complete) || !(is_last || is_unknown) {
            return Ok(None);
        }
        Ok(self.pods_of(job).succeeded().await?.iter().find_map(report))
    }

    fn pods_of<'a>(&'a self, job: &'a ObservedJob) -> JobPods<'a> {
        JobPods::new(self.context, &self.job.namespace, job)
    }

    /// Looks for what is wrong with the pods of the stage at work.
    async fn at_pods(&self, observed: &mut Observed) -> Result<(), Error> {
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
        let age = job.created.map_or(Duration::ZERO, |created| self.since(created));
        let (mut pods, mut events) = (Vec::new(), Vec::new());
        let is_late = is_unready && age >= UNREADY;
        if is_late {
            pods = all.pending().await?;
            // Without them it goes on: what is asked for must not wait for what is told.
            events = all.events(&pods).await.unwrap_or_default();
            if events.iter().any(is_refusal) {
                pods.extend(all.newest().await?);
            }
        }
        // Those that were only moved or stopped are not in the count.
        if job.status.failed > 0 || (is_late && job.status.active == 0) {
            let failed = all.failed().await?;
            pods.extend(all.successors(&failed).await?);
            // Somebody deleted pods that have ended: maybe all there is.
            if failed.iter().any(|pod| pod.metadata.deletion_timestamp.is_some()) {
                observed.is_namespace_going = self.is_going().await?;
            }
            pods.extend(failed);
        }
        observed.finding = diagnose(job.stage, &pods, &events);
        if job.status.terminating > 0 {
            let patience = self.context.settings.lost_patience;
            let since = self.now.checked_sub(patience).unwrap_or(self.now);
            observed.stuck_pods = all.stuck(since).await?;
        }
        Ok(())
    }

    fn since(&self, time: Timestamp) -> Duration {
        let seconds = self.now.as_second() - time.as_second();
        Duration::from_secs(u64::try_from(seconds).unwrap_or(0))
    }

    /// Whether the input can only be on one node at a time.
    async fn is_single_node(&self, observed: &Observed) -> Result<bool, Error> {
        let volume = self.job.spec.input.volume.as_ref();
        let claim = volume.and_then(|volume| volume.persistent_volume_claim.as_ref());
        let Some(claim) = claim.filter(|_| self.is_before_etl(observed)) else { return Ok(false) };
        let claims: Api<PersistentVolumeClaim> =
            Api::namespaced(self.context.client.clone(), &self.job.namespace);
        let name = &claim.claim_name;
        let found = claims.get_opt(name).await;
        let found = found.map_err(doing(format!("reading PersistentVolumeClaim {name}")))?;
        let modes = found.and_then(|found| found.spec?.access_modes).unwrap_or_default();
        Ok(modes.iter().all(|mode| mode.starts_with("ReadWriteOnce")))
    }

    /// Whether the next Job to be made may be that of etl.
    fn is_before_etl(&self, observed: &Observed) -> bool {
        match observed.jobs.last_key_value() {
            None => self.job.status.plan_hash.is_some(),
            Some((stage, job)) => *stage == Stage::Plan && job.end == Some(End::Complete),
        }
    }

    /// The run after the one that was noted, if a Job of it shows that it has begun: an operator that ended,
    /// or a write that failed, left it so.
    fn unnoted(&self, noted: Option<u32>) -> Option<u32> {
        let next = noted.map_or(0, |noted| noted.saturating_add(1));
        self.jobs_of(next).next().map(|_| next)
    }

    /// The run that was found to have begun although the status did not say so.
    fn begun(&self) -> Option<u32> {
        let begun = self.context.begun.lock().unwrap_or_else(PoisonError::into_inner);
        begun.get(&self.job.uid).copied()
    }

    /// Whether the namespace is being deleted.
    async fn is_going(&self) -> Result<bool, Error> {
        let namespaces: Api<Namespace> = Api::all(self.context.client.clone());
        let name = &self.job.namespace;
        let found = namespaces.get_metadata_opt(name).await;
        let found = found.map_err(doing(format!("reading namespace {name}")))?;
        Ok(found.is_none_or(|found| found.metadata.deletion_timestamp.is_some()))
    }

    /// Whether something could not be created because the namespace is going.
    fn is_namespace_going(&self) -> bool {
        let going = self.context.going.lock().unwrap_or_else(PoisonError::into_inner);
        going.contains(&self.job.uid)
    }

    /// What is left of a TrendJob that is being deleted.
    async fn deletion(&self) -> Result<Deletion, Error> {
        let jobs: Api<Job> = Api::namespaced(self.context.client.clone(), &self.job.namespace);
        let params = ListParams::default().labels(&format!("{UID_LABEL}={}", self.job.uid));
        let found = jobs.list(&params).await.map_err(doing("listing the Jobs that are left"))?;
        let is_namespace_going = self.is_namespace_going();
        let mut deletion = Deletion { is_namespace_going, ..Deletion::default() };
        for job in found.items {
            let labels: BTreeMap<_, _> = job.metadata.labels.clone().unwrap_or_default();
            let name = job.metadata.name.clone().unwrap_or_default();
            if labels.get(STAGE_LABEL).is_some_and(|stage| stage == crate::names::PURGE) {
                deletion.purge = Some(purge(&job));
            } else if job.metadata.deletion_timestamp.is_none() {
                deletion.jobs.push(name);
            }
        }
        if deletion.purge.is_none() {
            let pods = self.pods.list_metadata(&params.limit(1)).await;
            deletion.has_pods =
                !pods.map_err(doing("listing the pods that are left"))?.items.is_empty();
        }
        Ok(deletion)
    }
}

fn purge(job: &Job) -> Purge {
    let conditions = job.status.as_ref().and_then(|status| status.conditions.as_deref());
    let held = |kind: &str| {
        conditions.unwrap_or_default().iter().find(|one| one.type_ == kind && one.status == "True")
    };
    if held("Complete").is_some() {
        return Purge::Done;
    }
    held("Failed").map_or(Purge::Running, |failed| {
        let name = job.metadata.name.as_deref().unwrap_or_default();
        let why = failed.message.as_deref().unwrap_or_default();
        Purge::Failed(format!("Job {name} failed: {why}"))
    })
}
