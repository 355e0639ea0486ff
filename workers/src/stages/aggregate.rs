//! An aggregate pod: merges one partition over all shards.

use std::collections::BTreeSet;

use pipeline::aggregate::{aggregate, check_malformed};
use pipeline::{Error, etl};
use store::Stage;
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
        let outside = Error::OutsidePlan {
            stage: Stage::Aggregate,
            index: partition,
            count: plan.partitions as usize,
        };
        let partition = u16::try_from(partition).map_err(|_| outside)?;
        let shards = etl::all_finished(&self.context, &plan, without)?;
        check_malformed(&plan, &shards)?;
        aggregate(&self.context, &plan, &shards, partition)?;
        Ok(Ending::done(TerminationMessage::default()))
    }
}
