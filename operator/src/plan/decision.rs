//! The decision of a policy. No policy writes a status or words an event: `conclude` does that for
//! all of them.

use std::time::Duration;

use super::action::Action;
use super::state::{Failure, State};

/// The time until the next look at pods that don't come up, and at a Job that was just created.
pub(super) const LOOK_AGAIN: Duration = Duration::from_secs(5);

/// The longest time between two looks at pods that still don't come up. Hundreds of runs that wait
/// for room must not keep the API server busy, but a late cause is to be reported within 30 s.
pub(super) const LOOK_LATER: Duration = Duration::from_secs(12);

/// The time until the next look once the cause is known. Fixing the cause changes the Job, and the
/// watch shows that at once.
pub(super) const LOOK_SELDOM: Duration = Duration::from_secs(15);

/// The longest time between two looks at a run. It makes up for an event that a watch lost.
pub(super) const IDLE: Duration = Duration::from_mins(5);

/// The decision of a policy.
#[derive(Debug)]
pub(super) struct Decision {
    /// The changes of the cluster, in this order.
    pub(super) actions: Vec<Action>,
    /// The subject of the status and the events.
    pub(super) report: Report,
    /// The time until the next look; `None` if nothing can happen by itself.
    pub(super) look_again: Option<Duration>,
}

/// The subject of the status and the events.
#[derive(Debug)]
pub(super) enum Report {
    /// No status and no event, because the TrendJob is being deleted.
    Leaving,
    /// The TrendJob is being deleted, but its results stay, for this reason.
    Abandoned(String),
    /// The run ended in an earlier pass; its status is brought up to the present generation of the
    /// spec.
    Ended,
    /// A run is in this state.
    Run {
        /// The run.
        run: Subject,
        /// Its state.
        state: State,
        /// A failure for the status that the state does not contain: that of the previous run, or
        /// of a held run.
        failure: Option<Failure>,
    },
}

/// The run that a decision is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Subject {
    /// The observed run; the run of the status if none is observed.
    Observed,
    /// The run with this number, whose `ConfigMap` is missing or unreadable.
    Unpinned(u32),
    /// The run with this number, which begins now. Everything observed belongs to the run before.
    New(u32),
}

impl Decision {
    /// A decision about a run in this state.
    pub(super) const fn about(
        run: Subject,
        state: State,
        actions: Vec<Action>,
        look_again: Option<Duration>,
    ) -> Self {
        Self { actions, report: Report::Run { run, state, failure: None }, look_again }
    }

    /// A decision about a TrendJob that is being deleted.
    pub(super) const fn leaving(actions: Vec<Action>, look_again: Option<Duration>) -> Self {
        Self { actions, report: Report::Leaving, look_again }
    }
}
