//! The deletion of a TrendJob or its namespace. With `deletionPolicy: Delete` a finalizer keeps the
//! TrendJob until a Job has removed its results from the database. If that can't be done, the
//! TrendJob is deleted nevertheless and its results stay.

use std::time::Duration;

use k8s_openapi::jiff::Timestamp;

use super::action::Action;
use super::decision::{Decision, Report};
use crate::observed::{ClusterState, Purge};
use crate::pass::Pass;
use crate::specs;
use crate::times::seconds_between;
use crate::validate::CheckedTrendJob;

/// The time until the next look at Jobs and pods that are being deleted.
const SOON: Duration = Duration::from_secs(2);

/// Brings the finalizer in line with the deletion policy.
pub(super) fn finalizer(trendjob: &CheckedTrendJob) -> Option<Action> {
    match (trendjob.is_purged(), trendjob.has_finalizer) {
        (true, false) => Some(Action::AddFinalizer),
        (false, true) => Some(Action::RemoveFinalizer),
        _ => None,
    }
}

/// Deletes the Jobs of a run whose namespace is being deleted.
///
/// Kubernetes deletes the pods first, and the Jobs when no pod is left. But a Job that retries an
/// index keeps the failed pod until its successor is created, which the namespace refuses. So
/// neither the pod nor the Job would be deleted.
pub(super) fn with_namespace(observed: &ClusterState) -> Decision {
    let jobs = observed.jobs.values().filter(|job| !job.is_deleted);
    Decision::leaving(jobs.map(Action::delete).collect(), Some(SOON))
}

/// Removes the results of a TrendJob whose deletion was requested at `since`, then lets Kubernetes
/// delete the TrendJob.
pub(super) fn decide(pass: &Pass<'_>, since: Timestamp) -> Decision {
    let Pass { trendjob, observed, settings, now } = *pass;
    let remains = &observed.deletion;
    if !trendjob.has_finalizer {
        // The garbage collector deletes the TrendJob's Jobs and ConfigMaps.
        return Decision::leaving(Vec::new(), None);
    }
    let let_go =
        |report| Decision { actions: vec![Action::RemoveFinalizer], report, look_again: None };
    let abandon = |why: &str| let_go(Report::Abandoned(why.to_owned()));
    if !trendjob.is_purged() {
        return let_go(Report::Leaving);
    }
    match &remains.purge {
        Some(Purge::Done) => return let_go(Report::Leaving),
        Some(Purge::Failed(why)) => return abandon(why),
        _ if remains.is_namespace_terminating => {
            return abandon(
                "its namespace is being deleted, and no Job can be started in it any more",
            );
        }
        _ if seconds_between(since, now) > settings.purge_patience.seconds() => {
            return abandon("removing them took too long");
        }
        Some(Purge::Running) => return Decision::leaving(Vec::new(), Some(SOON)),
        None => {}
    }
    let jobs = remains.jobs.iter();
    let mut actions: Vec<_> = jobs.map(|name| Action::DeleteJob { name: name.clone() }).collect();
    if actions.is_empty() && !remains.has_pods {
        // From now on nothing writes results.
        actions.push(Action::CreateJob(Box::new(specs::purge_job(pass))));
    }
    Decision::leaving(actions, Some(SOON))
}
