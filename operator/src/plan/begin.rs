//! The beginning of a run: its `ConfigMap`, which pins spec and image, and its first Job. If an
//! earlier pass created the `ConfigMap`, its content decides, so the next pass reads it before it
//! creates the Job.

use super::action::Action;
use super::decision::{Decision, LOOK_AGAIN, LOOK_SELDOM, Subject};
use super::state::State;
use super::{clock, hold, status};
use crate::diagnosis;
use crate::names::Stage;
use crate::pass::Pass;
use crate::specs::{self, NextJob};

/// Begins the run with this number, unless it is suspended.
pub(super) fn decide(pass: &Pass<'_>, restart: u32, tries: u32) -> Decision {
    let Pass { trendjob, observed, now, .. } = *pass;
    if trendjob.spec.suspend {
        let mut actions = Vec::new();
        // Jobs may still be running even if someone deleted the run's ConfigMap.
        for stage in observed.jobs.keys() {
            drop(hold::hold(pass, *stage, &mut actions));
        }
        return Decision::about(Subject::Observed, State::Pending, actions, None);
    }
    // The status may hold the start of this run, although the API server has refused its
    // `ConfigMap` or Job ever since.
    if clock::is_over(&status::about(pass, Subject::Unpinned(restart)), now) {
        return clock::end(pass, restart, Stage::Plan);
    }
    let refusal = observed.refusal.as_ref();
    let finding = refusal.map(|what| diagnosis::refused(Stage::Plan, what));
    let (actions, look_again) = if finding.is_some() {
        (Vec::new(), LOOK_SELDOM)
    } else {
        (first_actions(pass, restart, tries), LOOK_AGAIN)
    };
    let state = State::Running { stage: Stage::Plan, finding };
    Decision::about(Subject::New(restart), state, actions, Some(look_again))
}

/// Pins the run and starts its first stage.
fn first_actions(pass: &Pass<'_>, restart: u32, tries: u32) -> Vec<Action> {
    let pinned = specs::pinned(pass, restart, tries);
    let config_map = specs::config_map(pass.trendjob, &pinned);
    let job = specs::stage_job(pass, &pinned, &NextJob::plan());
    vec![Action::CreateConfigMap(Box::new(config_map)), Action::CreateJob(Box::new(job))]
}
