//! Holding a run: by `spec.suspend`, or by the queue its Jobs wait in. Owns who may say so: of a Job
//! that carries a queue label itself only the queue says whether its pods run.

use super::Action;
use super::state::{Holder, State};
use crate::names::Stage;
use crate::observed::{Observed, Valid};
use crate::specs::parts_hash;

/// A stage that is held by `spec.suspend`.
pub(super) const fn by_user(stage: Stage) -> State {
    State::Held { stage, by: Holder::User }
}

/// Whether the Job of a stage is held, after it was told to be or not to be.
pub(super) fn hold(
    job: &Valid,
    observed: &Observed,
    stage: Stage,
    actions: &mut Vec<Action>,
) -> Option<State> {
    let Some(running) = observed.jobs.get(&stage).filter(|child| child.end.is_none()) else {
        return job.spec.suspend.then_some(by_user(stage));
    };
    let name = running.name.clone();
    // The pods of a Job can't be changed, so what was changed of them while it was held needs another.
    let is_changed = running.parts.as_ref().is_some_and(|one| *one != parts_hash(job, stage));
    match (job.spec.suspend, running.is_queued) {
        // What the queue admitted is given back; the next Job goes on from what is stored.
        _ if is_changed && !running.is_deleted => actions.push(Action::DeleteJob { name }),
        (true, true) if !running.is_deleted => actions.push(Action::DeleteJob { name }),
        (true, false) if !running.is_suspended => {
            actions.push(Action::SuspendJob { name, suspend: true });
        }
        (false, false) if running.is_suspended => {
            actions.push(Action::SuspendJob { name, suspend: false });
        }
        (false, true) if running.is_suspended => {
            return Some(State::Held { stage, by: Holder::Queue });
        }
        _ => {}
    }
    job.spec.suspend.then_some(by_user(stage))
}
