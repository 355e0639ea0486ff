//! How many pods of a stage may run at once: `sharding.parallelism`, also while they run. A queue
//! decides itself.

use super::Action;
use crate::names::Stage;
use crate::observed::{Observed, Valid};

/// What a stage with so many indexes begins with.
pub(crate) fn of(job: &Valid, indexes: u32) -> u32 {
    job.spec.sharding.parallelism.min(indexes).max(1)
}

/// Brings a running Job to what is wanted now.
pub(super) fn adjust(job: &Valid, observed: &Observed, stage: Stage, actions: &mut Vec<Action>) {
    let running = observed.jobs.get(&stage).filter(|running| running.is_running());
    let Some(running) = running.filter(|_| stage.is_indexed()) else { return };
    let parallelism = of(job, running.completions);
    if running.parallelism != parallelism && !running.is_queued {
        actions.push(Action::ScaleJob { name: running.name.clone(), parallelism });
    }
}
