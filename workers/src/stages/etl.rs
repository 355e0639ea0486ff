//! The etl stage: counts one shard.

use super::{Work, counted};
use crate::ending::Ending;

impl Work {
    /// Counts a shard.
    pub(crate) fn etl(&self, plan_hash: &str, shard: u32) -> Result<Ending, Ending> {
        let plan = self.plan_of(plan_hash)?;
        let shard = pipeline::etl::etl(&self.context, &plan, plan.shard(shard)?)?;
        let report = &shard.marker.report;
        if report.left_out > 0 {
            let why = "they are above 8 MiB, or hold values that no document can hold";
            tracing::warn!(left_out = report.left_out, why, "records were counted, but not stored");
        }
        Ok(Ending::done(counted(&report.records)))
    }
}
