//! What to do about a TrendJob, from what was seen of it. Pure and infallible, given the time: owns the
//! order of the policies, each of which has a file; refuses to know clients.

mod begin;
mod clock;
pub mod conditions;
mod deletion;
pub mod events;
mod finished;
mod hold;
mod parallelism;
mod previous;
pub mod state;
mod status;
mod step;

use std::time::Duration;

use k8s_openapi::api::batch::v1::Job;
use k8s_openapi::api::core::v1::ConfigMap;
use k8s_openapi::jiff::Timestamp;
use trendjob::TrendJobStatus;

pub use events::Notice;
pub use finished::is_restart_asked;
pub(crate) use parallelism::of as parallelism;
pub use status::invalid;
pub(crate) use status::rfc3339;
pub(crate) use step::{REPEATS, indexes, plan_hash};

use crate::diagnosis::{self, Finding};
use crate::names::{RunName, Stage};
use crate::observed::{Observed, Valid};
use crate::settings::Settings;
use state::{Failure, State};
use step::Step;

/// How soon pods that do not come up are looked at again, and a Job that nobody began with.
const LOOK_AGAIN: Duration = Duration::from_secs(5);

/// The same of a Job that has waited for longer than that: hundreds that wait for room must not keep the
/// API server busy, and a cause that shows late is to be known within 30 s.
const LOOK_LATER: Duration = Duration::from_secs(12);

/// The same once it is known why. Whoever mends it makes the Job change, which is seen at once.
const LOOK_SELDOM: Duration = Duration::from_secs(15);

/// How long an object is left alone at most. A watch that lost an event is mended by this.
const IDLE: Duration = Duration::from_secs(300);

/// What the client has to do, in this order; then the status is written and the events are told.
#[derive(Debug, Default)]
pub struct Plan {
    /// Changes of the cluster.
    pub actions: Vec<Action>,
    /// What is to be said. `None` leaves it as it is.
    pub status: Option<TrendJobStatus>,
    /// What changed, for people.
    pub notices: Vec<Notice>,
    /// When to look again even if nothing happens. `None` if nothing can.
    pub requeue: Option<Duration>,
}

/// One change of the cluster. Each may be repeated without harm.
#[derive(Debug, Clone, PartialEq)]
pub enum Action {
    /// Keeps the TrendJob until its results are removed.
    AddFinalizer,
    /// Lets it go.
    RemoveFinalizer,
    /// Pins a run. One that exists stays as it is.
    CreateConfigMap(Box<ConfigMap>),
    /// Starts a stage. One that exists stays as it is.
    CreateJob(Box<Job>),
    /// Holds or releases the pods of a Job.
    SuspendJob {
        /// Its name.
        name: String,
        /// Whether they are held.
        suspend: bool,
    },
    /// Changes how many pods of a Job may run.
    ScaleJob {
        /// Its name.
        name: String,
        /// How many.
        parallelism: u32,
    },
    /// Removes a Job with its pods.
    DeleteJob {
        /// Its name.
        name: String,
    },
    /// Removes a `ConfigMap`.
    DeleteConfigMap {
        /// Its name.
        name: String,
    },
    /// Removes a pod whose node can't say that it is gone.
    ForceDeletePod {
        /// Its name.
        name: String,
        /// Its uid: another of the same name stays.
        uid: String,
    },
    /// Removes the TrendJob.
    DeleteTrendJob,
}

impl Action {
    /// Its name in logs.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::AddFinalizer => "AddFinalizer",
            Self::RemoveFinalizer => "RemoveFinalizer",
            Self::CreateConfigMap(_) => "CreateConfigMap",
            Self::CreateJob(_) => "CreateJob",
            Self::SuspendJob { .. } => "SuspendJob",
            Self::ScaleJob { .. } => "ScaleJob",
            Self::DeleteJob { .. } => "DeleteJob",
            Self::DeleteConfigMap { .. } => "DeleteConfigMap",
            Self::ForceDeletePod { .. } => "ForceDeletePod",
            Self::DeleteTrendJob => "DeleteTrendJob",
        }
    }
}

