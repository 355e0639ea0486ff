//! The publish pod: makes the result visible, then cleans up behind the run.

use std::collections::BTreeSet;

use pipeline::aggregate::{all_finished, check_records};
use pipeline::publish::publish;
use pipeline::{Context, Plan, etl};
use store::mongo::records;
use store::retention::clean_up_source;
use store::{Stage, StoreError};

use super::{Work, now};
use crate::beside;
use crate::ending::Ending;

impl Work {
    /// Publishes the run.
    pub(crate) fn publish(
        &self,
        plan_hash: &str,
        without: &BTreeSet<u32>,
    ) -> Result<Ending, Ending> {
        self.caught_up(self.published_by(plan_hash, without))
    }

    fn published_by(&self, plan_hash: &str, without: &BTreeSet<u32>) -> Result<Ending, Ending> {
        let context = &self.context;
        let plan = self.plan_of(plan_hash)?;
        let shards = etl::all_finished(context, &plan, without)?;
        let records = check_records(&plan, &shards)?;
        let partitions = all_finished(context, &plan)?;
        let (generation, index) = publish(context, &plan, records, &shards, &partitions, &now())?;
        let without: Vec<u32> = without.iter().copied().collect();
        self.follow_up(&plan, &without, etl::kept(&shards))?;
        Ok(Ending::done(self.published(&generation, &index)))
    }

    /// If a later run has published: an earlier attempt of this one may have written beside that,
    /// and have been killed before it saw it.
    pub(super) fn caught_up(&self, ended: Result<Ending, Ending>) -> Result<Ending, Ending> {
        let (Err(ending), Some(mongo)) = (&ended, &self.mongo) else { return ended };
        if ending.is_superseded() {
            let spec = &self.config.spec;
            beside::catch_up(&self.context, mongo, &spec.source, &spec.sink.mongodb)?;
        }
        ended
    }

    /// Does what follows a published result: what is kept beside it, then clean-up. That must not
    /// fail a run whose result is there: the next run does what was left.
    pub(super) fn follow_up(&self, plan: &Plan, without: &[u32], kept: u64) -> Result<(), Ending> {
        let Context { runtime, store, run, .. } = &self.context;
        let sink = &self.config.spec.sink.mongodb;
        if let Some(mongo) = &self.mongo {
            beside::publish(&self.context, mongo, plan, sink, without, kept)?;
        }
        let retention = request::retention(&self.config.spec);
        let seconds = u64::try_from(chrono::Utc::now().timestamp()).unwrap_or(0);
        let cleaned = runtime.block_on(async {
            store.remove_blocks(run, Stage::Etl).await?;
            let cleaned = clean_up_source(&**store, &plan.source, retention, seconds).await?;
            if let Some(mongo) = &self.mongo {
                records::sweep(mongo, &plan.source).await?;
            }
            Ok::<_, StoreError>(cleaned)
        });
        match cleaned {
            Ok(cleaned) => tracing::info!(cleaned.retired, cleaned.removed, "cleaned up"),
            Err(error) => tracing::warn!(%error, "clean-up was not finished"),
        }
        Ok(())
    }
}
