//! Turns a decision into a plan. Only this file makes a status, words events and sets the time of
//! the next pass.

use k8s_openapi::jiff::Timestamp;

use super::action::{Action, PassPlan};
use super::decision::{Decision, Report, Subject};
use super::state::State;
use super::{clock, events, finished, status};
use crate::names::FINALIZER;
use crate::object::TrendJobObject;
use crate::observed::ClusterState;
use crate::pass::Pass;
use crate::times::StatusTimes;

/// Makes the plan of a decision.
pub(super) fn conclude(pass: &Pass<'_>, decision: Decision) -> PassPlan {
    let Decision { actions, report, look_again } = decision;
    let plan = PassPlan { actions, requeue: look_again, ..PassPlan::default() };
    match report {
        Report::Leaving => plan,
        Report::Abandoned(why) => {
            let notice = events::purge_abandoned(&pass.trendjob.spec.source, &why);
            PassPlan { notices: vec![notice], ..plan }
        }
        Report::Ended => {
            let status = status::ended(pass.trendjob, pass.now);
            PassPlan { status: Some(status), ..plan }
        }
        Report::Run { run, state, failure } => {
            let mut plan = of_run(pass, run, &state, plan);
            if let (Some(status), Some(failure)) = (&mut plan.status, failure) {
                status::note_failure(status, &failure, pass.now);
            }
            plan
        }
    }
}

fn of_run(pass: &Pass<'_>, run: Subject, state: &State, plan: PassPlan) -> PassPlan {
    let nothing = ClusterState::default();
    let observed = if matches!(run, Subject::New(_)) { &nothing } else { pass.observed };
    let trendjob = status::about(pass, run);
    let status = status::status(&Pass { trendjob: &trendjob, observed, ..*pass }, state);
    let times = StatusTimes::of(&status);
    let requeue = if state.is_final() {
        finished::look_again(pass, &status, times)
    } else {
        let deadline = clock::left(pass.trendjob, &status, times, pass.now);
        plan.requeue.map(|look| deadline.map_or(look, |deadline| look.min(deadline)))
    };
    let notices = events::notices(pass.trendjob, observed, &status, state);
    PassPlan { status: Some(status), notices, requeue, ..plan }
}

/// The plan for a TrendJob whose spec can't be read: its status and an event say why.
///
/// A TrendJob that is being deleted loses the finalizer instead: an unreadable spec must not block
/// its deletion.
pub fn refuse(object: &TrendJobObject, why: &str, now: Timestamp) -> PassPlan {
    let before = object.status.clone().unwrap_or_default();
    let notices = events::invalid(&before, why).into_iter().collect();
    let is_held = object.metadata.deletion_timestamp.is_some()
        && object.metadata.finalizers.iter().flatten().any(|name| name == FINALIZER);
    if is_held {
        return PassPlan { actions: vec![Action::RemoveFinalizer], notices, ..PassPlan::default() };
    }
    let status = status::invalid(&before, object.metadata.generation, why, now);
    PassPlan { status: Some(status), notices, ..PassPlan::default() }
}
