//! Holding a run, by `spec.suspend` or by the queue that its Jobs wait in. Owns the choice between
//! the two: the queue alone suspends and resumes a Job that carries a queue label itself, so
//! `spec.suspend` deletes such a Job.

use super::action::Action;
use super::state::{Holder, State};
use crate::names::Stage;
use crate::pass::Pass;

/// Returns the state of a stage that `spec.suspend` holds.
pub(super) const fn by_user(stage: Stage) -> State {
    State::Held { stage, by: Holder::User }
}

/// Holds or releases the Job of a stage. Returns the state if the stage is held afterwards.
pub(super) fn hold(pass: &Pass<'_>, stage: Stage, actions: &mut Vec<Action>) -> Option<State> {
    let Pass { trendjob, observed, .. } = *pass;
    let is_suspended = trendjob.spec.suspend;
    let Some(job) = observed.jobs.get(&stage).filter(|job| job.end.is_none()) else {
        return is_suspended.then_some(by_user(stage));
    };
    let name = job.name.clone();
    // The pod settings may change while a run is held. Kubernetes can't change most of the pod
    // template of a Job, so the Job is created again. A Job without a stored hash comes from an
    // earlier release and counts as unchanged.
    let is_changed =
        job.pod_settings.as_ref().is_some_and(|hash| *hash != trendjob.pods(stage).hash);
    match (is_suspended, job.is_queued) {
        _ if is_changed && !job.is_deleted => actions.push(Action::DeleteJob { name }),
        // Deleting the Job gives its quota back to the queue. The next Job skips finished indexes.
        (true, true) if !job.is_deleted => actions.push(Action::DeleteJob { name }),
        (true, false) if !job.is_suspended => {
            actions.push(Action::SuspendJob { name, suspend: true });
        }
        (false, false) if job.is_suspended => {
            actions.push(Action::SuspendJob { name, suspend: false });
        }
        (false, true) if job.is_suspended => {
            return Some(State::Held { stage, by: Holder::Queue });
        }
        _ => {}
    }
    is_suspended.then_some(by_user(stage))
}
