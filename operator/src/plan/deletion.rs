//! Letting a TrendJob go. With `deletionPolicy: Delete` a finalizer keeps it until its runs are removed
//! from the database by a Job that nobody owns; whatever stands in the way, it goes in the end.

use std::time::Duration;

use k8s_openapi::jiff::Timestamp;

use super::events::Notice;
use super::{Action, Plan};
use crate::observed::{Observed, Purge, Valid};
use crate::settings::Settings;
use crate::specs;

/// How soon Jobs and pods that are going are looked at again.
const SOON: Duration = Duration::from_secs(2);

/// Brings the finalizer in line with the policy.
pub(super) fn finalizer(job: &Valid) -> Option<Action> {
    match (job.is_purged(), job.has_finalizer) {
        (true, false) => Some(Action::AddFinalizer),
        (false, true) => Some(Action::RemoveFinalizer),
        _ => None,
    }
}

/// What to do about a run whose namespace is being deleted. Kubernetes deletes pods first and Jobs when
/// there are no pods; but of a Job that tries an index again, the failed pod stays until its successor is
/// made, which the namespace refuses. So the Jobs go now.
pub(super) fn with_namespace(observed: &Observed) -> Plan {
    let jobs = observed.jobs.values().filter(|job| !job.is_deleted);
    let actions = jobs.map(|job| Action::DeleteJob { name: job.name.clone() }).collect();
    Plan { actions, requeue: Some(SOON), ..Plan::default() }
}

/// What to do about a TrendJob that is being deleted.
pub(super) fn plan(
    job: &Valid,
    observed: &Observed,
    settings: &Settings,
    since: Timestamp,
    now: Timestamp,
) -> Plan {
    if !job.has_finalizer {
        // Its children go with it.
        return Plan::default();
    }
    let seen = &observed.deletion;
    let let_go = |notice: Option<Notice>| Plan {
        actions: vec![Action::RemoveFinalizer],
        notices: notice.into_iter().collect(),
        ..Plan::default()
    };
    if !job.is_purged() {
        return let_go(None);
    }
    let went_by = u64::try_from(now.as_second() - since.as_second()).unwrap_or(0);
    let gave_up = |why: &str| {
        let note = format!(
            "results of source {} stay in the database: {why}. They go when a later run of the source \
             is published, or by trendjob-worker purge",
            job.spec.source
        );
        let_go(Some(Notice {
            is_warning: true,
            reason: "PurgeAbandoned".to_owned(),
            action: "Purge",
            note,
        }))
    };
    match &seen.purge {
        Some(Purge::Done) => return let_go(None),
        Some(Purge::Failed(why)) => return gave_up(why),
        _ if seen.is_namespace_going => {
            return gave_up("its namespace is going, where nothing can be started any more");
        }
        _ if went_by > settings.purge_patience.as_secs() => {
            return gave_up("removing them took too long");
        }
        Some(Purge::Running) => return Plan { requeue: Some(SOON), ..Plan::default() },
        None => {}
    }
    let mut actions: Vec<_> =
        seen.jobs.iter().map(|name| Action::DeleteJob { name: name.clone() }).collect();
    if actions.is_empty() && !seen.has_pods {
        // Now nothing writes any more.
        let purge = specs::purge_job(job, observed, settings);
        actions.push(Action::CreateJob(Box::new(purge)));
    }
    Plan { actions, requeue: Some(SOON), ..Plan::default() }
}
