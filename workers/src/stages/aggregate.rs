//! The aggregate stage: merges one partition over all shards.

use std::collections::BTreeSet;

use pipeline::aggregate::{aggregate, check_records};
use pipeline::etl;
use trendjob::TerminationMessage;

use super::Work;
use crate::ending::Ending;

impl Work {
    /// Merges a partition, unless too many records of the run are malformed.
    pub(crate) fn aggregate(
        &self,
        plan_hash: &str,
        partition: u32,
        without: &BTreeSet<u32>,
    ) -> Result<Ending, Ending> {
        let plan = self.plan_of(plan_hash)?;
        let partition = plan.partition(partition)?;
        let shards = etl::all_finished(&self.context, &plan, without)?;
        check_records(&plan, &shards)?;
        aggregate(&self.context, &plan, &shards, partition)?;
        Ok(Ending::done(TerminationMessage::default()))
    }
}
