//! An etl pod: counts one shard.

use super::{Work, counted};
use crate::ending::Ending;

impl Work {
    /// Counts a shard.
    pub(crate) fn etl(&self, plan_hash: &str, shard: u32) -> Result<Ending, Ending> {
        let plan = self.plan_of(plan_hash)?;
        let shard = pipeline::etl::etl(&self.context, &plan, shard)?;
        Ok(Ending::done(counted(&shard.marker.report.records)))
    }
}
