//! The beginning of a run: its `ConfigMap`, which pins what it does and with which image, and its first
//! Job. Where the `ConfigMap` is there already, what it says counts, so the Job follows when it was read.

use k8s_openapi::jiff::Timestamp;

use super::state::State;
use super::{Action, Plan, events, run_name, status};
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
        let status = status::status(job, observed, &State::Pending, now);
        let notices = events::notices(job, observed, &status, &State::Pending);
        return Plan { status: Some(status), notices, ..Plan::default() };
    }
    let mut actions = Vec::new();
    let pinned = specs::pinned(job, settings, &run, tries, now);
    let config_map = specs::config_map(job, &run, &pinned);
    actions.extend(config_map.map(|map| Action::CreateConfigMap(Box::new(map))));
    let begun = Observed { run: Some(pinned), ..Observed::default() };
    let first = specs::stage_job(job, &begun, settings, Stage::Plan, 0, "");
    actions.extend(first.map(|first| Action::CreateJob(Box::new(first))));
    let mut current = job.clone();
    if job.status.run_uid.as_deref() != Some(&run.run()) {
        let asked = super::finished::asked_for(job);
        current.status = status::fresh(&job.status, run.run(), restart, asked, now);
    }
    let state = State::Running { stage: Stage::Plan, finding: None };
    let status = status::status(&current, &Observed::default(), &state, now);
    let notices = events::notices(job, &Observed::default(), &status, &state);
    Plan { actions, status: Some(status), notices, requeue: Some(super::LOOK_AGAIN) }
}
