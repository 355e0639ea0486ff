//! Where a TrendJob is, as one of few values. Conditions, events and columns follow from it.

use trendjob::{Published, Records};

use crate::diagnosis::Finding;
use crate::names::Stage;

/// Where a TrendJob is.
#[derive(Debug, Clone, PartialEq)]
pub enum State {
    /// Suspended before it began.
    Pending,
    /// Pods of a stage run or should.
    Running {
        /// Which one.
        stage: Stage,
        /// What is wrong with them.
        finding: Option<Finding>,
    },
    /// A stage does not run because somebody wants it so.
    Held {
        /// Which one.
        stage: Stage,
        /// Who.
        by: Holder,
    },
    /// It failed, and the next run begins soon.
    Restarting(Failure),
    /// It is published.
    Complete {
        /// What.
        result: Published,
        /// What became of the records.
        records: Option<Records>,
    },
    /// A later run of the source was published first.
    Superseded,
    /// It failed for good.
    Failed(Failure),
}

/// Who holds a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Holder {
    /// `spec.suspend`.
    User,
    /// The queue its Jobs wait in.
    Queue,
}

/// Why a run failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// In which stage.
    pub stage: Stage,
    /// At which index.
    pub index: Option<u32>,
    /// How the worker ended.
    pub exit_code: Option<i32>,
    /// One word for it.
    pub reason: String,
    /// What happened and what to do.
    pub message: String,
}

impl Failure {
    /// A failure that no pod reported.
    pub fn of(stage: Stage, reason: &str, message: String) -> Self {
        Self { stage, index: None, exit_code: None, reason: reason.to_owned(), message }
    }
}

impl From<&Finding> for Failure {
    fn from(finding: &Finding) -> Self {
        let Finding { stage, index, reason, message, exit_code, .. } = finding.clone();
        Self { stage, index, exit_code, reason, message }
    }
}

impl State {
    /// Whether nothing more happens by itself.
    pub const fn is_final(&self) -> bool {
        matches!(self, Self::Complete { .. } | Self::Superseded | Self::Failed(_))
    }

    /// Whether the clock of the deadline goes.
    pub const fn is_active(&self) -> bool {
        matches!(self, Self::Running { .. } | Self::Restarting(_))
    }

    /// The stage a run is in that goes on.
    pub const fn at(&self) -> Option<Stage> {
        match self {
            Self::Running { stage, .. } | Self::Held { stage, .. } => Some(*stage),
            _ => None,
        }
    }

    /// What the column says.
    pub fn stage(&self) -> String {
        let name = match self {
            Self::Pending => "Pending",
            Self::Running { stage, .. } | Self::Held { stage, .. } => title(*stage),
            Self::Restarting(_) => "Restarting",
            Self::Complete { .. } => "Complete",
            Self::Superseded => "Superseded",
            Self::Failed(_) => "Failed",
        };
        name.to_owned()
    }
}

/// A stage as the column shows it.
const fn title(stage: Stage) -> &'static str {
    match stage {
        Stage::Plan => "Plan",
        Stage::Etl => "Etl",
        Stage::Aggregate => "Aggregate",
        Stage::Score => "Score",
        Stage::Publish => "Publish",
    }
}
