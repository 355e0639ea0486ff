//! Holding a run: by `spec.suspend`, or by the queue its Jobs wait in. Owns who may say so: of a Job
//! that carries a queue label only the queue says whether its pods run.

use super::Action;
use super::state::{Holder, State};
use crate::names::{QUEUE_LABEL, Stage};
use crate::observed::{Observed, Valid};

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
    let running = observed.jobs.get(&stage)?;
    let name = running.name.clone();
    let is_queued = job.queue_labels.contains_key(QUEUE_LABEL);
    match (job.spec.suspend, is_queued) {
        // What the queue admitted is given back; the next Job goes on from what is stored.
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
