//! The remains of the previous run. They go once the next run has begun, never before: without its
//! `ConfigMap` a run could not be recognised as ended.

use super::action::Action;
use super::state::State;
use crate::observed::Observed;
use crate::validate::CheckedTrendJob;

/// Deletes the remains. The `ConfigMap` goes first: the Jobs, which the watch shows, are the only
/// sign that it may be left.
pub(super) fn remove(trendjob: &CheckedTrendJob, observed: &Observed) -> Vec<Action> {
    let Some(run) = observed.run.as_ref().filter(|_| !observed.previous.is_empty()) else {
        return Vec::new();
    };
    let name = trendjob.run_name(run.config.restart.saturating_sub(1)).base();
    let jobs = observed.previous.iter().map(|name| Action::DeleteJob { name: name.clone() });
    std::iter::once(Action::DeleteConfigMap { name }).chain(jobs).collect()
}

/// Deletes the `ConfigMap` of the previous run at the end of this one: if its Jobs were deleted
/// before, nothing shows whether it is left.
pub(super) fn forget(
    trendjob: &CheckedTrendJob,
    observed: &Observed,
    state: &State,
) -> Option<Action> {
    let restart = observed.run.as_ref()?.config.restart.checked_sub(1)?;
    let is_due = state.is_final() && observed.previous.is_empty();
    is_due.then(|| Action::DeleteConfigMap { name: trendjob.run_name(restart).base() })
}