/// Decides what to do.
pub fn plan(job: &Valid, observed: &Observed, settings: &Settings, now: Timestamp) -> Plan {
    if let Some(since) = job.deleted {
        return deletion::plan(job, observed, settings, since, now);
    }
    if observed.is_namespace_going {
        return deletion::with_namespace(observed);
    }
    let finalizer = deletion::finalizer(job);
    // A run that began before the status said so has precedence over the one before, which is over.
    let has_begun = observed.run.as_ref().is_some_and(|run| {
        job.status.restarts.is_some_and(|restarts| run.config.restart > restarts)
    });
    // Of a run that is over nothing is left to be read.
    let unreadable = observed.unreadable.as_ref().filter(|(restart, _)| {
        !job.is_finished() || job.status.restarts.is_none_or(|noted| *restart > noted)
    });
    let mut plan = if let Some((restart, why)) = unreadable {
        wait_for_reader(job, observed, *restart, why, now)
    } else if job.is_finished() && !has_begun {
        finished::plan(job, observed, settings, now)
    } else if observed.run.is_none() {
        begin::plan(job, observed, settings, job.status.restarts.unwrap_or(0), 1, now)
    } else {
        go_on(job, observed, settings, now)
    };
    plan.actions.splice(0..0, finalizer);
    plan
}

/// Takes a run that was begun one step on.
fn go_on(job: &Valid, observed: &Observed, settings: &Settings, now: Timestamp) -> Plan {
    let step = step::step(job, observed);
    let mut actions = previous::remove(job, observed);
    let mut requeue = IDLE;
    let state = match step {
        Step::Ended(ended) => ended,
        Step::Wait(_) | Step::Create { .. } if clock::is_over(job, now) => {
            State::Failed(clock::over(job, step.stage()))
        }
        Step::Wait(stage) => {
            let held = hold::hold(job, observed, stage, &mut actions);
            if held.is_none() {
                parallelism::adjust(job, observed, stage, &mut actions);
            }
            held.unwrap_or_else(|| State::Running { stage, finding: observed.finding.clone() })
        }
        Step::Create { stage, .. } if job.spec.suspend => hold::by_user(stage),
        Step::Create { stage, .. } if observed.refusal.is_some() => {
            State::Running { stage, finding: refusal(observed, stage) }
        }
        Step::Create { stage, number, ref without } => {
            let made = crate::specs::stage_job(job, observed, settings, stage, number, without);
            actions.extend(made.map(|made| Action::CreateJob(Box::new(made))));
            requeue = LOOK_AGAIN;
            State::Running { stage, finding: None }
        }
    };
    let mut failed = None;
    let state = match state {
        State::Failed(failure) => {
            actions.extend(stop(observed));
            match finished::restart_in(job, observed, &failure, now) {
                Some(_) if job.spec.suspend => {
                    failed = Some(failure);
                    State::Pending
                }
                Some(Duration::ZERO) => return again(job, observed, settings, &failure, now),
                Some(wait) => {
                    requeue = wait;
                    State::Restarting(failure)
                }
                None => State::Failed(failure),
            }
        }
        state => state,
    };
    actions.extend(previous::forget(job, observed, &state));
    for (name, uid) in &observed.stuck_pods {
        actions.push(Action::ForceDeletePod { name: name.clone(), uid: uid.clone() });
    }
    requeue = requeue.min(look_again(observed, &state, now));
    let mut status = status::status(job, observed, &state, now);
    if let Some(failure) = failed {
        status::note_failure(&mut status, &failure, now);
    }
    let requeue = requeue.min(clock::left(job, &status, now).unwrap_or(IDLE));
    let requeue = if state.is_final() { finished::next(job, &status, now) } else { Some(requeue) };
    let notices = events::notices(job, observed, &status, &state);
    Plan { actions, status: Some(status), notices, requeue }
}

/// What the API server refuses of a stage.
fn refusal(observed: &Observed, stage: Stage) -> Option<Finding> {
    observed.refusal.as_ref().map(|what| diagnosis::refused(stage, what))
}

