//! The plan stage: plans a run, and runs all stages of a small one.

use pipeline::etl::{self, Shard};
use pipeline::input::{Compression, Object};
use pipeline::{Plan, Spec, check_not_superseded, local, plan};
use trendjob::{PlanSummary, TerminationMessage};

use super::{Work, now};
use crate::ending::Ending;
use crate::job;

impl Work {
    /// Plans the run. A plan that is stored already is reported again.
    pub(super) fn plan(&self) -> Result<Ending, Ending> {
        let spec = job::spec(&self.config.spec, &self.data)?;
        let plan = plan::plan(&self.context, &spec)?;
        let summary = Some(summary(&plan));
        if !is_small(&plan, spec.chunk_size) {
            return Ok(Ending::done(TerminationMessage { plan: summary, ..Default::default() }));
        }
        // Three Jobs one after another take longer than the run itself.
        self.caught_up(self.do_all_stages(&plan, &spec, summary))
    }

    fn do_all_stages(
        &self,
        plan: &Plan,
        spec: &Spec,
        summary: Option<PlanSummary>,
    ) -> Result<Ending, Ending> {
        check_not_superseded(&self.context, plan)?;
        let mut kept = 0;
        let counted = |_: &Plan, shards: &[Shard]| {
            kept = etl::stored_records(shards);
            Ok(())
        };
        let run = local::run(&self.context, Some(spec), counted, now)?;
        let warning = self.follow_up(plan, &[], kept);
        let published = self.published(&run.generation, &run.contents);
        Ok(Ending::done(TerminationMessage { plan: summary, warning, ..published }))
    }
}

fn is_small(plan: &Plan, chunk_size: u64) -> bool {
    plan.shards.len() <= 1 && plan.bytes() <= chunk_size
}

fn summary(plan: &Plan) -> PlanSummary {
    let compressed = |object: &Object| object.compression != Compression::None;
    PlanSummary {
        hash: plan.hash().to_owned(),
        start_number: plan.start,
        // There are at most `maxShards` of them.
        shards: plan.shards.len() as u32,
        partitions: plan.partitions,
        objects: plan.objects.len() as u64,
        compressed: plan.objects.iter().filter(compressed).count() as u64,
        bytes: plan.bytes(),
    }
}
