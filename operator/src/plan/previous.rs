//! What is left of the run before. It goes once the next one has begun, never before: of a run without its
//! `ConfigMap` nobody could tell any more that it ended.

use super::state::State;
use super::{Action, run_name};
use crate::observed::{Observed, Valid};

/// Removes it. The `ConfigMap` goes first: the Jobs, which the watch shows, are what tells that it may
/// be there.
pub(super) fn remove(job: &Valid, observed: &Observed) -> Vec<Action> {
    let Some(run) = observed.run.as_ref().filter(|_| !observed.previous.is_empty()) else {
        return Vec::new();
    };
    let name = run_name(job, run.config.restart.saturating_sub(1)).base();
    let jobs = observed.previous.iter().map(|name| Action::DeleteJob { name: name.clone() });
    std::iter::once(Action::DeleteConfigMap { name }).chain(jobs).collect()
}

/// The `ConfigMap` of the run before, once this one has ended: nothing shows whether it is left where its
/// Jobs went before.
pub(super) fn forget(job: &Valid, observed: &Observed, state: &State) -> Option<Action> {
    let restart = observed.run.as_ref()?.config.restart.checked_sub(1)?;
    let is_due = state.is_final() && observed.previous.is_empty();
    is_due.then(|| Action::DeleteConfigMap { name: run_name(job, restart).base() })
}
