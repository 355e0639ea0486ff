//! Turning the observed state of a TrendJob into the plan of a pass. Pure, with the time as an
//! input, and infallible. Owns the order of the policies, each of which has a file; refuses to know
//! clients.
//!
//! One policy decides (`Decision`), then `conclude` makes the status, the events and the time of
//! the next pass.

mod action;
mod advance;
mod begin;
mod clock;
mod conclude;
pub mod conditions;
mod decision;
mod deletion;
pub mod events;
mod finished;
mod hold;
mod restart;
pub mod state;
mod status;
mod step;
mod unreadable;

pub use action::{Action, PassPlan};
pub use conclude::refuse;
pub use events::Notice;
pub use restart::is_restart_requested;
pub(crate) use step::REPEATS;

use crate::pass::Pass;
use decision::Decision;

/// Makes the plan of a pass.
pub fn plan(pass: &Pass<'_>) -> PassPlan {
    let Pass { trendjob, observed, .. } = *pass;
    if let Some(since) = trendjob.deleted {
        return conclude::conclude(pass, deletion::decide(pass, since));
    }
    if observed.is_namespace_terminating {
        return conclude::conclude(pass, deletion::with_namespace(observed));
    }
    let mut plan = conclude::conclude(pass, decide(pass));
    plan.actions.splice(0..0, deletion::finalizer(trendjob));
    plan
}

/// Chooses the policy by the state of the run, and returns its decision.
fn decide(pass: &Pass<'_>) -> Decision {
    let Pass { trendjob, observed, .. } = *pass;
    let noted = trendjob.status.restarts;
    // A further run may have begun that the status doesn't record yet. That run takes precedence,
    // because the recorded one is over.
    let has_begun = observed
        .run
        .as_ref()
        .is_some_and(|run| noted.is_some_and(|noted| run.config.restart > noted));
    // The ConfigMap of a finished run is not needed any more.
    let unreadable = observed.unreadable.as_ref().filter(|(restart, _)| {
        !trendjob.is_finished() || noted.is_none_or(|noted| *restart > noted)
    });
    if let Some((restart, why)) = unreadable {
        unreadable::decide(pass, *restart, why)
    } else if trendjob.is_finished() && !has_begun {
        finished::decide(pass)
    } else if let Some(run) = &observed.run {
        advance::decide(pass, run)
    } else {
        begin::decide(pass, noted.unwrap_or(0), 1)
    }
}
