//! The publish stage: makes the result visible, then cleans up.

use std::collections::BTreeSet;

use pipeline::aggregate::all_finished;
use pipeline::publish::publish;
use pipeline::{Context, Plan, etl};
use store::mongo::records;
use store::retention::clean_up_source;
use store::{SourceName, Stage, StoreError};

use super::{Work, now};
use crate::beside::Beside;
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
        let partitions = all_finished(context, &plan)?;
        let (generation, index) = publish(context, &plan, &shards, &partitions, &now())?;
        let without: Vec<u32> = without.iter().copied().collect();
        self.follow_up(&plan, &without, etl::kept(&shards))?;
        Ok(Ending::done(self.published(&generation, &index)))
    }

    /// If a later run has published: an earlier attempt of this one may have written beside that,
    /// and have been killed before it saw it.
    pub(super) fn caught_up(&self, ended: Result<Ending, Ending>) -> Result<Ending, Ending> {
        if ended.as_ref().is_err_and(Ending::is_superseded) {
            let source = SourceName::new(&self.config.spec.source).map_err(StoreError::Name)?;
            if let Some(beside) = self.beside(&source) {
                beside.catch_up()?;
            }
        }
        ended
    }

    /// Writes records and plain documents of a published result, then cleans up. A failed clean-up
    /// doesn't fail the run: the next run repeats it.
    pub(super) fn follow_up(&self, plan: &Plan, without: &[u32], kept: u64) -> Result<(), Ending> {
        let Context { runtime, store, run, .. } = &self.context;
        if let Some(beside) = self.beside(&plan.source) {
            beside.publish(without, kept)?;
        }
        let retention = request::retention(&self.config.spec.sink.retention);
        let seconds = service::clock::seconds();
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

    /// Returns the access to records and plain documents, if the store is a MongoDB.
    fn beside<'a>(&'a self, source: &'a SourceName) -> Option<Beside<'a>> {
        let (context, sink) = (&self.context, &self.config.spec.sink.mongodb);
        self.mongo.as_ref().map(|store| Beside { context, store, source, sink })
    }
}
