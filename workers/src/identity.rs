//! The identity of a worker's attempt: its run, stage, index and name, which every log line
//! carries. Owns the origin of each.

use service::logs::Fields;
use uuid::Uuid;

use crate::args::{Args, Command};
use crate::job;

/// The identity of an attempt.
#[derive(Debug, Clone)]
pub(crate) struct Identity {
    /// The run, or the TrendJob's uid for a purge; empty if the run's configuration can't be read.
    run: String,
    stage: &'static str,
    index: u32,
    /// The name of the attempt: the pod's UID, or a new one.
    pub(crate) attempt: String,
}

impl Identity {
    /// Takes the identity from the arguments, before they are checked.
    pub(crate) fn of(args: &Args) -> Self {
        let (stage, index) = (args.command.stage(), args.command.index());
        let run = match &args.command {
            Command::Purge(purge) => {
                let (run, attempt) = (purge.uid.clone(), format!("purge-{}", purge.uid));
                return Self { run, stage, index, attempt };
            }
            Command::Plan(run) => run,
            Command::Etl(index) | Command::Aggregate(index) | Command::Score(index) => {
                &index.later.run
            }
            Command::Publish(later) => &later.run,
        };
        let attempt = run.attempt.clone().unwrap_or_else(|| Uuid::now_v7().to_string());
        // An unreadable configuration is no error here: the stage reads it again and reports it.
        let run = job::read(&run.run_config).map_or_else(|_| String::new(), |config| config.run());
        Self { run, stage, index, attempt }
    }

    /// Returns the fields of every log line.
    pub(crate) fn fields(&self) -> Fields {
        Fields::default()
            .with("run", self.run.as_str())
            .with("stage", self.stage)
            .with("index", self.index)
            .with("attempt", self.attempt.as_str())
    }
}
