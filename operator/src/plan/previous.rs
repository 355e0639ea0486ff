//! What is left of the run before. It goes once the next one has begun, never before: of a run without its
//! `ConfigMap` nobody could tell any more that it ended.

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
