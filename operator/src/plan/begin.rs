//! The beginning of a run: its `ConfigMap`, which pins what it does and with which image, and its first
//! Job. Where the `ConfigMap` is there already, what it says counts, so the Job follows when it was read.

use k8s_openapi::jiff::Timestamp;

use super::state::State;
use super::{
    Action, LOOK_AGAIN, LOOK_SELDOM, Plan, clock, events, finished, hold, refusal, run_name,
    status, stop,
};
use crate::names::{RunName, Stage};
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
    let current = status::about(job, &run, now);
    // Noted, and refused ever since.
    if clock::is_over(&current, now) {
        let state = State::Failed(clock::over(job, Stage::Plan));
        let status = status::status(&current, observed, &state, now);
        let notices = events::notices(job, observed, &status, &state);
        let requeue = finished::next(job, &status, now);
        return Plan { actions: stop(observed).collect(), status: Some(status), notices, requeue };
    }
    let finding = refusal(observed, Stage::Plan);
    let (actions, requeue) = if finding.is_some() {
        (Vec::new(), LOOK_SELDOM)
    } else {
        (first(job, settings, &run, tries, now), LOOK_AGAIN)
    };
    let state = State::Running { stage: Stage::Plan, finding };
    let status = status::status(&current, &Observed::default(), &state, now);
    let notices = events::notices(job, &Observed::default(), &status, &state);
    Plan { actions, status: Some(status), notices, requeue: Some(requeue) }
}

/// What a run begins with.
fn first(
    job: &Valid,
    settings: &Settings,
    run: &RunName<'_>,
    tries: u32,
    now: Timestamp,
) -> Vec<Action> {
    let pinned = specs::pinned(job, settings, run, tries, now);
    let config_map = specs::config_map(job, run, &pinned);
    let config_map = config_map.map(|map| Action::CreateConfigMap(Box::new(map)));
    let begun = Observed { run: Some(pinned), ..Observed::default() };
    let first = specs::stage_job(job, &begun, settings, Stage::Plan, 0, "");
    let first = first.map(|first| Action::CreateJob(Box::new(first)));
    config_map.into_iter().chain(first).collect()
}
