//! The publish stage: makes the result visible, then cleans up.

use pipeline::aggregate::all_finished;
use pipeline::publish::publish;
use pipeline::{Context, Plan, etl};
use store::mongo::{plain, records};
use store::retention::clean_up_source;
use store::{SourceName, Stage, StoreError};

use super::{Work, now};
use crate::args::LaterArgs;
use crate::ending::Ending;

impl Work {
    /// Publishes the run.
    pub(super) fn publish(&self, args: &LaterArgs) -> Result<Ending, Ending> {
        let context = &self.context;
        let without = &args.without_shards.0;
        let plan = self.plan_of(args)?;
        let shards = etl::all_finished(context, &plan, without, None)?;
        let partitions = all_finished(context, &plan)?;
        let (generation, contents) = publish(context, &plan, &shards, &partitions, &now())?;
        let without: Vec<u32> = without.iter().copied().collect();
        self.follow_up(&plan, &without, etl::stored_records(&shards))?;
        Ok(Ending::done(self.published(&generation, &contents)))
    }

    /// Makes the plain documents agree with the visible result if a later run has been published:
    /// an attempt of this run may have replaced them before it was killed.
    pub(super) fn caught_up(&self, ended: Result<Ending, Ending>) -> Result<Ending, Ending> {
        let Context { runtime, attempt, .. } = &self.context;
        if ended.as_ref().is_err_and(Ending::is_superseded) {
            let source = SourceName::new(&self.config.spec.source).map_err(StoreError::Name)?;
            if let Some(mongo) = &self.mongo {
                runtime.block_on(plain::catch_up(mongo, &source, attempt, self.documents()))?;
            }
        }
        ended
    }

    /// Makes records and plain documents agree with the result that was just published, then cleans
    /// up. `without` are the shards that the result lacks, `kept` is the number of records that the
    /// other shards stored. A failed clean-up doesn't fail the run: the next run repeats it.
    pub(super) fn follow_up(&self, plan: &Plan, without: &[u32], kept: u64) -> Result<(), Ending> {
        let Context { runtime, store, run, attempt, .. } = &self.context;
        let (source, sink) = (&plan.source, &self.config.spec.sink);
        if let Some(mongo) = &self.mongo {
            runtime.block_on(async {
                if sink.mongodb.store_records {
                    records::publish(mongo, source, run, without, kept).await?;
                }
                plain::refresh(mongo, source, attempt, self.documents()).await
            })?;
        }
        let retention = request::retention(&sink.retention);
        let seconds = service::clock::seconds();
        let cleaned = runtime.block_on(async {
            store.remove_blocks(run, Stage::Etl).await?;
            let cleaned = clean_up_source(&**store, source, retention, seconds).await?;
            if let Some(mongo) = &self.mongo {
                records::sweep(mongo, source).await?;
            }
            Ok::<_, StoreError>(cleaned)
        });
        match cleaned {
            Ok(cleaned) => tracing::info!(cleaned.retired, cleaned.removed, "cleaned up"),
            Err(error) => tracing::warn!(%error, "clean-up was not finished"),
        }
        Ok(())
    }

    /// Returns the number of plain documents to keep; a negative number in the manifest means all.
    fn documents(&self) -> u64 {
        u64::try_from(self.config.spec.sink.mongodb.documents).unwrap_or(u64::MAX)
    }
}
