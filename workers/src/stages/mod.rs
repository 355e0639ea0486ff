//! The stages as a pod runs them: one attempt at one stage. Owns the reports of the stages; the
//! pipeline does the work.

mod plan;
mod publish;
mod purge;

use std::path::PathBuf;

use pipeline::aggregate::{aggregate, all_finished, check_records};
use pipeline::etl::{self, etl};
use pipeline::plan::stored;
use pipeline::score::score_partition;
use pipeline::{Context, Plan, check_not_superseded};
use service::clock;
use store::{Generation, MongoStore};
use trendjob::{Records, ResultSummary, RunConfig, TerminationMessage};
use trends::result::ResultContents;
use trends::time::rfc3339;
use trends::{Kind, RecordCounts};

use crate::args::{Command, IndexArgs, LaterArgs};
use crate::ending::Ending;

pub(crate) use purge::purge;

/// An attempt, ready to begin.
#[derive(Debug)]
pub(crate) struct Work {
    /// The store, names and limits of the attempt.
    pub(crate) context: Context,
    /// The store once more, by its own type, if it is a MongoDB.
    pub(crate) mongo: Option<MongoStore>,
    /// The configuration of the run.
    pub(crate) config: RunConfig,
    /// The folder in which the input volume is mounted.
    pub(crate) data: PathBuf,
}

impl Work {
    /// Runs the stage that a command names. A purge has no run, and so no stage.
    pub(crate) fn run(&self, command: &Command) -> Result<Ending, Ending> {
        match command {
            Command::Plan(_) => self.plan(),
            Command::Etl(args) => self.etl(args),
            Command::Aggregate(args) => self.aggregate(args),
            Command::Score(args) => self.score(args),
            Command::Publish(args) => self.caught_up(self.publish(args)),
            Command::Purge(_) => Ok(Ending::default()),
        }
    }

    /// Counts a shard.
    fn etl(&self, args: &IndexArgs) -> Result<Ending, Ending> {
        let plan = self.plan_of(&args.later)?;
        let shard = etl(&self.context, &plan, plan.shard(args.index)?)?;
        let report = &shard.marker.report;
        if report.not_stored > 0 {
            let why = "they are above 8 MiB, or hold values that no document can hold";
            tracing::warn!(
                left_out = report.not_stored,
                why,
                "records were counted, but not stored"
            );
        }
        Ok(Ending::done(counted(&report.records)))
    }

    /// Merges a partition, unless too many records of the run are malformed.
    fn aggregate(&self, args: &IndexArgs) -> Result<Ending, Ending> {
        let plan = self.plan_of(&args.later)?;
        let partition = plan.partition(args.index)?;
        let without = &args.later.without_shards.0;
        let shards = etl::all_finished(&self.context, &plan, without, Some(partition))?;
        check_records(&self.context.run, &plan, &shards)?;
        aggregate(&self.context, &plan, &shards, partition)?;
        Ok(Ending::done(TerminationMessage::default()))
    }

    /// Scores a partition, after all partitions are merged.
    fn score(&self, args: &IndexArgs) -> Result<Ending, Ending> {
        let plan = self.plan_of(&args.later)?;
        let partition = plan.partition(args.index)?;
        let without = &args.later.without_shards.0;
        let shards = etl::all_finished(&self.context, &plan, without, None)?;
        let partitions = all_finished(&self.context, &plan)?;
        score_partition(&self.context, &plan, &shards, &partitions, partition)?;
        Ok(Ending::done(TerminationMessage::default()))
    }

    /// Returns the plan of a later stage. Fails with `Superseded` if a later run has been
    /// published.
    fn plan_of(&self, args: &LaterArgs) -> Result<Plan, Ending> {
        let plan = stored(&self.context, Some(&args.plan_hash))?;
        check_not_superseded(&self.context, &plan)?;
        Ok(plan)
    }

    /// Returns the report of a published result.
    fn published(&self, generation: &Generation, contents: &ResultContents) -> TerminationMessage {
        let result = ResultSummary {
            database: self.config.spec.sink.mongodb.database.clone(),
            generation: generation.generation,
            digest: contents.digest.clone(),
            topics: contents.topics(Kind::Word),
            incomplete: contents.incomplete,
        };
        TerminationMessage { result: Some(result), ..counted(&contents.records) }
    }
}

/// Returns a report with the numbers of records.
fn counted(records: &RecordCounts) -> TerminationMessage {
    TerminationMessage {
        records: Some(Records {
            read: records.read,
            counted: records.counted,
            empty: records.empty.values().sum(),
            malformed: records.malformed_total(),
        }),
        malformed: records.malformed.clone(),
        ..TerminationMessage::default()
    }
}

/// Returns the time as RFC 3339 text in UTC.
fn now() -> String {
    rfc3339(i64::try_from(clock::seconds()).unwrap_or(i64::MAX))
}
