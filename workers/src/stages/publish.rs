//! The publish stage: makes the result visible, then cleans up.

use pipeline::aggregate::all_finished;
use pipeline::publish::publish;
use pipeline::{Context, Plan, etl};
use service::error_chain;
use store::mongo::{plain, records};
use store::retention::clean_up_source;
use store::{SourceName, Stage, StoreError};
use trendjob::TerminationMessage;

use super::{Work, now};
use crate::args::LaterArgs;
use crate::ending::Ending;

/// The longest warning, in bytes: a termination message has room for it.
const MAX_WARNING: usize = 1_000;

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
        let warning = self.follow_up(&plan, &without, etl::stored_records(&shards));
        let published = self.published(&generation, &contents);
        Ok(Ending::done(TerminationMessage { warning, ..published }))
    }

    /// Makes the plain documents agree with the visible result if a later run has been published:
    /// an attempt of this run may have replaced them before it was killed. The end of the run stays
    /// the same if that fails: the next run repeats it.
    pub(super) fn caught_up(&self, ended: Result<Ending, Ending>) -> Result<Ending, Ending> {
        let Context { runtime, attempt, .. } = &self.context;
        if ended.as_ref().is_err_and(Ending::is_superseded) {
            let source = SourceName::new(&self.config.spec.source).map_err(StoreError::Name)?;
            if let Some(mongo) = &self.mongo {
                let documents = self.documents();
                let caught_up = plain::catch_up(mongo, &source, attempt, documents);
                if let Err(error) = runtime.block_on(caught_up) {
                    let error = error_chain(&error);
                    tracing::warn!(error, "the plain documents were not brought up to date");
                }
            }
        }
        ended
    }

    /// Makes records and plain documents agree with the result that was just published, then cleans
    /// up. `without` are the shards that the result lacks, `kept` is the number of records that the
    /// other shards stored.
    ///
    /// The result is visible, so nothing fails the run any more: the next run repeats what failed.
    /// Returns a warning if readers of the database find older records or plain documents, or an
    /// empty text.
    pub(super) fn follow_up(&self, plan: &Plan, without: &[u32], kept: u64) -> String {
        let warning = self.copy(plan, without, kept).err().map(|error| {
            let error = error_chain(&error);
            tracing::warn!(error, "records or plain documents were not written");
            let mut warning = format!(
                "the result is published, but its records or plain documents are not written: {error}; the next run of the source writes its own"
            );
            warning.truncate(warning.floor_char_boundary(MAX_WARNING));
            warning
        });
        self.clean_up(&plan.source);
        warning.unwrap_or_default()
    }

    /// Makes records and plain documents agree with the result.
    fn copy(&self, plan: &Plan, without: &[u32], kept: u64) -> Result<(), StoreError> {
        let Context { runtime, run, attempt, .. } = &self.context;
        let Some(mongo) = &self.mongo else { return Ok(()) };
        runtime.block_on(async {
            let shown = if self.config.spec.sink.mongodb.store_records {
                records::publish(mongo, &plan.source, run, without, kept).await
            } else {
                Ok(())
            };
            plain::refresh(mongo, &plan.source, attempt, self.documents()).await.and(shown)
        })
    }

    fn clean_up(&self, source: &SourceName) {
        let Context { runtime, store, run, .. } = &self.context;
        let sink = &self.config.spec.sink;
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
    }

    /// Returns the number of plain documents to keep; a negative number in the manifest means all.
    fn documents(&self) -> u64 {
        u64::try_from(self.config.spec.sink.mongodb.documents).unwrap_or(u64::MAX)
    }
}
