//! A run whose `ConfigMap` can't be read, because another version of the operator wrote it or a
//! user changed it. It waits for an operator that can read it, until its deadline.

use super::action::Action;
use super::decision::{Decision, LOOK_SELDOM, Subject};
use super::state::State;
use super::{clock, hold, status};
use crate::diagnosis;
use crate::names::Stage;
use crate::pass::Pass;

/// Waits, or ends the run if its deadline has passed.
pub(super) fn decide(pass: &Pass<'_>, restart: u32, why: &str) -> Decision {
    let Pass { trendjob, observed, now, .. } = *pass;
    let run = Subject::Unpinned(restart);
    let current = observed.jobs.keys().next_back().copied().unwrap_or(Stage::Plan);
    if clock::is_over(&status::about(pass, run), now) {
        return clock::end(pass, restart, current);
    }
    let mut actions = Vec::new();
    let held = hold::hold(pass, current, &mut actions);
    // The pod settings may look changed, because another version of the operator hashed them. A Job
    // that is deleted now could not be created again.
    actions.retain(|action| trendjob.spec.suspend || !matches!(action, Action::DeleteJob { .. }));
    let config_map = trendjob.run_name(restart).base();
    let finding = Some(diagnosis::unreadable(current, &config_map, why));
    let state = held.unwrap_or(State::Running { stage: current, finding });
    Decision::about(run, state, actions, Some(LOOK_SELDOM))
}
