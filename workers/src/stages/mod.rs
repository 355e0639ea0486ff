//! The stages as pods do them: one attempt each. Owns the reports of the stages; the pipeline does
//! the work.

mod aggregate;
mod etl;
mod plan;
mod publish;
mod purge;
mod score;

use std::path::PathBuf;

use pipeline::plan::stored;
use pipeline::{Context, Plan, check_not_superseded};
use service::clock;
use store::{Generation, MongoStore};
use trendjob::{Published, Records, RunConfig, TerminationMessage};
use trends::result::ResultIndex;
use trends::time::rfc3339;
use trends::{Kind, RecordCounts};

use crate::ending::Ending;

pub(crate) use purge::purge;

/// An attempt, ready to begin.
#[derive(Debug)]
pub(crate) struct Work {
    /// The store, names and limits of the attempt.
    pub(crate) context: Context,
    /// The store again if it is a MongoDB.
    pub(crate) mongo: Option<MongoStore>,
    /// The configuration of the run.
    pub(crate) config: RunConfig,
    /// The folder in which the input volume is mounted.
    pub(crate) data: PathBuf,
}

impl Work {
    /// Returns the plan with this hash. Fails with `Superseded` if a later run has been published.
    fn plan_of(&self, hash: &str) -> Result<Plan, Ending> {
        let plan = stored(&self.context, Some(hash))?;
        check_not_superseded(&self.context, &plan)?;
        Ok(plan)
    }

    /// Returns the report of a published result.
    fn published(&self, generation: &Generation, index: &ResultIndex) -> TerminationMessage {
        let result = Published {
            database: self.config.spec.sink.mongodb.database.clone(),
            generation: generation.generation,
            digest: index.digest.clone(),
            topics: index.topics(Kind::Word),
            incomplete: index.incomplete,
        };
        TerminationMessage { result: Some(result), ..counted(&index.records) }
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