/// How soon pods are looked at again, for as long as something is wrong with them.
fn look_again(observed: &Observed, state: &State, now: Timestamp) -> Duration {
    match state {
        State::Running { finding: Some(_), .. } => LOOK_SELDOM,
        _ if observed.look_again => {
            let made = observed.jobs.values().next_back().and_then(|job| job.created);
            let age = made.and_then(|made| now.duration_since(made).try_into().ok());
            let half: Duration = age.unwrap_or(Duration::ZERO) / 2;
            half.clamp(LOOK_AGAIN, LOOK_LATER)
        }
        _ => IDLE,
    }
}

/// Waits for somebody who can tell what was asked for: the run was pinned by another version, or changed.
fn wait_for_reader(
    job: &Valid,
    observed: &Observed,
    restart: u32,
    why: &str,
    now: Timestamp,
) -> Plan {
    let run = run_name(job, restart);
    let at = observed.jobs.keys().next_back().copied().unwrap_or(Stage::Plan);
    let current = status::about(job, &run, now);
    let mut actions = Vec::new();
    let state = if clock::is_over(&current, now) {
        actions.extend(stop(observed));
        State::Failed(clock::over(&current, at))
    } else {
        let held = hold::hold(&current, observed, at, &mut actions);
        // Its pods may look changed to another version; nobody here could make them again.
        actions.retain(|action| job.spec.suspend || !matches!(action, Action::DeleteJob { .. }));
        let finding = Some(diagnosis::unreadable(at, &run.base(), why));
        held.unwrap_or(State::Running { stage: at, finding })
    };
    let status = status::status(&current, observed, &state, now);
    let notices = events::notices(job, observed, &status, &state);
    let is_over = state.is_final();
    let requeue = if is_over { finished::next(job, &status, now) } else { Some(LOOK_SELDOM) };
    Plan { actions, status: Some(status), notices, requeue }
}

/// Starts the next run after one that failed.
fn again(
    job: &Valid,
    observed: &Observed,
    settings: &Settings,
    failure: &Failure,
    now: Timestamp,
) -> Plan {
    let tries = observed.run.as_ref().map_or(1, |run| run.tries + 1);
    let restart = observed.run.as_ref().map_or(0, |run| run.config.restart + 1);
    let mut plan = begin::plan(job, observed, settings, restart, tries, now);
    if let Some(status) = &mut plan.status {
        status::note_failure(status, failure, now);
    }
    plan
}

/// Ends what still runs.
fn stop(observed: &Observed) -> impl Iterator<Item = Action> {
    let running = observed.jobs.values().filter(|job| job.end.is_none() && !job.is_deleted);
    running.map(|job| Action::DeleteJob { name: job.name.clone() })
}

/// The names of a TrendJob's run.
fn run_name(job: &Valid, restart: u32) -> RunName<'_> {
    RunName { name: &job.name, uid: &job.uid, restart }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::observed::ObservedJob;

    #[test]
    fn pods_that_do_not_come_up_are_looked_at_ever_more_seldom_but_within_half_a_minute() {
        let job = json!({
            "apiVersion": "batch/v1", "kind": "Job",
            "metadata": {"name": "j", "creationTimestamp": "2026-01-01T00:00:00Z"}, "spec": {},
        });
        let job = ObservedJob::of(Stage::Etl, &serde_json::from_value(job).unwrap());
        let mut observed = Observed { look_again: true, ..Observed::default() };
        observed.jobs.insert(Stage::Etl, job);
        let state = State::Running { stage: Stage::Etl, finding: None };
        let after = |seconds: i64| {
            let made: Timestamp = "2026-01-01T00:00:00Z".parse().unwrap();
            let now = Timestamp::from_second(made.as_second() + seconds).unwrap();
            look_again(&observed, &state, now).as_secs()
        };
        // A clock behind that of the API server is no reason to wait.
        assert_eq!([-60, 0, 5, 10, 16, 24, 3600].map(after), [5, 5, 5, 5, 8, 12, 12]);
        let still = Observed { look_again: false, ..observed.clone() };
        assert_eq!(look_again(&still, &state, Timestamp::UNIX_EPOCH), IDLE);
    }
}
