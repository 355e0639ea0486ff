//! The state of a TrendJob, as one of few values. Conditions, events and the column of `kubectl
//! get` follow from it.

use trendjob::{Records, ResultSummary};

use crate::diagnosis::Finding;
use crate::names::Stage;

/// The longest message of a condition or a failure, in bytes; the definition allows at least 2,048
/// characters for each.
pub(super) const MESSAGE: usize = 2_000;

/// `status.stage` of a run that is suspended before it began.
pub(crate) const PENDING: &str = "Pending";
/// `status.stage` between a failed run and the next one.
pub(crate) const RESTARTING: &str = "Restarting";
/// `status.stage` of a published run.
pub(crate) const COMPLETE: &str = "Complete";
/// `status.stage` of a run that a later one overtook.
pub(crate) const SUPERSEDED: &str = "Superseded";
/// `status.stage` of a failed run.
pub(crate) const FAILED: &str = "Failed";

/// All values of `status.stage`.
pub(crate) const STAGES: [&str; 10] = [
    PENDING,
    title(Stage::Plan),
    title(Stage::Etl),
    title(Stage::Aggregate),
    title(Stage::Score),
    title(Stage::Publish),
    RESTARTING,
    COMPLETE,
    SUPERSEDED,
    FAILED,
];

/// The state of a TrendJob.
#[derive(Debug, Clone, PartialEq)]
pub enum State {
    /// It is suspended and its run has not begun.
    Pending,
    /// Pods of a stage run or should.
    Running {
        /// The stage.
        stage: Stage,
        /// The cause if the pods don't run.
        finding: Option<Finding>,
    },
    /// A stage is held.
    Held {
        /// The stage.
        stage: Stage,
        /// The holder.
        by: Holder,
    },
    /// The run failed, and the next one begins soon.
    Restarting(Failure),
    /// The result is published.
    Complete {
        /// The result.
        result: ResultSummary,
        /// The number of records by outcome.
        records: Option<Records>,
        /// The failure after the result was published; empty if there was none.
        warning: String,
    },
    /// A later run of the source was published first.
    Superseded,
    /// The run failed for good.
    Failed(Failure),
}

/// The part that holds a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Holder {
    /// `spec.suspend`.
    User,
    /// The queue that its Jobs wait in.
    Queue,
}

/// The failure of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// The stage that failed.
    pub stage: Stage,
    /// The index that failed.
    pub index: Option<u32>,
    /// The exit code of the worker.
    pub exit_code: Option<i32>,
    /// The reason, one word.
    pub reason: String,
    /// The cause and the advice, for people.
    pub message: String,
}

impl Failure {
    /// Creates a failure that no pod reported.
    pub fn of(stage: Stage, reason: &str, message: String) -> Self {
        Self { stage, index: None, exit_code: None, reason: reason.to_owned(), message }
    }

    /// Returns the message with the stage and index of the failure, for people.
    pub(super) fn sentence(&self) -> String {
        sentence(self.stage, self.index, &self.message)
    }
}

impl From<&Finding> for Failure {
    fn from(finding: &Finding) -> Self {
        let Finding { stage, index, reason, message, exit_code, .. } = finding.clone();
        Self { stage, index, exit_code, reason, message }
    }
}

/// Returns a message with the stage and index it is about.
pub(super) fn sentence(stage: Stage, index: Option<u32>, message: &str) -> String {
    match index {
        Some(index) => format!("{stage} index {index}: {message}"),
        None => format!("{stage}: {message}"),
    }
}

impl State {
    /// Returns true if nothing more happens by itself.
    pub const fn is_final(&self) -> bool {
        matches!(self, Self::Complete { .. } | Self::Superseded | Self::Failed(_))
    }

    /// Returns the value of `status.stage`.
    pub const fn column(&self) -> &'static str {
        match self {
            Self::Pending => PENDING,
            Self::Running { stage, .. } | Self::Held { stage, .. } => title(*stage),
            Self::Restarting(_) => RESTARTING,
            Self::Complete { .. } => COMPLETE,
            Self::Superseded => SUPERSEDED,
            Self::Failed(_) => FAILED,
        }
    }
}

/// Cuts a text of more than `most` bytes between two characters and appends `…`.
pub(super) fn shortened(mut text: String, most: usize) -> String {
    if text.len() > most {
        text.truncate(text.floor_char_boundary(most));
        text.push('…');
    }
    text
}

/// Returns the value of `status.stage` at a stage.
const fn title(stage: Stage) -> &'static str {
    match stage {
        Stage::Plan => "Plan",
        Stage::Etl => "Etl",
        Stage::Aggregate => "Aggregate",
        Stage::Score => "Score",
        Stage::Publish => "Publish",
    }
}
