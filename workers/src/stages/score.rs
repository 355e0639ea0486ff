//! The score stage: scores one partition, after all are merged.

use std::collections::BTreeSet;

use pipeline::aggregate::all_finished;
use pipeline::etl;
use pipeline::score::score_partition;
use trendjob::TerminationMessage;

use super::Work;
use crate::ending::Ending;

impl Work {
    /// Scores a partition, unless another attempt has.
    pub(crate) fn score(
        &self,
        plan_hash: &str,
        partition: u32,
        without: &BTreeSet<u32>,
    ) -> Result<Ending, Ending> {
        let plan = self.plan_of(plan_hash)?;
        let partition = plan.partition(partition)?;
        let shards = etl::all_finished(&self.context, &plan, without)?;
        let partitions = all_finished(&self.context, &plan)?;
        score_partition(&self.context, &plan, &shards, &partitions, partition)?;
        Ok(Ending::done(TerminationMessage::default()))
    }
}
