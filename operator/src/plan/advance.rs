//! The next step of a run that has begun.

use std::time::Duration;

use k8s_openapi::jiff::Timestamp;

use super::action::Action;
use super::decision::{Decision, IDLE, LOOK_AGAIN, LOOK_LATER, LOOK_SELDOM, Report, Subject};
use super::state::{Failure, State};
use super::step::{self, Step};
use super::{begin, clock, hold, restart};
use crate::diagnosis;
use crate::names::Stage;
use crate::observed::{ClusterState, StartedRun};
use crate::pass::Pass;
use crate::specs;
use crate::validate::CheckedTrendJob;

/// Advances a run by one step.
pub(super) fn decide(pass: &Pass<'_>, run: &StartedRun) -> Decision {
    let Pass { trendjob, observed, now, .. } = *pass;
    let mut actions = remove_previous(trendjob, observed);
    let (mut state, mut look_again) = advance(pass, run, &mut actions);
    let mut failed = None;
    if let State::Failed(failure) = state {
        actions.extend(observed.unfinished_jobs().map(Action::delete));
        state = match restart::wait(trendjob, run, &failure, now) {
            Some(_) if trendjob.spec.suspend => {
                failed = Some(failure);
                State::Pending
            }
            Some(Duration::ZERO) => return again(pass, run, failure),
            Some(wait) => {
                look_again = wait;
                State::Restarting(failure)
            }
            None => State::Failed(failure),
        };
    }
    actions.extend(forget_previous(trendjob, observed, &state));
    for (name, uid) in &observed.stuck_pods {
        actions.push(Action::ForceDeletePod { name: name.clone(), uid: uid.clone() });
    }
    let look_again = Some(look_again.min(look_at_pods(observed, &state, now)));
    let report = Report::Run { run: Subject::Observed, state, failure: failed };
    Decision { actions, report, look_again }
}

/// Takes the next step. Returns the new state, and the time until the next look.
fn advance(pass: &Pass<'_>, run: &StartedRun, actions: &mut Vec<Action>) -> (State, Duration) {
    let Pass { trendjob, observed, now, .. } = *pass;
    let step = step::step(pass, run);
    let state = match step {
        Step::Ended(state) => state,
        Step::Wait(_) | Step::Create(_) if clock::is_over(trendjob, now) => {
            State::Failed(clock::deadline_exceeded(trendjob, step.stage()))
        }
        Step::Wait(stage) => {
            let held = hold::hold(pass, stage, actions);
            if held.is_none() {
                actions.extend(parallelism(trendjob, observed, stage));
            }
            held.unwrap_or_else(|| State::Running { stage, finding: observed.finding.clone() })
        }
        Step::Create(next) if trendjob.spec.suspend => hold::by_user(next.stage),
        Step::Create(next) => {
            let stage = next.stage;
            let refusal = observed.refusal.as_ref();
            let finding = refusal.map(|what| diagnosis::refused(stage, what));
            if finding.is_none() {
                let job = specs::stage_job(pass, run, &next);
                actions.push(Action::CreateJob(Box::new(job)));
                return (State::Running { stage, finding }, LOOK_AGAIN);
            }
            State::Running { stage, finding }
        }
    };
    (state, IDLE)
}

/// Starts the next run after one that failed.
fn again(pass: &Pass<'_>, run: &StartedRun, failed: Failure) -> Decision {
    let mut decision = begin::decide(pass, run.config.restart + 1, run.tries + 1);
    if let Report::Run { failure, .. } = &mut decision.report {
        *failure = Some(failed);
    }
    decision
}

/// Brings the number of pods of a running Job in line with `sharding.parallelism`, which may change
/// while they run. The queue of a queued Job decides instead.
fn parallelism(
    trendjob: &CheckedTrendJob,
    observed: &ClusterState,
    stage: Stage,
) -> Option<Action> {
    let job = observed.jobs.get(&stage).filter(|job| job.is_running() && stage.is_indexed())?;
    let parallelism = trendjob.parallelism(job.completions);
    let is_due = job.parallelism != parallelism && !job.is_queued;
    is_due.then(|| Action::ScaleJob { name: job.name.clone(), parallelism })
}

/// Deletes the remains of the previous run. They go once the next run has begun, never before:
/// without its `ConfigMap` a run could not be recognised as ended. The `ConfigMap` goes first: it
/// is not watched, so the Jobs, which are, remain as a sign that it must be deleted.
fn remove_previous(trendjob: &CheckedTrendJob, observed: &ClusterState) -> Vec<Action> {
    let Some(run) = observed.run.as_ref().filter(|_| !observed.previous.is_empty()) else {
        return Vec::new();
    };
    let name = trendjob.run_name(run.config.restart.saturating_sub(1)).base();
    let jobs = observed.previous.iter().map(|name| Action::DeleteJob { name: name.clone() });
    std::iter::once(Action::DeleteConfigMap { name }).chain(jobs).collect()
}

/// Deletes the `ConfigMap` of the previous run at the end of this one. It may be left even if that
/// run has no Job any more, and nothing else shows it.
fn forget_previous(
    trendjob: &CheckedTrendJob,
    observed: &ClusterState,
    state: &State,
) -> Option<Action> {
    let restart = observed.run.as_ref()?.config.restart.checked_sub(1)?;
    let is_due = state.is_final() && observed.previous.is_empty();
    is_due.then(|| Action::DeleteConfigMap { name: trendjob.run_name(restart).base() })
}

/// Returns the time until the next look at pods, which is short while something is wrong with them.
fn look_at_pods(observed: &ClusterState, state: &State, now: Timestamp) -> Duration {
    match state {
        State::Running { finding: Some(_), .. } => LOOK_SELDOM,
        _ if observed.look_again => {
            let created = observed.jobs.values().next_back().and_then(|job| job.created);
            let age = created.and_then(|created| now.duration_since(created).try_into().ok());
            let half: Duration = age.unwrap_or(Duration::ZERO) / 2;
            half.clamp(LOOK_AGAIN, LOOK_LATER)
        }
        _ => IDLE,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::observed::ObservedJob;

    #[test]
    fn looks_at_pods_that_do_not_come_up_get_rarer_but_stay_within_half_a_minute() {
        let job = json!({
            "apiVersion": "batch/v1", "kind": "Job",
            "metadata": {"name": "j", "creationTimestamp": "2026-01-01T00:00:00Z"}, "spec": {},
        });
        let job = ObservedJob::of(Stage::Etl, &serde_json::from_value(job).unwrap());
        let mut observed = ClusterState { look_again: true, ..ClusterState::default() };
        observed.jobs.insert(Stage::Etl, job);
        let state = State::Running { stage: Stage::Etl, finding: None };
        let after = |seconds: i64| {
            let created: Timestamp = "2026-01-01T00:00:00Z".parse().unwrap();
            let now = Timestamp::from_second(created.as_second() + seconds).unwrap();
            look_at_pods(&observed, &state, now).as_secs()
        };
        // A clock behind that of the API server is no reason to wait.
        assert_eq!([-60, 0, 5, 10, 16, 24, 3600].map(after), [5, 5, 5, 5, 8, 12, 12]);
        let running = ClusterState { look_again: false, ..observed.clone() };
        assert_eq!(look_at_pods(&running, &state, Timestamp::UNIX_EPOCH), IDLE);
    }
}
