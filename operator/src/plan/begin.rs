//! The beginning of a run: its `ConfigMap`, which pins what it does and with which image, and its first
//! Job. Where the `ConfigMap` is there already, what it says counts, so the Job follows when it was read.

use k8s_openapi::jiff::Timestamp;

use super::state::State;
use super::{
    Action, LOOK_AGAIN, LOOK_SELDOM, Plan, clock, events, finished, hold, refusal, run_name, status,
};
use crate::names::Stage;
use crate::observed::{Observed, Valid};
use crate::settings::Settings;
use crate::specs;

/// Begins the run with this number, unless it is suspended.
pub(super) fn plan(
    job: &Valid,
    observed: &Observed,
    settings: &Settings,
    restart: u32,
    tries: u32,
    now: Timestamp,
) -> Plan {
    let run = run_name(job, restart);
    if job.spec.suspend {
        let mut actions = Vec::new();
        // Of a run whose `ConfigMap` somebody removed something may still run.
        for stage in observed.jobs.keys() {
            drop(hold::hold(job, observed, *stage, &mut actions));
        }
        let status = status::status(job, observed, &State::Pending, now);
        let notices = events::notices(job, observed, &status, &State::Pending);
        return Plan { actions, status: Some(status), notices, requeue: None };
    }
    // Noted, and refused ever since.
    let is_noted = job.status.run_uid.as_deref() == Some(&run.run());
    if is_noted && clock::is_over(job, now) {
        let state = State::Failed(clock::over(job, Stage::Plan));
        let status = status::status(job, observed, &state, now);
        let notices = events::notices(job, observed, &status, &state);
        let requeue = finished::next(job, &status, now);
        return Plan { actions: Vec::new(), status: Some(status), notices, requeue };
    }
    let mut actions = Vec::new();
    let state = State::Running { stage: Stage::Plan, finding: refusal(observed, Stage::Plan) };
    let pinned = specs::pinned(job, settings, &run, tries, now);
    let config_map = specs::config_map(job, &run, &pinned);
    actions.extend(config_map.map(|map| Action::CreateConfigMap(Box::new(map))));
    let begun = Observed { run: Some(pinned), ..Observed::default() };
    let first = specs::stage_job(job, &begun, settings, Stage::Plan, 0, "");
    actions.extend(first.map(|first| Action::CreateJob(Box::new(first))));
    let mut requeue = LOOK_AGAIN;
    if observed.refusal.is_some() {
        actions.clear();
        requeue = LOOK_SELDOM;
    }
    let mut current = job.clone();
    if !is_noted {
        let asked = finished::asked_for(job.restart.as_deref());
        current.status = status::fresh(&job.status, run.run(), restart, asked, now);
    }
    let status = status::status(&current, &Observed::default(), &state, now);
    let notices = events::notices(job, &Observed::default(), &status, &state);
    Plan { actions, status: Some(status), notices, requeue: Some(requeue) }
}
