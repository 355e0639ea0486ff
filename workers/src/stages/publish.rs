//! The publish pod: makes the result visible, then cleans up behind the run.

use std::collections::BTreeSet;

use pipeline::aggregate::{all_finished, check_malformed};
use pipeline::publish::publish;
use pipeline::{Context, Plan, etl};
use store::Stage;
use store::retention::clean_up_source;

use super::{Work, now};
use crate::ending::Ending;
use crate::job;

impl Work {
    /// Publishes the run.
    pub(crate) fn publish(
        &self,
        plan_hash: &str,
        without: &BTreeSet<u32>,
    ) -> Result<Ending, Ending> {
        let context = &self.context;
        let plan = self.plan_of(plan_hash)?;
        let shards = etl::all_finished(context, &plan, without)?;
        let records = check_malformed(&plan, &shards)?;
        let partitions = all_finished(context, &plan)?;
        let (generation, index) = publish(context, &plan, records, &shards, &partitions, &now())?;
        self.clean_up(&plan);
        Ok(Ending::done(self.published(&generation, &index)))
    }

    /// Tidies up behind a published run. Failing to is no reason to fail: the next run does it.
    pub(super) fn clean_up(&self, plan: &Plan) {
        let Context { runtime, store, run, .. } = &self.context;
        if let Err(error) = runtime.block_on(store.remove_blocks(run, Stage::Etl)) {
            tracing::warn!(%error, "the partials of the published run were not removed");
        }
        let retention = job::retention(&self.config.spec);
        let seconds = u64::try_from(chrono::Utc::now().timestamp()).unwrap_or(0);
        let cleaned = clean_up_source(&**store, &plan.source, retention, seconds);
        match runtime.block_on(cleaned) {
            Ok(cleaned) => tracing::info!(cleaned.retired, cleaned.removed, "cleaned up"),
            Err(error) => tracing::warn!(%error, "clean-up was not finished"),
        }
    }
}
