//! The stages as a pod does them: one attempt, found in the store by run and index. Owns what each
//! reports; the work itself is the pipeline's.

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

/// One attempt, ready to begin.
#[derive(Debug)]
pub(crate) struct Work {
    /// The attempt.
    pub(crate) context: Context,
    /// The database, if results are in one.
    pub(crate) mongo: Option<MongoStore>,
    /// The run.
    pub(crate) config: RunConfig,
    /// Where the input volume is mounted.
    pub(crate) data: PathBuf,
}

impl Work {
    /// The plan this pod was started for, unless a later run made the work useless.
    fn plan_of(&self, hash: &str) -> Result<Plan, Ending> {
        let plan = stored(&self.context, Some(hash))?;
        check_not_superseded(&self.context, &plan)?;
        Ok(plan)
    }

    /// What is reported of a published result.
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

/// What is reported of records.
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
