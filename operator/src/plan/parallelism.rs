//! `sharding.parallelism`: the number of pods of a stage that may run at once. It may change while
//! they run, except in a Job whose queue decides about it.

use super::action::Action;
use crate::names::Stage;
use crate::observed::Observed;
use crate::validate::CheckedTrendJob;

/// Brings a running Job in line with the spec.
pub(super) fn adjust(
    trendjob: &CheckedTrendJob,
    observed: &Observed,
    stage: Stage,
) -> Option<Action> {
    let job = observed.jobs.get(&stage).filter(|job| job.is_running() && stage.is_indexed())?;
    let parallelism = trendjob.parallelism(job.completions);
    let is_due = job.parallelism != parallelism && !job.is_queued;
    is_due.then(|| Action::ScaleJob { name: job.name.clone(), parallelism })
}
